//! What computes a model: the one trait that training, export and decode know, and what is asked of it.

use crate::config::{self, Device, Loss, Optimizer, Precision};

use crate::autoencoder::AutoEncoder;
use crate::metrics::MetricSums;
use crate::tensor::Tensor;

/// A model where it is computed: its weights and running statistics, and in training the moments of Adam and the metrics of
/// the epoch. Images are bytes, `[n, height, width, channels]`, of which 255 is 1; latents are `[n, d]`; logits are like images.
pub trait Engine: Send {
    /// Its name, with the instructions that it uses where it knows them.
    fn name(&self) -> String;

    /// Where it computes: `cpu` or `cuda:N`.
    fn device(&self) -> String;

    /// A training step: moves the weights along the gradients of the mean loss of making `targets` of these images, or the
    /// images themselves where there are none, moves
    /// batch-norm's running statistics, and adds the metrics of the images before the step to those of the epoch.
    ///
    /// # Panics
    /// When the engine was started without an optimizer.
    fn step(&mut self, images: &[u8], targets: Option<&[u8]>, loss: Loss, learning_rate: f64);

    /// The latents of images in float32, with batch-norm's running statistics.
    fn encode(&mut self, images: &[u8]) -> Vec<f32>;

    /// The reconstructions of latents as logits, likewise; their sigmoid is the image.
    fn decode(&mut self, latents: &[f32]) -> Vec<f32>;

    /// The reconstructions of images as logits, likewise.
    fn logits(&mut self, images: &[u8]) -> Vec<f32> {
        let latents = self.encode(images);
        self.decode(&latents)
    }

    /// Metrics of the images of the epoch so far. May wait for the device.
    fn metrics(&self) -> MetricSums;

    /// Begins another epoch.
    fn reset_metrics(&mut self);

    /// All that the steps have changed, as plain arrays. Reading it changes nothing.
    fn state(&self) -> EngineState;

    /// Goes on from a state, of whichever engine it is.
    fn restore(&mut self, state: EngineState);
}

/// What the steps of a training change.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineState {
    /// Weights and running statistics, in the order of [`AutoEncoder::tensors`].
    pub tensors: Vec<Tensor>,
    /// Adam's moments of the tensors that are trained: first all means of the gradients, `adam.mean.<name>`, then all means of
    /// their squares, `adam.square.<name>`.
    pub moments: Vec<Tensor>,
    /// Steps done.
    pub steps: u32,
    /// Metrics of the epoch that has begun.
    pub metrics: MetricSums,
}

impl EngineState {
    /// Name and shape of every tensor of a state, the moments last, and how many of them are no moments.
    pub fn layout(model: &AutoEncoder) -> (Vec<(String, Vec<usize>)>, usize) {
        let mut layout: Vec<_> =
            model.tensors.iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone())).collect();
        let count = layout.len();
        for kind in MOMENTS {
            let trained = model.tensors.iter().filter(|tensor| tensor.is_trained());
            layout
                .extend(trained.map(|tensor| (format!("adam.{kind}.{}", tensor.name), tensor.shape.clone())));
        }
        (layout, count)
    }

    /// The state of an engine from the values of all tensors of the model in their order, Adam's moments of those that are trained,
    /// each the mean and the square, the steps done, and the metrics of the epoch.
    pub fn new(
        layout: &[(String, Vec<usize>)],
        tensors: impl Iterator<Item = Vec<f32>>,
        moments: &[[Vec<f32>; 2]],
        steps: u32,
        metrics: MetricSums,
    ) -> Self {
        let tensor = |(name, shape): &(String, Vec<usize>), prefix: &str, values: Vec<f32>| Tensor {
            name: format!("{prefix}{name}"),
            shape: shape.clone(),
            values,
        };
        let tensors: Vec<_> =
            layout.iter().zip(tensors).map(|(layout, values)| tensor(layout, "", values)).collect();
        let trained = || layout.iter().zip(&tensors).filter(|(_, tensor)| tensor.is_trained());
        let of_kind = |(place, kind): (usize, &&str)| {
            let prefix = format!("adam.{kind}.");
            let both = trained().zip(moments);
            both.map(|((layout, _), both)| tensor(layout, &prefix, both[place].clone())).collect::<Vec<_>>()
        };
        let moments = MOMENTS.iter().enumerate().flat_map(of_kind).collect();
        Self { tensors, moments, steps, metrics }
    }

    /// Adam's moments of each tensor that is trained, the mean and the square.
    pub fn moment_pairs(&self) -> impl Iterator<Item = [&Tensor; 2]> {
        let (means, squares) = self.moments.split_at(self.moments.len() / 2);
        means.iter().zip(squares).map(|(mean, square)| [mean, square])
    }

    /// Whether all numbers are finite.
    pub fn is_finite(&self) -> bool {
        let tensors = self.tensors.iter().chain(&self.moments);
        tensors.flat_map(|tensor| &tensor.values).all(|value| value.is_finite())
    }
}

/// Names of Adam's moments.
const MOMENTS: [&str; 2] = ["mean", "square"];

/// What is asked of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Section of the config that asks, for errors.
    pub section: &'static str,
    /// Which engine.
    pub engine: config::Engine,
    /// Where.
    pub device: Device,
    /// What the convolutions of a training step compute in.
    pub precision: Precision,
    /// How training updates the weights; none where nothing is trained.
    pub optimizer: Option<&'a Optimizer>,
}

impl Request<'_> {
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.section)
    }
}
