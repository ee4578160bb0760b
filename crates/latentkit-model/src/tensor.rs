//! Numbers with a name and a shape: what files of weights hold, and engines hand over.

/// A named array of f32, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name, such as `encoder.0.weight`.
    pub name: String,
    /// Its lengths, the outermost first.
    pub shape: Vec<usize>,
    /// Its numbers, as many as the product of the lengths.
    pub values: Vec<f32>,
}

impl Tensor {
    /// A tensor of zeros.
    pub fn zeros(name: impl Into<String>, shape: &[usize]) -> Self {
        Self { name: name.into(), shape: shape.to_vec(), values: vec![0.0; shape.iter().product()] }
    }

    /// Whether training changes it by its gradient, as it does all but batch-norm's running statistics.
    pub fn is_trained(&self) -> bool {
        !self.name.ends_with(".running_mean") && !self.name.ends_with(".running_var")
    }
}
