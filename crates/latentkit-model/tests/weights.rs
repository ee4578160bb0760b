//! Weights files that are not what they should be.

use latentkit_core::{ErrorKind, ImageShape};
use latentkit_model::config::ModelConfig;
use latentkit_model::{AutoEncoder, Tensor, read_tensors, write_tensors};
use serde_json::json;

#[test]
fn tensors_come_back_and_the_same_ones_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let mut kernel = Tensor::zeros("kernel", &[2, 3, 2, 2]);
    kernel.values = (0..24).map(|value| value as f32 / 7.0).collect();
    let tensors = [kernel.clone(), Tensor::zeros("bias", &[3])];
    write_tensors(&a, &tensors, &json!({ "seed": 1 })).unwrap();
    write_tensors(&b, &tensors, &json!({ "seed": 1 })).unwrap();
    assert_eq!(fs_err::read(&a).unwrap(), fs_err::read(&b).unwrap());
    let found = read_tensors(&a, |_| Ok(vec![("kernel".to_owned(), vec![2, 3, 2, 2])])).unwrap();
    assert_eq!(found, (json!({ "seed": 1 }), vec![kernel]));
}

#[test]
fn what_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let refusal = |name: &str, shape: &[usize]| {
        let wanted = vec![(name.to_owned(), shape.to_vec())];
        let error = read_tensors(&path, |_| Ok(wanted)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        error.to_string()
    };
    assert!(refusal("bias", &[3]).contains("No such file"));
    write_tensors(&path, &[Tensor::zeros("bias", &[3])], &json!({})).unwrap();
    assert!(refusal("kernel", &[3]).contains("no tensor `kernel`"));
    assert!(refusal("bias", &[4]).contains("expected: f32 [4]"));
    let mut bias = Tensor::zeros("bias", &[3]);
    bias.values.fill(f32::NAN);
    write_tensors(&path, &[bias], &json!({})).unwrap();
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
        write_tensors(&path, &[Tensor::zeros("bias", &[3])], &metadata).unwrap();
        let error = AutoEncoder::load(&path).unwrap_err();
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

#[test]
fn a_file_is_built_from_the_layers_in_its_metadata_alone() {
    let config: ModelConfig = serde_json::from_str(r#"{ "architecture": "strided" }"#).unwrap();
    let model = AutoEncoder::new(&config, ImageShape::grey(28, 28), 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let write = |metadata: &serde_json::Value| write_tensors(&path, &model.tensors, metadata).unwrap();
    let mut metadata = model.metadata();
    // The name says what no layer does.
    metadata["model"]["architecture"] = "reference".into();
    write(&metadata);
    assert_eq!(AutoEncoder::load(&path).unwrap().0.blueprint, model.blueprint);
    // Without the layers it is what the name says.
    metadata.as_object_mut().unwrap().remove("layers");
    metadata["model"]["architecture"] = "strided".into();
    write(&metadata);
    assert_eq!(AutoEncoder::load(&path).unwrap().0.blueprint, model.blueprint);

    let refusal = |change: fn(&mut serde_json::Value)| {
        let mut metadata = model.metadata();
        change(&mut metadata["layers"]);
        write(&metadata);
        AutoEncoder::load(&path).unwrap_err().to_string()
    };
    for unsound in [
        (|layers| layers["encoder"][0]["stride"] = 0.into()) as fn(&mut serde_json::Value),
        |layers| layers["encoder"][0]["filters"] = (1_u64 << 60).into(),
        |layers| layers["encoder"][0]["padding"] = u64::MAX.into(),
        |layers| layers["input"] = [28, 28, 0].into(),
        |layers| layers["encoder"] = serde_json::json!([]),
        |layers| layers["decoder"].as_array_mut().unwrap().truncate(2),
        |layers| layers["decoder"][4]["activation"] = "relu".into(),
    ] {
        let text = refusal(unsound);
        assert!(text.contains("do not make images of images"), "{text}");
    }
    let large = refusal(|layers| layers["encoder"][0]["filters"] = (1 << 20).into());
    assert!(large.contains("too short for the model"), "{large}");
    let unknown = refusal(|layers| layers["encoder"][0]["kind"] = "attention".into());
    assert!(unknown.contains("unknown variant `attention`"), "{unknown}");
}
