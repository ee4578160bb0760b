//! Weights files that are not what they should be.

use latentkit_core::ErrorKind;
use latentkit_model::{AutoEncoder, read_tensors, write_tensors};
use serde_json::json;
use tch::{Device, Kind, Tensor};

fn zeros(shape: &[i64]) -> Tensor {
    Tensor::zeros(shape, (Kind::Float, Device::Cpu))
}

#[test]
fn tensors_come_back_and_the_same_ones_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    // Channels-last, so not contiguous in the order of the file.
    let kernel = Tensor::arange(24, (Kind::Float, Device::Cpu)).reshape([2, 3, 2, 2]);
    let kernel = kernel.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);
    let tensors = [("kernel".to_owned(), kernel.shallow_clone()), ("bias".to_owned(), zeros(&[3]) + 0.5)];
    write_tensors(&a, &tensors, &json!({ "seed": 1 })).unwrap();
    write_tensors(&b, &tensors, &json!({ "seed": 1 })).unwrap();
    assert_eq!(fs_err::read(&a).unwrap(), fs_err::read(&b).unwrap());
    let found = zeros(&[2, 3, 2, 2]);
    let metadata =
        read_tensors(&a, |metadata| Ok((metadata, vec![("kernel".to_owned(), found.shallow_clone())])))
            .unwrap();
    assert_eq!(metadata, json!({ "seed": 1 }));
    assert!(found.equal(&kernel));
}

#[test]
fn what_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let refusal = |name: &str, shape: &[i64]| {
        let error = read_tensors(&path, |_| Ok(((), vec![(name.to_owned(), zeros(shape))]))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        error.to_string()
    };
    assert!(refusal("bias", &[3]).contains("No such file"));
    write_tensors(&path, &[("bias".to_owned(), zeros(&[3]))], &json!({})).unwrap();
    assert!(refusal("kernel", &[3]).contains("no tensor `kernel`"));
    assert!(refusal("bias", &[4]).contains("expected: f32 [4]"));
    write_tensors(&path, &[("bias".to_owned(), zeros(&[3]) + f64::NAN)], &json!({})).unwrap();
    assert!(refusal("bias", &[3]).contains("`NaN` at 0"));
    let bytes = fs_err::read(&path).unwrap();
    fs_err::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert!(refusal("bias", &[3]).contains("cannot read the weights"));
    fs_err::write(&path, b"\xff\xff\xff\xff\xff\xff\xff\x7f{}").unwrap();
    assert!(refusal("bias", &[3]).contains("cannot read the weights"));
}

#[test]
fn a_model_that_the_file_cannot_hold_is_not_allocated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let refusal = |architecture: &str, latents: u32, size: [u64; 2]| {
        let model = json!({ "architecture": architecture, "latent-dim": latents });
        let metadata = json!({ "model": model, "image_size": size });
        write_tensors(&path, &[("bias".to_owned(), zeros(&[3]))], &metadata).unwrap();
        let error = AutoEncoder::load(&path, Device::Cpu).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        error.to_string()
    };
    // Weights of 4.6 GB, of 37 TB, and of a size that no number holds.
    assert!(refusal("strided", 1_000_000, [28, 28]).contains("too short for the model"));
    assert!(refusal("strided", 1_000_000, [32_764, 32_764]).contains("too short for the model"));
    assert!(refusal("strided", 1, [u64::MAX, 4]).contains("at most 32768 pixels a side"));
    assert!(refusal("reference", 6, [29, 29]).contains("does not fit the images"));
    assert!(refusal("reference", 6, [28, 28]).contains("at least 310088 bytes"));
}
