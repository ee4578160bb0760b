//! libtorch itself: its version, its devices and its threads.

use std::path::PathBuf;
use std::sync::OnceLock;

use latentkit_core::{Error, Result};
use latentkit_model::config::Device;
use latentkit_model::{AutoEncoder, Engine, Libtorch, Request};
use tch::Cuda;

use crate::engine::{TorchEngine, device_name};

/// libtorch, for the engines of the program.
pub static LIBTORCH: Backend = Backend;

/// The libtorch that the program is linked with.
#[derive(Debug)]
pub struct Backend;

impl Libtorch for Backend {
    fn version(&self) -> Option<&'static str> {
        option_env!("LATENTKIT_LIBTORCH_VERSION")
    }

    fn devices(&self) -> Vec<String> {
        load_cuda();
        let cuda = (0..cuda_devices()).map(tch::Device::Cuda);
        [tch::Device::Cpu].into_iter().chain(cuda).map(device_name).collect()
    }

    fn takes_cuda(&self, wanted: Device, key: &str) -> Result<bool> {
        Ok(device(wanted, key)?.is_cuda())
    }

    fn start(&self, model: &AutoEncoder, request: &Request) -> Result<Box<dyn Engine>> {
        let device = device(request.device, &format!("{}.device", request.section))?;
        // rayon's pool has as many threads as the user asked for.
        set_threads(rayon::current_num_threads());
        Ok(Box::new(TorchEngine::new(model, request, device)))
    }
}

fn cuda_devices() -> usize {
    if Cuda::is_available() { Cuda::device_count().max(0) as usize } else { 0 }
}

/// The device that the config asks for. `key` is the key in the config, for the error.
fn device(wanted: Device, key: &str) -> Result<tch::Device> {
    let problem = if wanted == Device::Cpu { None } else { load_cuda() };
    let count = if wanted == Device::Cpu { 0 } else { cuda_devices() };
    match wanted {
        Device::Cpu => Ok(tch::Device::Cpu),
        Device::Auto => Ok(if count > 0 { tch::Device::Cuda(0) } else { tch::Device::Cpu }),
        Device::Cuda(number) if number < count => Ok(tch::Device::Cuda(number)),
        Device::Cuda(number) => Err(Error::config(key, format!("there is no CUDA device {number}"))
            .expected(format!("one of the {count} CUDA devices that libtorch sees"))
            .found(problem.unwrap_or("a CUDA libtorch, loaded"))
            .hint(if count == 0 {
                "use `device = \"auto\"` or `\"cpu\"`; a GPU needs a driver and a CUDA libtorch in LIBTORCH when building"
            } else {
                "CUDA devices are counted from 0"
            })),
    }
}

/// Makes the system's allocator keep what it got: a step of training frees and asks for the same gigabyte again, and where
/// large blocks go back to the system in between, a fifth of the time goes into filling new pages with zeros.
fn keep_memory() {
    const LARGEST: i32 = 32 << 20; // the highest threshold that glibc accepts
    #[expect(unsafe_code, reason = "libc's settings are foreign functions")]
    // SAFETY: the calls only set the allocator's parameters, with values that its manual allows.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGEST);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TOP_PAD, 8 * LARGEST);
    }
}

/// How many threads libtorch computes with. Also tells the allocator to keep memory, for which it must be called before
/// anything large is computed.
fn set_threads(threads: usize) {
    keep_memory();
    tch::set_num_threads(threads.min(i32::MAX as usize) as i32);
}

/// Loads `libtorch_cuda.so` where libtorch has it: nothing in the program names its symbols, so the linker drops it,
/// and without it libtorch sees no GPU. Returns why there can be none.
fn load_cuda() -> Option<&'static str> {
    static PROBLEM: OnceLock<Option<String>> = OnceLock::new();
    let load = || {
        let Some(path) = loaded_from("libtorch_cpu.so").map(|cpu| cpu.with_file_name("libtorch_cuda.so"))
        else {
            return Some("a libtorch whose folder is not known".to_owned());
        };
        if !path.exists() {
            return Some("a libtorch for the CPU only".to_owned());
        }
        #[expect(
            unsafe_code,
            reason = "loading a library runs its constructors; this one is part of libtorch"
        )]
        // SAFETY: the library comes from the folder of the libtorch that is loaded, and is never unloaded.
        let library = unsafe { libloading::Library::new(&path) };
        match library {
            Ok(library) => {
                std::mem::forget(library);
                None
            }
            Err(error) => Some(format!("a CUDA libtorch that cannot be loaded: {error}")),
        }
    };
    PROBLEM.get_or_init(load).as_deref()
}

/// The file of a library that this process has loaded, wherever the loader found it.
fn loaded_from(name: &str) -> Option<PathBuf> {
    let maps = fs_err::read_to_string("/proc/self/maps").ok()?;
    let mut paths = maps.lines().filter_map(|line| line.find('/').map(|start| PathBuf::from(&line[start..])));
    paths.find(|path| path.file_name().is_some_and(|found| found == name))
}
