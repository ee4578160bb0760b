//! A model that libtorch computes.

use latentkit_model::config::{Loss, Optimizer, Precision};
use latentkit_model::{AutoEncoder, Engine, EngineState, MetricSums, Request, Shape};
use tch::{Device, Kind, Reduction, Tensor};

use crate::adam::Adam;
use crate::network::Network;

/// A model on a device of libtorch.
#[derive(Debug)]
pub(crate) struct TorchEngine {
    network: Network,
    /// Name and shape of every tensor.
    layout: Vec<(String, Vec<usize>)>,
    device: Device,
    /// What the convolutions of a training step compute in.
    precision: Precision,
    /// Channels, height and width of an image.
    image: [i64; 3],
    latents: i64,
    adam: Option<Adam>,
    /// Sums of the metrics over the images of the epoch, [4], f64: on the device, so that a step need not wait for them.
    sums: Tensor,
    images: u64,
}

impl TorchEngine {
    pub(crate) fn new(model: &AutoEncoder, request: &Request, device: Device) -> Self {
        let network = Network::new(model, device);
        let Shape::Image { height, width, channels } = model.blueprint.input else {
            unreachable!("an architecture takes images")
        };
        let adam = request.optimizer.map(|optimizer: &Optimizer| Adam::new(optimizer, &network.trained()));
        Self {
            network,
            layout: model.blueprint.tensors(),
            device,
            precision: request.precision,
            image: [channels, height, width].map(|length| length as i64),
            latents: model.blueprint.latent_dim() as i64,
            adam,
            sums: Tensor::zeros([4], (Kind::Double, device)),
            images: 0,
        }
    }

    /// Images in 0 .. 1, `[n, channels, height, width]`.
    fn load(&self, images: &[u8]) -> Tensor {
        let [channels, height, width] = self.image;
        let bytes = Tensor::from_slice(images).reshape([-1, height, width, channels]).to_device(self.device);
        bytes.permute([0, 3, 1, 2]).to_kind(Kind::Float) / 255.0
    }
}

impl Engine for TorchEngine {
    fn name(&self) -> String {
        "libtorch".to_owned()
    }

    fn device(&self) -> String {
        device_name(self.device)
    }

    fn step(&mut self, images: &[u8], targets: Option<&[u8]>, kind: Loss, learning_rate: f64) {
        let images = self.load(images);
        let targets = targets.map_or_else(|| images.shallow_clone(), |targets| self.load(targets));
        let latents = self.network.encode(images.shallow_clone(), self.precision, true);
        let logits = self.network.decode(latents, self.precision, true);
        let mut parameters = self.network.trained();
        let gradients = Tensor::run_backward(&[loss(kind, &logits, &targets)], &parameters, false, false);
        self.sums += metrics(&logits.detach(), &targets);
        self.images += images.size()[0] as u64;
        let adam = self.adam.as_mut().expect("an engine that trains has an optimizer");
        adam.update(&mut parameters, &gradients, learning_rate);
    }

    fn encode(&mut self, images: &[u8]) -> Vec<f32> {
        let images = self.load(images);
        numbers(&tch::no_grad(|| self.network.encode(images, Precision::Float32, false)))
    }

    fn decode(&mut self, latents: &[f32]) -> Vec<f32> {
        let latents = Tensor::from_slice(latents).reshape([-1, self.latents]).to_device(self.device);
        let logits = tch::no_grad(|| self.network.decode(latents, Precision::Float32, false));
        numbers(&logits.permute([0, 2, 3, 1]))
    }

    fn metrics(&self) -> MetricSums {
        let sums = [0, 1, 2, 3].map(|index| self.sums.double_value(&[index]));
        MetricSums { sums, images: self.images }
    }

    fn reset_metrics(&mut self) {
        let _ = self.sums.zero_();
        self.images = 0;
    }

    fn state(&self) -> EngineState {
        let plain = |[mean, square]: &[Tensor; 2]| [numbers(mean), numbers(square)];
        let (moments, steps) = match &self.adam {
            Some(adam) => (adam.moments.iter().map(plain).collect(), adam.step),
            None => (Vec::new(), 0),
        };
        EngineState::new(&self.layout, self.network.tensors().map(numbers), &moments, steps, self.metrics())
    }

    fn restore(&mut self, state: EngineState) {
        let copy = |to: &Tensor, from: &latentkit_model::Tensor| {
            let values = Tensor::from_slice(&from.values).reshape(to.size());
            tch::no_grad(|| to.shallow_clone().copy_(&values));
        };
        for (to, from) in self.network.tensors().zip(&state.tensors) {
            copy(to, from);
        }
        if let Some(adam) = &mut self.adam {
            adam.step = state.steps;
            for (own, given) in adam.moments.iter().zip(state.moment_pairs()) {
                own.iter().zip(given).for_each(|(to, from)| copy(to, from));
            }
        }
        self.sums = Tensor::from_slice(&state.metrics.sums).to_device(self.device);
        self.images = state.metrics.images;
    }
}

/// `cpu` or `cuda:N`.
pub(crate) fn device_name(device: tch::Device) -> String {
    match device {
        tch::Device::Cuda(number) => format!("cuda:{number}"),
        _ => "cpu".to_owned(),
    }
}

/// The loss, a mean over all pixels of the batch. Binary cross-entropy is computed from logits,
/// `max(x, 0) - x t + log(1 + exp(-|x|))`, which is finite for all x.
fn loss(kind: Loss, logits: &Tensor, images: &Tensor) -> Tensor {
    match kind {
        Loss::Bce => logits.binary_cross_entropy_with_logits::<Tensor>(images, None, None, Reduction::Mean),
        Loss::Mse => logits.sigmoid().mse_loss(images, Reduction::Mean),
    }
}

/// Sums over the images of each image's mean metrics, [4], f64: binary cross-entropy, squared error, absolute error, binary
/// accuracy.
fn metrics(logits: &Tensor, images: &Tensor) -> Tensor {
    let prediction = logits.sigmoid();
    let difference = &prediction - images;
    let thresholded = prediction.gt(0.5).to_kind(Kind::Float);
    let means = [
        logits.binary_cross_entropy_with_logits::<Tensor>(images, None, None, Reduction::Mean),
        difference.square().mean(Kind::Float),
        difference.abs().mean(Kind::Float),
        thresholded.eq_tensor(images).to_kind(Kind::Float).mean(Kind::Float),
    ];
    Tensor::stack(&means, 0).to_kind(Kind::Double) * images.size()[0] as f64
}

/// The values of a tensor as f32, row by row.
fn numbers(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().flatten(0, -1);
    let mut values = vec![0.0; flat.numel()];
    flat.copy_data(&mut values, flat.numel());
    values
}
