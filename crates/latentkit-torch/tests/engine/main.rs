//! Both engines against PyTorch and Keras, and a training that goes from one engine to the other.

mod keras;
mod loader;
mod mlp;
mod reference;
mod strided;
mod support;
mod training;
