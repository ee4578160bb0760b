//! Adam where libtorch computes.

use latentkit_model as model;
use latentkit_model::config::Optimizer;
use tch::Tensor;

/// As [`model::Adam`], on tensors of a device.
#[derive(Debug)]
pub(crate) struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    pub(crate) step: u32,
    /// Mean of the gradients and of their squares, of each parameter.
    pub(crate) moments: Vec<[Tensor; 2]>,
}

impl Adam {
    /// Moments of 0 for these parameters.
    pub(crate) fn new(config: &Optimizer, parameters: &[Tensor]) -> Self {
        let zeros = |parameter: &Tensor| [(); 2].map(|()| parameter.detach().zeros_like());
        Self {
            beta1: config.beta1.get(),
            beta2: config.beta2.get(),
            epsilon: config.epsilon.get(),
            step: 0,
            moments: parameters.iter().map(zeros).collect(),
        }
    }

    /// Moves the parameters along their gradients.
    pub(crate) fn update(&mut self, parameters: &mut [Tensor], gradients: &[Tensor], learning_rate: f64) {
        self.step += 1;
        let rate = learning_rate * model::Adam::correction(self.beta1, self.beta2, self.step);
        tch::no_grad(|| {
            let moments = self.moments.iter_mut();
            for ((weight, gradient), [mean, square]) in parameters.iter_mut().zip(gradients).zip(moments) {
                let _ = mean.lerp_(gradient, 1.0 - self.beta1);
                let _ = square.lerp_(&gradient.square(), 1.0 - self.beta2);
                *weight -= &*mean / (square.sqrt() + self.epsilon) * rate;
            }
        });
    }
}
