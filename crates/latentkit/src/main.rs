//! `latentkit`: the program without libtorch.

use std::process::ExitCode;

fn main() -> ExitCode {
    latentkit::main(None)
}
