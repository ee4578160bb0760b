//! libtorch as an engine of latentkit: every layer, CUDA and bfloat16. The only crate that depends on tch.

mod adam;
mod backend;
mod engine;
mod network;

pub use backend::LIBTORCH;
