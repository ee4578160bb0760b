//! Times how tables are written and read, in the sizes of MNIST: `cargo bench --package latentkit-table`.

use std::path::PathBuf;

use divan::Bencher;
use latentkit_core::summary::SilhouetteKind;
use latentkit_core::{Cancellation, ImageShape};
use latentkit_table::{
    Assignments, Columns, Dataset, Ids, Labels, Latents, Metadata, Part, Split, read_assignments,
    read_dataset, read_embeddings, write_assignments, write_dataset, write_latents,
};
use ndarray::Array2;

const ROWS: usize = 70_000;

fn main() {
    divan::main();
}

/// Numbers that look random.
fn noise(count: usize) -> impl Iterator<Item = u32> {
    (0..count as u32).map(|index| index.wrapping_mul(2_654_435_761).rotate_left(13).wrapping_mul(0x9e37_79b9))
}

fn splits() -> Vec<Split> {
    (0..ROWS).map(|row| Split::ALL[row % 3]).collect()
}

fn names() -> Vec<String> {
    (0..10).map(|label| label.to_string()).collect()
}

fn latents() -> Latents {
    let values = noise(ROWS * 6).map(|value| (value >> 8) as f32 / 65_536.0).collect();
    Latents {
        splits: splits(),
        labels: Labels::complete(noise(ROWS).map(|value| value % 10), names()),
        paths: None,
        values: Array2::from_shape_vec((ROWS, 6), values).unwrap(),
        reconstruction_bce: vec![0.25; ROWS],
        reconstruction_mse: noise(ROWS).map(|value| value as f32).collect(),
    }
}

fn dataset() -> Dataset {
    Dataset {
        shape: ImageShape::grey(28, 28),
        splits: splits(),
        labels: Labels::complete(noise(ROWS).map(|value| value % 10), names()),
        paths: None,
        images: noise(ROWS * 784).map(|value| if value % 5 == 0 { value as u8 } else { 0 }).collect(),
    }
}

fn file(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

#[divan::bench]
fn write_latents_of_70_000(bencher: Bencher) {
    let ((_folder, path), latents) = (file("latents.parquet"), latents());
    bencher.bench(|| write_latents(&path, &latents, &Metadata::new()).unwrap());
}

#[divan::bench]
fn read_latents_of_70_000(bencher: Bencher) {
    let (_folder, path) = file("latents.parquet");
    write_latents(&path, &latents(), &Metadata::new()).unwrap();
    bencher.bench(|| read_embeddings(&[Part::file(&path)], &Columns::default()).unwrap());
}

#[divan::bench]
fn write_images_of_70_000(bencher: Bencher) {
    let ((_folder, path), dataset) = (file("dataset.parquet"), dataset());
    bencher.bench(|| write_dataset(&path, &dataset, &Metadata::new(), Cancellation::never()).unwrap());
}

#[divan::bench]
fn read_images_of_70_000(bencher: Bencher) {
    let (_folder, path) = file("dataset.parquet");
    write_dataset(&path, &dataset(), &Metadata::new(), Cancellation::never()).unwrap();
    bencher.bench(|| read_dataset(&path, Cancellation::never()).unwrap());
}

const CLUSTERINGS: usize = 10;

fn write_all(path: &std::path::Path) {
    let clusterings: Vec<_> = (5..).map(|k| ("k-means".to_owned(), k)).take(CLUSTERINGS).collect();
    let of = |index: usize| {
        let k = index as u32 + 5;
        Ok(Assignments {
            method: "k-means".to_owned(),
            k,
            ids: Ids::numbered(ROWS),
            clusters: noise(ROWS).map(|value| Some(value % k)).collect(),
            silhouettes: noise(ROWS).map(|value| Some(value as f32)).collect(),
            distances: noise(ROWS).map(|value| Some((value / 3) as f32)).collect(),
        })
    };
    write_assignments(
        path,
        &clusterings,
        SilhouetteKind::Exact,
        None,
        &Metadata::new(),
        Cancellation::never(),
        of,
    )
    .unwrap();
}

#[divan::bench]
fn write_assignments_of_ten_times_70_000(bencher: Bencher) {
    let (_folder, path) = file("assignments.parquet");
    bencher.bench(|| write_all(&path));
}

#[divan::bench]
fn read_assignments_of_70_000(bencher: Bencher) {
    let (_folder, path) = file("assignments.parquet");
    write_all(&path);
    bencher.bench(|| read_assignments(&path, "k-means", 9).unwrap());
}
