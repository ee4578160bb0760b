//! Lets the program and its tests find libtorch, since a linker argument of a dependency does not reach them, and tells the code
//! which libtorch it was built with.

use std::path::Path;

#[expect(clippy::disallowed_methods, reason = "a build script without dependencies")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    let header = Path::new(&lib).join("../include/torch/headeronly/version.h");
    println!("cargo::rerun-if-changed={}", header.display());
    let text = std::fs::read_to_string(header).unwrap_or_default();
    let part = |name: &str| {
        let line =
            text.lines().find_map(|line| line.strip_prefix(&format!("#define TORCH_VERSION_{name} ")))?;
        line.split_whitespace().next()
    };
    if let (Some(major), Some(minor), Some(patch)) = (part("MAJOR"), part("MINOR"), part("PATCH")) {
        println!("cargo::rustc-env=LATENTKIT_LIBTORCH_VERSION={major}.{minor}.{patch}");
    }
}
