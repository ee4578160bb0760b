//! Memory of the tiles.

use crate::line::{Line, zeros};

/// Tiles that a thread transforms at once.
#[derive(Debug, Default)]
pub(crate) struct Tiles {
    /// The transformed input: [positions, blocks in, tiles].
    pub(super) inputs: Vec<Line>,
    /// The products, or the transformed gradients of the output: [positions, blocks out, tiles].
    pub(super) outputs: Vec<Line>,
}

impl Tiles {
    /// Makes room.
    pub(super) fn reserve(&mut self, inputs: usize, outputs: usize) {
        if self.inputs.len() < inputs {
            self.inputs = zeros(inputs);
        }
        if self.outputs.len() < outputs {
            self.outputs = zeros(outputs);
        }
    }
}
