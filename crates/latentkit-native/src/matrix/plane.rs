//! Images of a batch: pixel by pixel, the channels of a pixel together, `[n, height, width, channels]`.

use crate::layer::Shape;

/// Size of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plane {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl Plane {
    /// That of a shape; a vector is one pixel.
    pub(super) fn of(shape: Shape) -> Self {
        match shape {
            Shape::Image { height, width, channels } => Self { height, width, channels },
            Shape::Flat(length) => Self { height: 1, width: 1, channels: length },
        }
    }

    pub(super) fn pixels(self) -> usize {
        self.height * self.width
    }

    /// Numbers of an image.
    pub(super) fn len(self) -> usize {
        self.pixels() * self.channels
    }

    /// An image's values, channel by channel.
    pub(super) fn flatten(self, image: &[f32], out: &mut [f32]) {
        if self.channels == 1 {
            return out.copy_from_slice(image);
        }
        for (channel, out) in out.chunks_exact_mut(self.pixels()).enumerate() {
            for (out, pixel) in out.iter_mut().zip(image.chunks_exact(self.channels)) {
                *out = pixel[channel];
            }
        }
    }

    /// An image of values that come channel by channel.
    pub(super) fn unflatten(self, values: &[f32], out: &mut [f32]) {
        if self.channels == 1 {
            return out.copy_from_slice(values);
        }
        for (channel, values) in values.chunks_exact(self.pixels()).enumerate() {
            for (pixel, &value) in out.chunks_exact_mut(self.channels).zip(values) {
                pixel[channel] = value;
            }
        }
    }
}
