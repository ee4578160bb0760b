//! The engines that a program has, and the choice of one.

use latentkit_core::{Error, Result};

use crate::autoencoder::AutoEncoder;
use crate::config::{self, Device, Precision};
use crate::engine::{Engine, Request};
use crate::native::NativeEngine;

/// libtorch as an engine, where the program has it.
pub trait Libtorch: Sync {
    /// Its version, where its headers tell it.
    fn version(&self) -> Option<&'static str>;

    /// What it can compute on: `cpu`, then `cuda:0`, `cuda:1`, ...
    fn devices(&self) -> Vec<String>;

    /// Whether it would compute on a CUDA device.
    ///
    /// # Errors
    /// Of kind config, about `key`, when the config asks for a CUDA device that there is not.
    fn takes_cuda(&self, device: Device, key: &str) -> Result<bool>;

    /// An engine for the model.
    ///
    /// # Errors
    /// As [`Libtorch::takes_cuda`].
    fn start(&self, model: &AutoEncoder, request: &Request) -> Result<Box<dyn Engine>>;
}

/// The engines that a program has: the native one, and libtorch or not.
#[derive(Clone, Copy, Default)]
pub struct Engines {
    /// libtorch, where the program has it.
    pub libtorch: Option<&'static dyn Libtorch>,
}

impl Engines {
    /// Why only libtorch can do what is asked; none when the native engine can. A device `auto` is the CPU here.
    pub fn needs_libtorch(model: &AutoEncoder, request: &Request) -> Option<String> {
        if request.engine == config::Engine::Libtorch {
            return Some(format!("{} is `libtorch`", request.key("engine")));
        }
        if let Device::Cuda(_) = request.device {
            return Some(format!("{} is `{}`", request.key("device"), request.device));
        }
        if request.engine == config::Engine::Native {
            return None; // what it cannot compute is an error
        }
        Self::native_refuses(model, request)
    }

    /// Why the native engine cannot do what is asked on the CPU.
    fn native_refuses(model: &AutoEncoder, request: &Request) -> Option<String> {
        if request.precision != Precision::Float32 {
            return Some(format!("{} is `{}`", request.key("precision"), request.precision.name()));
        }
        NativeEngine::new(model, None).err()
    }

    /// An engine with the weights of the model: the one that is asked for; for `auto` the native one where it can do it, on the
    /// CPU, else libtorch.
    ///
    /// # Errors
    /// Of kind config when the engine that is asked for cannot do it, or the device is not there; of kind failed when it takes
    /// libtorch, and the program has none.
    pub fn start(self, model: &AutoEncoder, request: &Request) -> Result<Box<dyn Engine>> {
        let cuda = match self.libtorch {
            Some(libtorch) => libtorch.takes_cuda(request.device, &request.key("device"))?,
            None => matches!(request.device, Device::Cuda(_)),
        };
        let reason = match Self::native_refuses(model, request) {
            _ if request.engine == config::Engine::Libtorch => None,
            _ if cuda => Some("another device than the CPU".to_owned()),
            Some(reason) => Some(reason),
            None => {
                let native = NativeEngine::new(model, request.optimizer).map_err(Error::failed)?;
                return Ok(Box::new(native));
            }
        };
        match (reason, self.libtorch) {
            (Some(reason), _) if request.engine == config::Engine::Native => {
                Err(Error::config(request.key("engine"), "the native engine cannot compute this model")
                    .expected("float32 on the CPU, and layers that it has")
                    .found(reason)
                    .hint("use `engine = \"auto\"`"))
            }
            (_, Some(libtorch)) => libtorch.start(model, request),
            (_, None) => Err(Error::failed(format!(
                "cannot do this without libtorch: {}",
                Self::needs_libtorch(model, request).unwrap_or_default()
            ))),
        }
    }
}
