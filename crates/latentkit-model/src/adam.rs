//! Adam on plain arrays.

use crate::config::Optimizer;

/// Adam (Kingma and Ba, 2015) in the form of the end of the paper's section 2, which is Keras's:
///
/// `m += (1 - b1) (g - m)`, `v += (1 - b2) (g^2 - v)`, `w -= rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)`.
#[derive(Clone, Debug)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    /// Steps done, t.
    pub step: u32,
    /// Mean of the gradients and of their squares, m and v, of each array.
    pub moments: Vec<[Vec<f32>; 2]>,
}

impl Adam {
    /// Moments of 0 for arrays of these lengths.
    pub fn new(config: &Optimizer, lengths: impl Iterator<Item = usize>) -> Self {
        Self {
            beta1: config.beta1.get(),
            beta2: config.beta2.get(),
            epsilon: config.epsilon.get(),
            step: 0,
            moments: lengths.map(|length| [vec![0.0; length], vec![0.0; length]]).collect(),
        }
    }

    /// What the learning rate is multiplied with in step t: `sqrt(1 - b2^t) / (1 - b1^t)`.
    pub fn correction(beta1: f64, beta2: f64, step: u32) -> f64 {
        let time = f64::from(step);
        (1.0 - beta2.powf(time)).sqrt() / (1.0 - beta1.powf(time))
    }

    /// Moves the weights along their gradients; of each the arrays are as long as its moments.
    pub fn update<'a>(
        &mut self,
        weights: impl Iterator<Item = &'a mut [f32]>,
        gradients: impl Iterator<Item = &'a [f32]>,
        learning_rate: f64,
    ) {
        self.step += 1;
        let rate = (learning_rate * Self::correction(self.beta1, self.beta2, self.step)) as f32;
        let (fresh, fresh_square) = ((1.0 - self.beta1) as f32, (1.0 - self.beta2) as f32);
        let epsilon = self.epsilon as f32;
        for ((weights, gradients), [means, squares]) in weights.zip(gradients).zip(&mut self.moments) {
            let moments = means.iter_mut().zip(squares);
            for ((weight, &gradient), (mean, square)) in weights.iter_mut().zip(gradients).zip(moments) {
                *mean += fresh * (gradient - *mean);
                *square += fresh_square * (gradient * gradient - *square);
                *weight -= *mean / (square.sqrt() + epsilon) * rate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn adam_is_pytorchs() {
        #[derive(Deserialize)]
        struct Fixture {
            optimizer: Optimizer,
            rates: Vec<f64>,
            weights: Vec<f32>,
            gradients: Vec<Vec<f32>>,
            after: Vec<f32>,
        }
        let fixture: Fixture = serde_json::from_str(include_str!("../tests/fixtures/adam.json")).unwrap();
        let mut weights = fixture.weights.clone();
        let mut adam = Adam::new(&fixture.optimizer, [weights.len()].into_iter());
        for (rate, gradient) in fixture.rates.iter().zip(&fixture.gradients) {
            adam.update([&mut weights[..]].into_iter(), [&gradient[..]].into_iter(), *rate);
        }
        let mut farthest = 0.0_f32;
        for ((before, found), expected) in fixture.weights.iter().zip(&weights).zip(&fixture.after) {
            // Each weight has moved by some 1e-3, which float32 knows to 1e-7.
            let difference = (found - before) - (expected - before);
            assert!(difference.abs() < 3e-7, "{difference:e}");
            farthest = farthest.max((expected - before).abs());
        }
        assert!(farthest > 5e-3, "{farthest}");
    }
}
