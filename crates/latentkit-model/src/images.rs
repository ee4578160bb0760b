//! The pixels of a dataset where libtorch computes.

use tch::{Device, Kind, Tensor};

/// Images of one size as bytes on a device; a batch of them becomes numbers in 0 .. 1 when it is asked for.
#[derive(Debug)]
pub struct ImageStore {
    bytes: Tensor, // [n, 1, height, width], u8
}

impl ImageStore {
    /// The images of `pixels`, one after the other, row by row.
    pub fn new(pixels: &[u8], height: usize, width: usize, device: Device) -> Self {
        let bytes =
            Tensor::from_slice(pixels).reshape([-1, 1, height as i64, width as i64]).to_device(device);
        Self { bytes }
    }

    /// The images of these ids, `[n, 1, height, width]` in 0 .. 1.
    pub fn batch(&self, ids: &[usize]) -> Tensor {
        let ids: Vec<i64> = ids.iter().map(|&id| id as i64).collect();
        let ids = Tensor::from_slice(&ids).to_device(self.bytes.device());
        self.bytes.index_select(0, &ids).to_kind(Kind::Float) / 255.0
    }
}
