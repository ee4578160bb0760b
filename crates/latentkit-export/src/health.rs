//! Whether each latent carries information.

use latentkit_core::summary::LatentHealth;
use ndarray::Array2;

/// A latent is dead when its standard deviation is below this share of the largest one.
const DEAD_BELOW: f64 = 0.01;

/// Standard deviation and share of zeros of each column of `latents`, `[n, d]`, and which of them are dead. When all
/// are constant, all are dead.
pub fn latent_health(latents: &Array2<f32>) -> Vec<LatentHealth> {
    let count = latents.nrows().max(1) as f64;
    let columns = latents.columns();
    let figures: Vec<(f64, f64)> = columns
        .into_iter()
        .map(|column| {
            let mean = column.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
            let variance = column.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
            let zeros = column.iter().filter(|&&value| value == 0.0).count() as f64 / count;
            (variance.sqrt(), zeros)
        })
        .collect();
    let largest = figures.iter().map(|&(std, _)| std).fold(0.0, f64::max);
    let health = figures.into_iter().enumerate().map(|(index, (std, zeros))| LatentHealth {
        name: format!("z{index}"),
        std,
        zeros,
        dead: std <= DEAD_BELOW * largest,
    });
    health.collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_constant_latent_is_dead_and_a_varying_one_is_not() {
        let health = latent_health(&array![[0.0_f32, 1.0, 5.0], [0.0, 3.0, 5.01]]);
        assert_eq!(health.iter().map(|latent| latent.dead).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(health[0].name, "z0");
        assert!((health[1].std - 1.0).abs() < 1e-12 && (health[0].zeros - 1.0).abs() < 1e-12);
    }

    #[test]
    fn all_constant_means_all_dead() {
        let health = latent_health(&array![[2.0_f32, 0.0], [2.0, 0.0]]);
        assert!(health.iter().all(|latent| latent.dead && latent.std.abs() < 1e-12));
    }
}
