//! `latentkit-torch`: the program `latentkit`, with libtorch among its engines.

use std::process::ExitCode;

fn main() -> ExitCode {
    latentkit::main(Some(&latentkit_torch::LIBTORCH))
}
