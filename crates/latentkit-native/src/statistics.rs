//! Statistics of the channels that batch-norm normalises.

/// Constants of batch normalisation.
pub(crate) const MOMENTUM: f64 = 0.01;
pub(crate) const EPSILON: f64 = 1e-3;

/// Two sums of each channel over some images: of the values and their squared deviations, or of the gradients and the
/// gradients times the value's deviation.
pub(crate) type Sums = Vec<(f64, f64)>;

/// Means and squared deviations of the whole from those of its parts (Chan, Golub and LeVeque, 1979).
pub(crate) fn combine<'a>(parts: impl Iterator<Item = (usize, &'a Sums)>) -> Sums {
    let mut total = 0.0;
    let mut whole = Sums::new();
    for (count, part) in parts {
        let count = count as f64;
        if whole.is_empty() {
            whole.clone_from(part);
        } else {
            for (whole, part) in whole.iter_mut().zip(part) {
                let difference = part.0 - whole.0;
                whole.0 += difference * count / (total + count);
                whole.1 += part.1 + difference * difference * total * count / (total + count);
            }
        }
        total += count;
    }
    whole
}

/// Adds up the sums of the parts, in their order.
pub(crate) fn add_up<'a>(channels: usize, parts: impl Iterator<Item = &'a Sums>) -> Sums {
    let mut sums = vec![(0.0, 0.0); channels];
    for part in parts {
        for (sum, addend) in sums.iter_mut().zip(part) {
            sum.0 += addend.0;
            sum.1 += addend.1;
        }
    }
    sums
}

/// Moves the running statistics, the last two of a batch-norm's tensors, towards those of the batch. Returns mean and biased
/// variance of each channel.
pub(crate) fn record(sums: &Sums, count: usize, tensors: &mut [Vec<f32>]) -> Vec<(f64, f64)> {
    let [_, _, means, variances] = tensors else { return Vec::new() };
    let toward = |running: &mut f32, value: f64| {
        *running = ((1.0 - MOMENTUM) * f64::from(*running) + MOMENTUM * value) as f32;
    };
    let unbiased = (count.max(2) - 1) as f64;
    for (&(mean, squares), (running_mean, running_variance)) in
        sums.iter().zip(means.iter_mut().zip(variances))
    {
        toward(running_mean, mean);
        toward(running_variance, squares / unbiased);
    }
    sums.iter().map(|&(mean, squares)| (mean, squares / count as f64)).collect()
}

/// The running statistics among a batch-norm's tensors.
pub(crate) fn running(tensors: &[Vec<f32>]) -> Vec<(f64, f64)> {
    let [_, _, mean, variance, ..] = tensors else { return Vec::new() };
    mean.iter().zip(variance).map(|(&mean, &variance)| (f64::from(mean), f64::from(variance))).collect()
}
