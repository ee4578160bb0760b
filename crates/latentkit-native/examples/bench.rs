//! Images a second of training and encoding: `cargo run --release -p latentkit-native --example bench [threads ...]`.
//!
//! Prints, for each number of threads, the best and the median of ten steps of 256 random images.

#![expect(clippy::print_stdout, reason = "this is what it is for")]

use latentkit_native::{Activation, Images, Layer, Loss, Network, Role, Shape};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::time::Instant;

const BATCH: usize = 256;
const ENCODER_LAYERS: usize = 14;

fn layers() -> Vec<Layer> {
    let relu = |kernel, filters| Layer::Conv { filters, kernel, activation: Activation::Relu };
    let dense = |units| Layer::Dense { units, activation: Activation::Relu };
    vec![
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
    ]
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
    let threads: Vec<usize> = std::env::args().skip(1).filter_map(|value| value.parse().ok()).collect();
    let input = Shape::Image { height: 28, width: 28, channels: 1 };
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
    let images: Vec<u8> = (0..BATCH * input.len()).map(|_| rng.r#gen()).collect();
    let images = Images::Bytes(&images);
    for threads in if threads.is_empty() { vec![1, 2] } else { threads } {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(|| bench(threads, input, images, &mut rng));
    }
}

fn bench(threads: usize, input: Shape, images: Images<'_>, rng: &mut Xoshiro256PlusPlus) {
    let mut network = Network::new(&layers(), input).expect("the layers fit");
    let mut weights = tensors(&network, rng);
    let mut loss = 0.0;
    let training = time(|| loss = network.step(images, &mut weights, Loss::Bce).sums.bce);
    println!("{} with {threads} threads, sum of losses {loss}", network.instructions());
    print("training", &training);
    let mut encoder = Network::new(&layers()[..ENCODER_LAYERS], input).expect("the layers fit");
    let weights = tensors(&encoder, rng);
    print("encoding", &time(|| drop(encoder.infer(images, &weights))));
}
