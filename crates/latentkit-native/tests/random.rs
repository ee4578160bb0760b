//! Random networks against a plain implementation in f64: outputs, loss, running statistics, and gradients by finite
//! differences.

use latentkit_native::{Activation, Images, Layer, Loss, Network, Role, Shape, TensorInfo};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus as Rng;

/// Values of a batch, `[n, channels, height, width]` or `[n, length]`.
#[derive(Clone)]
struct Batch {
    shape: Shape,
    images: Vec<Vec<f64>>,
}

/// Means and biased variances of the channels of each batch-norm, in training mode.
type Statistics = Vec<Vec<(f64, f64)>>;

/// The outputs by definition. In training mode the statistics of the batch are used, and returned.
fn forward(layers: &[Layer], tensors: &[Vec<f64>], input: &Batch, training: bool) -> (Batch, Statistics) {
    let (mut batch, mut next, mut statistics) = (input.clone(), 0, Vec::new());
    for &layer in layers {
        let taken = match layer {
            Layer::Conv { .. }
            | Layer::StridedConv { .. }
            | Layer::TransposedConv { .. }
            | Layer::Dense { .. } => 2,
            Layer::BatchNorm => 4,
            _ => 0,
        };
        let own = &tensors[next..next + taken];
        next += taken;
        let (height, width, channels) = match batch.shape {
            Shape::Image { height, width, channels } => (height, width, channels),
            Shape::Flat(length) => (1, 1, length),
        };
        let at = |channel: usize, y: usize, x: usize| (channel * height + y) * width + x;
        batch = match layer {
            Layer::Conv { filters, kernel, activation } => {
                let before = (kernel - 1) / 2;
                let convolve = |image: &Vec<f64>| {
                    let mut out = vec![0.0; filters * height * width];
                    for (filter, y, x) in places(filters, height, width) {
                        let mut sum = own[1][filter];
                        for (channel, a, b) in places(channels, kernel, kernel) {
                            let (row, column) = (y + a, x + b);
                            if (before..before + height).contains(&row)
                                && (before..before + width).contains(&column)
                            {
                                sum += own[0][((filter * channels + channel) * kernel + a) * kernel + b]
                                    * image[at(channel, row - before, column - before)];
                            }
                        }
                        out[at(filter, y, x)] = activate(activation, sum);
                    }
                    out
                };
                let images = batch.images.iter().map(convolve).collect();
                Batch { shape: Shape::Image { height, width, channels: filters }, images }
            }
            Layer::StridedConv { filters, kernel, stride, padding, activation } => {
                let side = |length: usize| (length + 2 * padding - kernel) / stride + 1;
                let (rows, columns) = (side(height), side(width));
                let convolve = |image: &Vec<f64>| {
                    let value = |(filter, y, x): (usize, usize, usize)| {
                        let mut sum = own[1][filter];
                        for (channel, a, b) in places(channels, kernel, kernel) {
                            let (row, column) = (y * stride + a, x * stride + b);
                            if (padding..padding + height).contains(&row)
                                && (padding..padding + width).contains(&column)
                            {
                                sum += own[0][((filter * channels + channel) * kernel + a) * kernel + b]
                                    * image[at(channel, row - padding, column - padding)];
                            }
                        }
                        activate(activation, sum)
                    };
                    places(filters, rows, columns).map(value).collect()
                };
                let images = batch.images.iter().map(convolve).collect();
                Batch { shape: Shape::Image { height: rows, width: columns, channels: filters }, images }
            }
            Layer::TransposedConv { filters, kernel, stride, padding, output_padding, activation } => {
                let side = |length: usize, added: usize| (length - 1) * stride + kernel + added - 2 * padding;
                let (rows, columns) = (side(height, output_padding[0]), side(width, output_padding[1]));
                let convolve = |image: &Vec<f64>| {
                    let mut sums: Vec<f64> =
                        places(filters, rows, columns).map(|(filter, ..)| own[1][filter]).collect();
                    // Each value of the input adds its kernel to the output, as far as that is there.
                    for (channel, row, column) in places(channels, height, width) {
                        for (filter, a, b) in places(filters, kernel, kernel) {
                            let (y, x) = (row * stride + a, column * stride + b);
                            if (padding..padding + rows).contains(&y)
                                && (padding..padding + columns).contains(&x)
                            {
                                sums[(filter * rows + y - padding) * columns + x - padding] += own[0]
                                    [((channel * filters + filter) * kernel + a) * kernel + b]
                                    * image[at(channel, row, column)];
                            }
                        }
                    }
                    sums.into_iter().map(|sum| activate(activation, sum)).collect()
                };
                let images = batch.images.iter().map(convolve).collect();
                Batch { shape: Shape::Image { height: rows, width: columns, channels: filters }, images }
            }
            Layer::MaxPool => {
                let (rows, columns) = (height / 2, width / 2);
                let pool = |image: &Vec<f64>| {
                    let largest = |(channel, y, x): (usize, usize, usize)| {
                        [(0, 0), (0, 1), (1, 0), (1, 1)]
                            .map(|(a, b)| image[at(channel, 2 * y + a, 2 * x + b)])
                            .into_iter()
                            .fold(f64::NEG_INFINITY, f64::max)
                    };
                    places(channels, rows, columns).map(largest).collect()
                };
                let images = batch.images.iter().map(pool).collect();
                Batch { shape: Shape::Image { height: rows, width: columns, channels }, images }
            }
            Layer::BatchNorm => {
                let pixels = height * width;
                let count = (batch.images.len() * pixels) as f64;
                let of_batch = |channel: usize| {
                    let values =
                        || batch.images.iter().flat_map(move |image| &image[channel * pixels..][..pixels]);
                    let mean = values().sum::<f64>() / count;
                    (mean, values().map(|value| (value - mean).powi(2)).sum::<f64>() / count)
                };
                let found: Vec<_> = (0..channels)
                    .map(
                        |channel| {
                            if training { of_batch(channel) } else { (own[2][channel], own[3][channel]) }
                        },
                    )
                    .collect();
                let normalise = |image: &Vec<f64>| {
                    let value = |(place, value): (usize, &f64)| {
                        let channel = place / pixels;
                        let (mean, variance) = found[channel];
                        (value - mean) / (variance + 1e-3).sqrt() * own[0][channel] + own[1][channel]
                    };
                    image.iter().enumerate().map(value).collect()
                };
                let images = batch.images.iter().map(normalise).collect();
                statistics.push(found);
                Batch { shape: batch.shape, images }
            }
            Layer::Flatten => Batch { shape: Shape::Flat(batch.shape.len()), images: batch.images },
            Layer::Dense { units, activation } => {
                let multiply = |image: &Vec<f64>| {
                    let unit = |unit: usize| {
                        let row = &own[0][unit * image.len()..][..image.len()];
                        let sum: f64 = row.iter().zip(image).map(|(weight, value)| weight * value).sum();
                        activate(activation, sum + own[1][unit])
                    };
                    (0..units).map(unit).collect()
                };
                let images = batch.images.iter().map(multiply).collect();
                Batch { shape: Shape::Flat(units), images }
            }
            Layer::Reshape { height, width, channels } => {
                Batch { shape: Shape::Image { height, width, channels }, images: batch.images }
            }
            Layer::UpSample { factor } => {
                let enlarge = |image: &Vec<f64>| {
                    places(channels, height * factor, width * factor)
                        .map(|(channel, y, x)| image[at(channel, y / factor, x / factor)])
                        .collect()
                };
                let images = batch.images.iter().map(enlarge).collect();
                let shape = Shape::Image { height: height * factor, width: width * factor, channels };
                Batch { shape, images }
            }
        };
    }
    (batch, statistics)
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Linear => x,
        Activation::Relu => x.max(0.0),
        Activation::Gelu => x * share_below(x),
    }
}

/// The normal distribution's share below x, by its series 1/2 + density (x + x^3 / 3 + x^5 / (3 5) + ...).
fn share_below(x: f64) -> f64 {
    if x.abs() > 8.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut divisor) = (x, x, 1.0);
    while term.abs() > 1e-18 * sum.abs() {
        divisor += 2.0;
        term *= x * x / divisor;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn places(a: usize, b: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k))))
}

/// The mean over all pixels.
fn loss(kind: Loss, logits: &Batch, target: &Batch) -> f64 {
    let pixels = logits.images.iter().flatten().zip(target.images.iter().flatten());
    let of = |(&x, &t): (&f64, &f64)| match kind {
        Loss::Bce => x.max(0.0) - x * t + (-x.abs()).exp().ln_1p(),
        Loss::Mse => (1.0 / (1.0 + (-x).exp()) - t).powi(2),
    };
    let count = (logits.images.len() * logits.shape.len()) as f64;
    pixels.map(of).sum::<f64>() / count
}

/// Layers of an auto-encoder for images of a random size: 1 to 37 pixels a side, 1 to 40 channels.
fn random_network(rng: &mut Rng) -> (Vec<Layer>, Shape) {
    let (height, width) = (rng.gen_range(1..=37), rng.gen_range(1..=37));
    let most = (3000 / (height * width)).clamp(1, 40);
    let channels = if rng.gen_bool(0.4) { 1 } else { rng.gen_range(1..=most) };
    let mut layers = Vec::new();
    let conv = |rng: &mut Rng| Layer::Conv {
        filters: if rng.gen_bool(0.25) { 1 } else { rng.gen_range(1..=most) },
        kernel: rng.gen_range(1..=3),
        activation: if rng.gen_bool(0.7) { Activation::Relu } else { Activation::Linear },
    };
    let several = |rng: &mut Rng, layers: &mut Vec<Layer>, most: usize| {
        for _ in 0..rng.gen_range(0..=most) {
            layers.push(if rng.gen_bool(0.25) { Layer::BatchNorm } else { conv(rng) });
        }
    };
    let mut side = (height, width);
    several(rng, &mut layers, 3);
    for _ in 0..2 {
        if side.0 > 1 && side.1 > 1 && rng.gen_bool(0.6) {
            layers.push(Layer::MaxPool);
            side = (side.0 / 2, side.1 / 2);
            several(rng, &mut layers, 2);
        }
    }
    if layers.is_empty() || side != (height, width) || rng.gen_bool(0.5) {
        let factors: Vec<_> = (1..=7).filter(|&factor| height % factor == 0 && width % factor == 0).collect();
        let factor = factors[rng.gen_range(0..factors.len())];
        let planes = rng.gen_range(1..=3);
        layers.push(Layer::Flatten);
        layers.push(Layer::Dense { units: rng.gen_range(1..=20), activation: Activation::Relu });
        let (rows, columns) = (height / factor, width / factor);
        layers.push(Layer::Dense { units: rows * columns * planes, activation: Activation::Linear });
        layers.push(Layer::Reshape { height: rows, width: columns, channels: planes });
        if rng.gen_bool(0.3) {
            layers.push(conv(rng));
        }
        if factor > 1 {
            layers.push(Layer::UpSample { factor });
        }
    }
    several(rng, &mut layers, 2);
    layers.push(Layer::Conv {
        filters: channels,
        kernel: rng.gen_range(1..=3),
        activation: Activation::Linear,
    });
    if rng.gen_bool(0.1) {
        layers.push(Layer::BatchNorm);
    }
    (layers, Shape::Image { height, width, channels })
}

/// Layers of an auto-encoder of strided convolutions and their mirror images: kernels of 1 to 7, strides of 1 to 3, any
/// padding, with other layers between them.
fn random_strided_network(rng: &mut Rng) -> (Vec<Layer>, Shape) {
    let (height, width) = (rng.gen_range(1..=12), rng.gen_range(1..=12));
    let most = (250 / (height * width)).clamp(2, 12);
    let channels = [1, 3, rng.gen_range(1..=most)][rng.gen_range(0..3)];
    let after = |rng: &mut Rng| [Activation::Linear, Activation::Relu, Activation::Gelu][rng.gen_range(0..3)];
    let several = |rng: &mut Rng, layers: &mut Vec<Layer>, filters: usize| {
        if rng.gen_bool(0.3) {
            layers.push(Layer::BatchNorm);
        }
        if rng.gen_bool(0.2) {
            layers.push(Layer::Conv { filters, kernel: rng.gen_range(1..=6), activation: after(rng) });
        }
    };
    let (mut layers, mut mirrored) = (Vec::new(), Vec::new());
    let (mut side, mut depth) = ([height, width], channels);
    for _ in 0..rng.gen_range(1..=3) {
        let (kernel, stride, filters) = (rng.gen_range(1..=7), rng.gen_range(1..=3), rng.gen_range(1..=most));
        let padding = rng.gen_range(0..=kernel / 2 + 1);
        let room = side.map(|length: usize| (length + 2 * padding).checked_sub(kernel));
        let [Some(rows), Some(columns)] = room else { continue };
        layers.push(Layer::StridedConv { filters, kernel, stride, padding, activation: after(rng) });
        let output_padding = [rows % stride, columns % stride];
        mirrored.push((depth, kernel, stride, padding, output_padding));
        (side, depth) = ([rows / stride + 1, columns / stride + 1], filters);
        several(rng, &mut layers, filters);
    }
    if side[0] > 1 && side[1] > 1 && rng.gen_bool(0.3) {
        layers.push(Layer::MaxPool);
    }
    layers.push(Layer::Flatten);
    if rng.gen_bool(0.5) {
        layers.push(Layer::Dense { units: rng.gen_range(1..=30), activation: after(rng) });
    }
    let [rows, columns] = side;
    let factor = if rows % 2 == 0 && columns % 2 == 0 && rng.gen_bool(0.5) { 2 } else { 1 };
    let (rows, columns) = (rows / factor, columns / factor);
    layers.push(Layer::Dense { units: rows * columns * depth, activation: after(rng) });
    layers.push(Layer::Reshape { height: rows, width: columns, channels: depth });
    if factor > 1 {
        layers.push(Layer::UpSample { factor });
    }
    for (filters, kernel, stride, padding, output_padding) in mirrored.into_iter().rev() {
        several(rng, &mut layers, depth);
        let activation = after(rng);
        layers.push(Layer::TransposedConv { filters, kernel, stride, padding, output_padding, activation });
        depth = filters;
    }
    layers.push(Layer::Conv { filters: channels, kernel: 4, activation: Activation::Gelu });
    layers.push(Layer::Conv { filters: channels, kernel: 1, activation: Activation::Linear });
    (layers, Shape::Image { height, width, channels })
}

fn random_tensors(rng: &mut Rng, infos: &[TensorInfo]) -> Vec<Vec<f32>> {
    let mut fill = |info: &TensorInfo| {
        let range = match info.role {
            Role::Weight if info.shape.len() > 1 => {
                let fans: usize = info.shape[0] + info.shape[1];
                let area: usize = info.shape[2..].iter().product();
                let limit = (6.0 / (fans * area) as f32).sqrt();
                -limit..limit
            }
            Role::Weight | Role::RunningVariance => 0.5..1.5,
            Role::Bias => -0.1..0.3,
            Role::RunningMean => -0.2..0.2,
        };
        (0..info.len()).map(|_| rng.gen_range(range.clone())).collect()
    };
    infos.iter().map(&mut fill).collect()
}

fn wide(tensors: &[Vec<f32>]) -> Vec<Vec<f64>> {
    tensors.iter().map(|values| values.iter().map(|&value| f64::from(value)).collect()).collect()
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

/// The derivative by the value at `place` of the tensor at `index`; none where the function has a kink there.
fn derivative(
    of: &dyn Fn(&[Vec<f64>]) -> f64,
    tensors: &[Vec<f64>],
    index: usize,
    place: usize,
) -> Option<f64> {
    let mut moved = tensors.to_vec();
    let mut at = |step: f64| {
        moved[index][place] = tensors[index][place] + step;
        of(&moved)
    };
    let mut slope = |step: f64| (at(step) - at(-step)) / (2.0 * step);
    let (fine, coarse) = (slope(1e-5), slope(2e-5));
    ((fine - coarse).abs() <= 1e-4 * fine.abs() + 1e-9).then_some(fine)
}

#[test]
fn random_networks_compute_what_their_layers_say() {
    check_networks(80, random_network);
}

#[test]
fn random_strided_networks_compute_what_their_layers_say() {
    check_networks(50, random_strided_network);
}

fn check_networks(seeds: u64, random_network: fn(&mut Rng) -> (Vec<Layer>, Shape)) {
    let (mut derivatives, mut kinks) = (0, 0);
    for seed in 0..seeds {
        let mut rng = Rng::seed_from_u64(seed);
        let (layers, shape) = random_network(&mut rng);
        let what = format!("seed {seed}, {shape:?}: {layers:?}");
        let mut network =
            Network::autoencoder(&layers, shape).unwrap_or_else(|error| panic!("{what}: {error}"));
        let count = if rng.gen_bool(0.2) { 18 } else { rng.gen_range(2..=3) };
        let images: Vec<f32> = (0..count * shape.len()).map(|_| rng.gen_range(0.0..1.0)).collect();
        let mut tensors = random_tensors(&mut rng, network.tensors());
        let exact = wide(&tensors);
        let batch = Batch {
            shape,
            images: images
                .chunks(shape.len())
                .map(|image| image.iter().map(|&value| f64::from(value)).collect())
                .collect(),
        };

        let outputs = network.infer(Images::Floats(&images), &tensors);
        let expected = forward(&layers, &exact, &batch, false).0;
        let pairs = || outputs.iter().map(|&value| f64::from(value)).zip(expected.images.iter().flatten());
        let off = norm(pairs().map(|(found, expected)| found - expected));
        let scale = norm(pairs().map(|(_, expected)| *expected));
        assert!(off <= 1e-4 * scale + 1e-6, "{what}: outputs are off by {off:e} of {scale:e}");

        let kind = if rng.gen_bool(0.7) { Loss::Bce } else { Loss::Mse };
        let targets: Option<Vec<f32>> =
            rng.gen_bool(0.3).then(|| images.iter().map(|_| rng.gen_range(0.0..1.0)).collect());
        let wanted = targets.as_ref().unwrap_or(&images);
        let wanted = Batch {
            shape,
            images: wanted
                .chunks(shape.len())
                .map(|image| image.iter().copied().map(f64::from).collect())
                .collect(),
        };
        let infos = network.tensors().to_vec();
        let step = network
            .step(Images::Floats(&images), targets.as_deref().map(Images::Floats), &mut tensors, kind)
            .clone();
        let (logits, statistics) = forward(&layers, &exact, &batch, true);
        let sum = if kind == Loss::Bce { step.sums.bce } else { step.sums.mse };
        let (found, expected) = (sum / step.pixels as f64, loss(kind, &logits, &wanted));
        assert!((found - expected).abs() <= 1e-4 * expected, "{what}: loss {found} is not {expected}");
        let of = |tensors: &[Vec<f64>]| loss(kind, &forward(&layers, tensors, &batch, true).0, &wanted);
        let mut norms = statistics.iter();
        for (index, info) in infos.iter().enumerate() {
            if info.role == Role::RunningMean {
                let pixels = count * pixels_of(&layers[..info.layer], shape, info.len());
                for (channel, (mean, variance)) in norms.next().unwrap().iter().enumerate() {
                    let unbiased = variance * pixels as f64 / (pixels.max(2) - 1) as f64;
                    for (tensor, value) in [(index, *mean), (index + 1, unbiased)] {
                        let expected = 0.99 * exact[tensor][channel] + 0.01 * value;
                        let found = f64::from(tensors[tensor][channel]);
                        assert!(
                            (found - expected).abs() < 1e-5,
                            "{what}: statistic {found} is not {expected}"
                        );
                    }
                }
            }
            if !info.trainable() {
                continue;
            }
            let gradient = &step.gradients[index];
            let scale = norm(gradient.iter().map(|&value| f64::from(value))) / (info.len() as f64).sqrt();
            for _ in 0..2 {
                let place = rng.gen_range(0..info.len());
                let Some(expected) = derivative(&of, &exact, index, place) else {
                    kinks += 1;
                    continue;
                };
                let found = f64::from(gradient[place]);
                let off = (found - expected).abs();
                assert!(
                    off <= 2e-3 * scale.max(expected.abs()) + 1e-6,
                    "{what}: gradient of {info:?} at {place}: {found:e} is not {expected:e} (scale {scale:e})"
                );
                derivatives += 1;
            }
        }
    }
    assert!(derivatives > 10 * kinks, "{kinks} of {derivatives} derivatives are at a kink");
}

/// Pixels of an image of so many channels after some layers.
fn pixels_of(layers: &[Layer], input: Shape, channels: usize) -> usize {
    Network::new(layers, input).unwrap().output_len() / channels
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let conv = |filters| Layer::Conv { filters, kernel: 3, activation: Activation::Linear };
    let input = Shape::Image { height: 8, width: 8, channels: 1 };
    let refused = |layers: &[Layer]| Network::autoencoder(layers, input).unwrap_err().to_string();
    assert!(refused(&[conv(3)]).contains("does not make what the first one takes"));
    assert!(refused(&[Layer::MaxPool, conv(1)]).contains("does not make what the first one takes"));
    assert!(
        refused(&[conv(1), Layer::Reshape { height: 8, width: 8, channels: 1 }]).contains("layer 1 cannot")
    );
    let strided = |kernel, stride| {
        let (filters, padding, activation) = (1, 1, Activation::Linear);
        Layer::StridedConv { filters, kernel, stride, padding, activation }
    };
    for impossible in [strided(11, 1), strided(0, 1), strided(3, 0)] {
        assert!(refused(&[conv(1), impossible]).contains("layer 1 cannot"), "{impossible:?}");
    }
}
