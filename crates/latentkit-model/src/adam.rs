//! Adam with moments that can be saved.

use latentkit_core::config::Optimizer;
use tch::Tensor;

/// Adam (Kingma and Ba, 2015) in the form of the end of the paper's section 2, which is Keras's:
///
/// `m += (1 - b1) (g - m)`, `v += (1 - b2) (g^2 - v)`, `w -= rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)`.
#[derive(Debug)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    /// Steps done, t.
    pub step: u32,
    means: Vec<Tensor>,
    squares: Vec<Tensor>,
}

impl Adam {
    /// Moments of 0 for these parameters.
    pub fn new(config: &Optimizer, parameters: &[Tensor]) -> Self {
        let zeros = || parameters.iter().map(|parameter| parameter.detach().zeros_like()).collect();
        Self {
            beta1: config.beta1.get(),
            beta2: config.beta2.get(),
            epsilon: config.epsilon.get(),
            step: 0,
            means: zeros(),
            squares: zeros(),
        }
    }

    /// Moves the parameters along their gradients.
    pub fn step(&mut self, parameters: &mut [Tensor], gradients: &[Tensor], learning_rate: f64) {
        self.step += 1;
        let time = f64::from(self.step);
        let rate = learning_rate * (1.0 - self.beta2.powf(time)).sqrt() / (1.0 - self.beta1.powf(time));
        tch::no_grad(|| {
            let moments = self.means.iter_mut().zip(&mut self.squares);
            for ((weight, gradient), (mean, square)) in parameters.iter_mut().zip(gradients).zip(moments) {
                let _ = mean.lerp_(gradient, 1.0 - self.beta1);
                let _ = square.lerp_(&gradient.square(), 1.0 - self.beta2);
                *weight -= &*mean / (square.sqrt() + self.epsilon) * rate;
            }
        });
    }

    /// The moments with their names, to be saved with the weights. `names` are those of the parameters.
    pub fn named_tensors(&self, names: &[String]) -> Vec<(String, Tensor)> {
        let moments = [("mean", &self.means), ("square", &self.squares)];
        let mut named = Vec::new();
        for (kind, tensors) in moments {
            for (name, moment) in names.iter().zip(tensors) {
                named.push((format!("adam.{kind}.{name}"), moment.shallow_clone()));
            }
        }
        named
    }
}
