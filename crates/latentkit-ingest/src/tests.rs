//! The stage as a whole.

use latentkit_core::config::Fraction;
use latentkit_core::{Cancellation, ErrorKind, ImageShape};
use latentkit_table::read_dataset;
use tempfile::TempDir;

use super::*;
use crate::config::Source;
use crate::source::files::tests::own_files;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");

fn config(source: Source, validation: f64, split: SplitMethod) -> DatasetConfig {
    DatasetConfig {
        source,
        validation: Fraction::new(validation).unwrap(),
        test: Fraction::new(0.2).unwrap(),
        split,
    }
}

fn sample(validation: f64, split: SplitMethod) -> DatasetConfig {
    config(Source::named("sample").unwrap(), validation, split)
}

/// Runs the stage on the project's data folder. Returns the figures, the table and the bytes of its file.
fn ingest(config: &DatasetConfig, seed: u32) -> (IngestSummary, Dataset, Vec<u8>) {
    let output = tempfile::tempdir().unwrap();
    let summary =
        run(config, seed, Path::new("."), Path::new(DATA), output.path(), Cancellation::never()).unwrap();
    let path = output.path().join(DATASET);
    (summary, read_dataset(&path, Cancellation::never()).unwrap(), fs_err::read(path).unwrap())
}

/// A data folder with copies of the bundled files.
fn data_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir(folder.path().join("sample")).unwrap();
    for InputFile { path, name, .. } in
        input_files(&sample(0.25, SplitMethod::Random), Path::new("."), Path::new(DATA)).unwrap()
    {
        fs_err::copy(path, folder.path().join(name)).unwrap();
    }
    folder
}

#[test]
fn the_size_of_images_is_known_without_reading_them() {
    let size =
        |source: Source, folder: &Path| image_shape(&config(source, 0.25, SplitMethod::Random), folder);
    // As they are when they are read; of `sample` see below.
    for named in ["mnist", "fashion-mnist", "sample"] {
        assert_eq!(size(Source::named(named).unwrap(), Path::new(".")).unwrap(), ImageShape::grey(28, 28));
    }
    let (folder, files) = own_files();
    let own = || Source::own(files.clone());
    assert_eq!(size(own(), folder.path()).unwrap(), ImageShape::grey(1, 2));
    let images = folder.path().join("train-images");
    fs_err::write(&images, "no images, but a text").unwrap();
    let error = size(own(), folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(
        error.to_string().contains("train-images") && error.to_string().contains("no IDX file"),
        "{error}"
    );
    fs_err::remove_file(&images).unwrap();
    assert!(size(own(), folder.path()).unwrap_err().to_string().contains("cannot find"));
}

#[test]
fn the_bundled_sample() {
    let (summary, dataset, bytes) = ingest(&sample(0.25, SplitMethod::Random), 42);
    let expected = IngestSummary {
        source: "sample".to_owned(),
        train: 6000,
        validation: 2000,
        test: 2000,
        shape: ImageShape::grey(28, 28),
        labels: 10,
    };
    assert_eq!(summary, expected);
    assert_eq!(dataset.labels.names[9], "9");
    // The first test digits of MNIST, in the order of the file.
    assert_eq!(dataset.labels.codes[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9].map(Some));
    assert_eq!(dataset.ids(Split::Test), (8000..10_000).collect::<Vec<_>>());
    let ink: u64 = dataset.image(0).iter().map(|&pixel| u64::from(pixel)).sum();
    assert_eq!(ink, 18_454);

    let text = String::from_utf8_lossy(&bytes);
    for key in ["source", "seed", "split", "validation", "source_sha256", "height", "label_names"] {
        assert!(text.contains(&format!("latentkit.{key}")), "the file has no metadata `{key}`");
    }
    assert!(text.contains(r#""t10k-labels-idx1-ubyte":"ff7bcfd416de33731a308c3f266cc351222c34898ecb"#));
}

#[test]
fn the_seed_decides_only_the_split() {
    let config = sample(0.25, SplitMethod::Random);
    let (one, again, other) = (ingest(&config, 1), ingest(&config, 1), ingest(&config, 2));
    assert!(one.2 == again.2, "the same seed wrote another file");
    assert_ne!(one.1.splits, other.1.splits);
    assert_eq!(one.1.labels, other.1.labels);
    assert!(one.1.images == other.1.images);
}

#[test]
fn a_stratified_sample() {
    let (summary, dataset, _) = ingest(&sample(0.25, SplitMethod::Stratified), 42);
    assert_eq!((summary.train, summary.validation), (6000, 2000));
    for label in 0..10 {
        let of = |split| {
            dataset.ids(split).iter().filter(|&&id| dataset.labels.codes[id] == Some(label)).count() as f64
        };
        let (train, validation) = (of(Split::Train), of(Split::Validation));
        assert!((validation - (train + validation) * 0.25).abs() < 1.0, "{label}: {train} + {validation}");
    }
}

#[test]
fn own_files_become_a_dataset() {
    let (folder, files) = own_files();
    let config = config(Source::own(files), 0.3, SplitMethod::Random);
    let names: Vec<String> = input_files(&config, folder.path(), Path::new("no-data"))
        .unwrap()
        .into_iter()
        .map(|input| input.name)
        .collect();
    assert_eq!(names, ["train-images", "train-labels", "test-images", "test-labels"]);
    let summary =
        run(&config, 3, folder.path(), Path::new("no-data"), folder.path(), Cancellation::never()).unwrap();
    assert_eq!((summary.source.as_str(), summary.labels), ("files", 3));
    assert_eq!((summary.train, summary.validation, summary.test), (2, 1, 2));
    let dataset = read_dataset(&folder.path().join(DATASET), Cancellation::never()).unwrap();
    assert_eq!(dataset.image(3), [7, 8]);
    assert_eq!(dataset.ids(Split::Test), [3, 4]);
}

#[test]
fn a_share_that_leaves_nothing_is_an_error_of_the_config() {
    let (folder, files) = own_files();
    let config = config(Source::own(files), 0.1, SplitMethod::Random);
    let error = run(&config, 3, folder.path(), Path::new("no-data"), folder.path(), Cancellation::never())
        .unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("dataset.validation")));
    assert!(!folder.path().join(DATASET).exists());
}

#[test]
fn published_sources_have_no_inputs() {
    for source in ["mnist", "fashion-mnist"] {
        let config = config(Source::named(source).unwrap(), 0.25, SplitMethod::Random);
        assert!(input_files(&config, Path::new("."), Path::new("no-data")).unwrap().is_empty());
    }
}

#[test]
fn a_missing_sample() {
    let config = sample(0.25, SplitMethod::Random);
    let folder = tempfile::tempdir().unwrap();
    let listed = input_files(&config, Path::new("."), folder.path()).unwrap_err();
    let read =
        run(&config, 1, Path::new("."), folder.path(), folder.path(), Cancellation::never()).unwrap_err();
    for error in [listed, read] {
        assert_eq!(error.kind(), ErrorKind::Input);
        assert!(error.to_string().contains("t10k-images-idx3-ubyte.gz"), "{error}");
        assert!(error.to_string().contains("git checkout data/sample"), "{error}");
    }
}

#[test]
fn a_changed_sample() {
    let data = data_folder();
    let path = data.path().join("sample").join("t10k-labels-idx1-ubyte.gz");
    fs_err::write(&path, b"changed").unwrap();
    let config = sample(0.25, SplitMethod::Random);
    let error = run(&config, 1, Path::new("."), data.path(), data.path(), Cancellation::never()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("it is not the published file"), "{error}");
    assert!(error.to_string().contains("git checkout data/sample"), "{error}");
}
