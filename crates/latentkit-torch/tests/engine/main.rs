//! Both engines against PyTorch and Keras, and a training that goes from one engine to the other.

mod conv;
mod keras;
mod loader;
mod mlp;
mod reference;
mod strided;
mod support;
mod training;
