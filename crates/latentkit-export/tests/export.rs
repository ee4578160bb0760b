//! Export of a few images with fresh weights.

use std::path::{Path, PathBuf};

use latentkit_core::summary::{ExportSummary, SilhouetteKind};
use latentkit_core::{Cancellation, ErrorKind, ImageShape, Result};
use latentkit_export::config::ExportConfig;
use latentkit_export::decode;
use latentkit_model::config::ModelConfig;
use latentkit_model::{AutoEncoder, Engine, Engines, write_tensors};
use latentkit_table::{
    Centroids, ClusterRow, Columns, Dataset, Labels, Metadata, Part, ReconstructionKind, Split,
    read_centroid_images, read_centroids, read_embeddings, read_reconstructions, write_centroids,
    write_clusters, write_dataset,
};
use ndarray::Array2;

/// 21 images of two labels; seven to each split.
fn dataset() -> Dataset {
    let images =
        (0..21 * 784).map(|index: usize| (index * 7 % 256) as u8 / (1 + (index / 784 / 3) as u8)).collect();
    Dataset {
        shape: ImageShape::grey(28, 28),
        splits: (0..21).map(|id| Split::ALL[id % 3]).collect(),
        labels: Labels::complete((0..21).map(|id| id % 2), vec!["even".into(), "odd".into()]),
        paths: None,
        images,
    }
}

fn model(activation: &str) -> AutoEncoder {
    let config = format!(r#"{{ "architecture": "reference", "latent-activation": "{activation}" }}"#);
    let config: ModelConfig = serde_json::from_str(&config).unwrap();
    AutoEncoder::new(&config, ImageShape::grey(28, 28), 5).unwrap()
}

fn export(folder: &Path, model: &AutoEncoder, dataset: &Dataset) -> Result<ExportSummary> {
    let (data, weights) = (folder.join("dataset.parquet"), folder.join("model.safetensors"));
    write_dataset(&data, dataset, &Metadata::new(), Cancellation::never()).unwrap();
    let metadata = serde_json::json!({ "model": model.config, "image_size": [28, 28], "seed": 5 });
    write_tensors(&weights, &model.tensors, &metadata).unwrap();
    let config: ExportConfig = serde_json::from_str(r#"{ "device": "cpu", "batch-size": 8 }"#).unwrap();
    run(&config, &data, &weights, folder)
}

fn run(config: &ExportConfig, data: &Path, weights: &Path, folder: &Path) -> Result<ExportSummary> {
    latentkit_export::run(config, data, weights, folder, Engines::default(), Cancellation::never())
}

/// What computes the model alone.
fn engine(model: &AutoEncoder) -> Box<dyn Engine> {
    Engines::default().start(model, &latentkit_export::request(&ExportConfig::default())).unwrap()
}

#[test]
fn every_image_is_encoded_as_the_model_does() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, model) = (dataset(), model("linear"));
    let summary = export(folder.path(), &model, &dataset).unwrap();
    assert_eq!((summary.images, summary.latents.len(), summary.splits.len()), (21, 6, 3));
    assert!(summary.splits.iter().all(|split| split.images == 7 && split.bce > 0.0 && split.mse > 0.0));

    let found =
        read_embeddings(&[Part::file(folder.path().join("latents.parquet"))], &Columns::default()).unwrap();
    let expected = engine(&model).encode(&dataset.images);
    assert_eq!(found.values.rounded().into_raw_vec_and_offset().0, expected);
    assert_eq!(found.labels.unwrap(), dataset.labels);
}

#[test]
fn errors_by_label_are_means_over_the_test_images() {
    let folder = tempfile::tempdir().unwrap();
    let summary = export(folder.path(), &model("linear"), &dataset()).unwrap();
    let test = summary.splits.iter().find(|split| split.split == "test").unwrap();
    let labels: Vec<_> = summary.labels.iter().map(|label| (label.label.as_str(), label.images)).collect();
    assert_eq!(labels, [("even", 4), ("odd", 3)]);
    let whole: f64 = summary.labels.iter().map(|label| label.bce * label.images as f64).sum();
    assert!((whole / 7.0 - test.bce).abs() < 1e-9);
    assert!((summary.labels[0].mse - summary.labels[1].mse).abs() > 1e-9, "each label has its own");
}

/// Centroids for two values of k, the second one chosen.
fn centroids(folder: &Path, dimensions: usize) -> (PathBuf, PathBuf) {
    let (centroids, clusters) = (folder.join("centroids.parquet"), folder.join("clusters.parquet"));
    let values =
        Array2::from_shape_fn((5, dimensions), |(row, column)| (row * 3 + column) as f64 / 7.0 - 0.5);
    let table = Centroids { k: vec![2, 2, 3, 3, 3], clusters: vec![0, 1, 0, 1, 2], values };
    write_centroids(&centroids, &table, &Metadata::new()).unwrap();
    let rows: Vec<_> = (0..3)
        .map(|cluster| ClusterRow { cluster, size: 1, silhouette: Some(0.0), distance: 0.0, labels: None })
        .collect();
    write_clusters(&clusters, &rows, SilhouetteKind::Exact, &Metadata::new()).unwrap();
    (centroids, clusters)
}

#[test]
fn centroids_of_the_chosen_k_are_decoded_as_the_model_does() {
    let folder = tempfile::tempdir().unwrap();
    let model = model("linear");
    export(folder.path(), &model, &dataset()).unwrap();
    let (centroids, clusters) = centroids(folder.path(), 6);
    let weights = folder.path().join("model.safetensors");
    let config = ExportConfig::default();
    let summary =
        decode(&config, &weights, &centroids, &clusters, folder.path(), Engines::default()).unwrap();
    assert_eq!(summary.centroids, 3);
    let found = read_centroid_images(&folder.path().join("centroid_images.parquet")).unwrap();
    assert_eq!((found.shape, found.images.len()), (ImageShape::grey(28, 28), 3));
    let latents: Vec<f32> =
        read_centroids(&centroids).unwrap().of(3).iter().map(|&value| value as f32).collect();
    let logits = engine(&model).decode(&latents);
    for (index, (&pixel, logit)) in found.images.concat().iter().zip(logits).enumerate() {
        let expected = 255.0 / (1.0 + (-f64::from(logit)).exp());
        assert!((f64::from(pixel) - expected).abs() < 0.501, "pixel {index}: {pixel} is not {expected}");
    }
}

#[test]
fn centroids_of_another_space_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), &model("linear"), &dataset()).unwrap();
    let (centroids, clusters) = centroids(folder.path(), 4);
    let weights = folder.path().join("model.safetensors");
    let config = ExportConfig::default();
    let error =
        decode(&config, &weights, &centroids, &clusters, folder.path(), Engines::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("centroids.parquet"), "{error}");
}

#[test]
fn reconstructions_hold_each_label_and_the_extremes() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), &model("linear"), &dataset()).unwrap();
    let table = read_reconstructions(&folder.path().join("reconstructions.parquet")).unwrap();
    let of = |kind| table.rows.iter().filter(|row| row.kind == kind).collect::<Vec<_>>();
    let examples = of(ReconstructionKind::Example);
    assert_eq!(
        examples.iter().map(|row| row.label_name.as_deref()).collect::<Vec<_>>(),
        [Some("even"), Some("odd")]
    );
    assert!(table.rows.iter().all(|row| row.id % 3 == 2), "only test images are shown");
    let (best, worst) = (of(ReconstructionKind::Best), of(ReconstructionKind::Worst));
    assert_eq!((best.len(), worst.len()), (7, 7));
    assert!(best[0].bce < worst[0].bce);
    assert!(best.windows(2).all(|pair| pair[0].bce <= pair[1].bce));
}

#[test]
fn weights_for_other_images_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = dataset();
    other.shape = ImageShape::grey(14, 56);
    let error = export(folder.path(), &model("relu"), &other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("28x28") && error.to_string().contains("14x56"), "{error}");
}

#[test]
fn weights_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("dataset.parquet");
    write_dataset(&data, &dataset(), &Metadata::new(), Cancellation::never()).unwrap();
    let error = run(&ExportConfig::default(), &data, &folder.path().join("none"), folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
}
