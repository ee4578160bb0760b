//! Inputs of a network.

/// Inputs, image after image, each channel by channel.
#[derive(Clone, Copy, Debug)]
pub enum Images<'a> {
    /// As they are.
    Floats(&'a [f32]),
    /// Divided by 255.
    Bytes(&'a [u8]),
}

impl Images<'_> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Floats(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    pub(crate) fn copy(self, start: usize, to: &mut [f32]) {
        match self {
            Self::Floats(values) => to.copy_from_slice(&values[start..][..to.len()]),
            Self::Bytes(values) => {
                for (to, &value) in to.iter_mut().zip(&values[start..]) {
                    *to = f32::from(value) / 255.0;
                }
            }
        }
    }
}
