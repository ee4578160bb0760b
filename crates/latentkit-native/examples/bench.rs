//! Images a second of training and encoding: `cargo run --release -p latentkit-native --example bench [model ...] [threads ...]`.
//!
//! Prints, for each model and number of threads, the best and the median of ten steps of 256 random images. The models are
//! `reference`, `strided` and `mlp` at 28x28, `conv` at 64x64 in colour.

#![expect(clippy::print_stdout, reason = "this is what it is for")]

use latentkit_native::{Activation, Images, Layer, Loss, Network, Role, Shape};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::time::Instant;

const BATCH: usize = 256;

/// A model to measure: its images, and the layers of encoder and decoder.
struct Model {
    name: &'static str,
    input: Shape,
    encoder: Vec<Layer>,
    decoder: Vec<Layer>,
}

fn models() -> [Model; 4] {
    let input = Shape::Image { height: 28, width: 28, channels: 1 };
    let (encoder, decoder) = reference();
    let reference = Model { name: "reference", input, encoder, decoder };
    let (encoder, decoder) = strided();
    let strided = Model { name: "strided", input, encoder, decoder };
    let (encoder, decoder) = mlp();
    let mlp = Model { name: "mlp", input, encoder, decoder };
    let (encoder, decoder) = conv();
    let input = Shape::Image { height: 64, width: 64, channels: 3 };
    [reference, strided, mlp, Model { name: "conv", input, encoder, decoder }]
}

fn reference() -> (Vec<Layer>, Vec<Layer>) {
    let relu = |kernel, filters| Layer::Conv { filters, kernel, activation: Activation::Relu };
    let dense = |units| Layer::Dense { units, activation: Activation::Relu };
    let encoder = vec![
        relu(3, 32),
        relu(3, 32),
        Layer::MaxPool,
        Layer::BatchNorm,
        relu(3, 32),
        relu(3, 32),
        relu(2, 32),
        Layer::MaxPool,
        Layer::BatchNorm,
        relu(2, 16),
        relu(2, 4),
        relu(2, 1),
        Layer::Flatten,
        dense(6),
    ];
    let decoder = vec![
        dense(4),
        Layer::Reshape { height: 2, width: 2, channels: 1 },
        relu(2, 4),
        relu(2, 16),
        Layer::BatchNorm,
        Layer::UpSample { factor: 7 },
        relu(3, 32),
        relu(3, 32),
        relu(3, 32),
        Layer::BatchNorm,
        Layer::UpSample { factor: 2 },
        relu(3, 32),
        relu(3, 32),
        Layer::Conv { filters: 1, kernel: 3, activation: Activation::Linear },
    ];
    (encoder, decoder)
}

const fn down(filters: usize, kernel: usize, padding: usize) -> Layer {
    Layer::StridedConv { filters, kernel, stride: 2, padding, activation: Activation::Relu }
}

const fn up(filters: usize, kernel: usize, padding: usize, activation: Activation) -> Layer {
    let output_padding = [if padding == 0 { 0 } else { 1 }; 2];
    Layer::TransposedConv { filters, kernel, stride: 2, padding, output_padding, activation }
}

const fn dense(units: usize, activation: Activation) -> Layer {
    Layer::Dense { units, activation }
}

fn strided() -> (Vec<Layer>, Vec<Layer>) {
    let encoder =
        vec![down(32, 5, 2), down(64, 5, 2), down(128, 3, 0), Layer::Flatten, dense(10, Activation::Linear)];
    let decoder = vec![
        dense(1152, Activation::Relu),
        Layer::Reshape { height: 3, width: 3, channels: 128 },
        up(64, 3, 0, Activation::Relu),
        up(32, 5, 2, Activation::Relu),
        up(1, 5, 2, Activation::Linear),
    ];
    (encoder, decoder)
}

fn mlp() -> (Vec<Layer>, Vec<Layer>) {
    let hidden = |units| dense(units, Activation::Relu);
    let encoder = vec![Layer::Flatten, hidden(500), hidden(500), hidden(2000), dense(10, Activation::Linear)];
    let decoder = vec![
        hidden(2000),
        hidden(500),
        hidden(500),
        dense(784, Activation::Linear),
        Layer::Reshape { height: 28, width: 28, channels: 1 },
    ];
    (encoder, decoder)
}

fn conv() -> (Vec<Layer>, Vec<Layer>) {
    let encoder = vec![
        down(32, 3, 1),
        Layer::BatchNorm,
        down(64, 3, 1),
        Layer::BatchNorm,
        down(128, 3, 1),
        Layer::BatchNorm,
        Layer::Flatten,
        dense(64, Activation::Linear),
    ];
    let decoder = vec![
        dense(8 * 8 * 128, Activation::Relu),
        Layer::Reshape { height: 8, width: 8, channels: 128 },
        up(64, 3, 1, Activation::Relu),
        Layer::BatchNorm,
        up(32, 3, 1, Activation::Relu),
        Layer::BatchNorm,
        up(3, 3, 1, Activation::Linear),
    ];
    (encoder, decoder)
}

/// Glorot uniform weights, biases that keep the units alive.
fn tensors(network: &Network, rng: &mut Xoshiro256PlusPlus) -> Vec<Vec<f32>> {
    let infos = network.tensors().iter();
    let fill = |info: &latentkit_native::TensorInfo| match (info.role, info.shape.as_slice()) {
        (Role::Weight, [units, inputs, area @ ..]) => {
            let limit = (6.0 / ((units + inputs) * area.iter().product::<usize>()) as f32).sqrt();
            (0..info.len()).map(|_| rng.gen_range(-limit..limit)).collect()
        }
        (Role::Weight | Role::RunningVariance, _) => vec![1.0; info.len()],
        (Role::Bias, _) => vec![0.1; info.len()],
        (Role::RunningMean, _) => vec![0.0; info.len()],
    };
    infos.map(fill).collect()
}

/// Seconds of a run: the best and the median of ten, and the mean that all threads spent computing, which says more when
/// other programs run too.
struct Times {
    best: f64,
    median: f64,
    computing: f64,
}

fn time(mut run: impl FnMut()) -> Times {
    run();
    run();
    let before = computing();
    let mut seconds: Vec<f64> = (0..10)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    let computing = (computing() - before) / 10.0;
    seconds.sort_by(f64::total_cmp);
    Times { best: seconds[0], median: seconds[5], computing }
}

/// Seconds that the threads of this program have been on a processor, where Linux tells; else 0.
fn computing() -> f64 {
    let tasks = fs_err::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let files = tasks.filter_map(|task| fs_err::read_to_string(task.path().join("schedstat")).ok());
    files.filter_map(|text| text.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e9
}

fn print(what: &str, times: &Times) {
    let rate = |seconds: f64| BATCH as f64 / seconds;
    println!(
        "  {what}: best {:.0} images/s, median {:.0}; {:.0} a second of computing",
        rate(times.best),
        rate(times.median),
        rate(times.computing)
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut threads: Vec<usize> = arguments.iter().filter_map(|value| value.parse().ok()).collect();
    if threads.is_empty() {
        threads = vec![1, 2];
    }
    let names: Vec<&String> = arguments.iter().filter(|value| value.parse::<usize>().is_err()).collect();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
    for model in models() {
        if !names.is_empty() && !names.iter().any(|name| **name == model.name) {
            continue;
        }
        let images: Vec<u8> = (0..BATCH * model.input.len()).map(|_| rng.r#gen()).collect();
        for &threads in &threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
            pool.install(|| bench(&model, threads, Images::Bytes(&images), &mut rng));
        }
    }
}

fn bench(model: &Model, threads: usize, images: Images<'_>, rng: &mut Xoshiro256PlusPlus) {
    let layers = [&model.encoder[..], &model.decoder[..]].concat();
    let mut network = Network::autoencoder(&layers, model.input).expect("the layers fit");
    let mut weights = tensors(&network, rng);
    let mut loss = 0.0;
    let training = time(|| loss = network.step(images, None, &mut weights, Loss::Bce).sums.bce);
    println!("{}, {} with {threads} threads, sum of losses {loss}", model.name, network.instructions());
    print("training", &training);
    let mut encoder = Network::new(&model.encoder, model.input).expect("the layers fit");
    let weights = tensors(&encoder, rng);
    print("encoding", &time(|| drop(encoder.infer(images, &weights))));
}
