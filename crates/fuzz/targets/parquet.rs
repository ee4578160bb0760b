//! Every table, read as each of the tables that there are.
#![no_main]

use latentkit_core::Cancellation;
use latentkit_fuzz::{file, let_panics_be_caught, within};
use latentkit_table as table;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: let_panics_be_caught(), |bytes: &[u8]| {
    let path = file("table.parquet", bytes);
    let some = |name: &str| Some(name.to_owned());
    let columns = table::Columns { column: some("z"), label_column: some("label"), id_column: some("id"), ..Default::default() };
    let read = |_name: &str, work: &dyn Fn()| within((256 << 20) + 1000 * bytes.len(), work);
    read("embeddings", &|| {
        if let Ok(points) = table::read_embeddings(&[table::Part::file(&path)], &table::Columns::default()) {
            assert!(match &points.values {
                table::Values::Single(values) => values.iter().all(|value| value.is_finite()),
                table::Values::Double(values) => values.iter().all(|value| value.is_finite()),
            });
            assert_eq!(points.ids.len(), points.values.dim().0);
            if let Some(labels) = points.labels {
                assert!(labels.codes.iter().flatten().all(|&code| (code as usize) < labels.names.len()));
            }
        }
    });
    read("embeddings in a column", &|| drop(table::read_embeddings(&[table::Part::file(&path)], &columns)));
    read("dataset", &|| drop(table::read_dataset(&path, Cancellation::never())));
    read("history", &|| drop(table::read_history(&path)));
    read("reconstructions", &|| drop(table::read_reconstructions(&path)));
    read("sweep", &|| drop(table::read_sweep(&path)));
    read("assignments", &|| drop(table::read_assignments(&path, "k-means", 2)));
    read("contingency", &|| drop(table::read_contingency(&path)));
    read("centroids", &|| drop(table::read_centroids(&path)));
    read("centroid images", &|| drop(table::read_centroid_images(&path)));
    read("clusters", &|| drop(table::read_clusters(&path)));
    read("examples", &|| drop(table::read_examples(&path)));
    read("label pairs", &|| drop(table::read_label_pairs(&path)));
    read("neighbours", &|| drop(table::read_neighbours(&path)));
    read("images", &|| drop(table::read_images(&path, &[0, 7])));
    read("projection", &|| drop(table::read_projection(&path)));
});
