//! Mini-batches.

use super::*;

fn batched(points: &Array2<f32>, k: usize, size: usize) -> KMeansClustering {
    let params = KMeansParams { batch_size: Some(size), ..params(k) };
    kmeans(points.view(), params, &rng(80), Cancellation::never()).unwrap()
}

#[test]
fn mini_batches_find_separate_blobs() {
    let points = blobs(&mut rng(81), 20_000, 5, 6);
    let found = batched(&points, 6, 256);
    assert_consistent(&points, &found);
    assert_eq!(found.clusters, of(&points, 6).clusters);
    assert!(!found.converged);
}

#[test]
fn mini_batches_come_near_the_inertia_of_all_points() {
    let mut source = rng(82);
    let points = Array2::from_shape_fn((30_000, 3), |_| rand::Rng::r#gen::<f32>(&mut source));
    let (all, found) = (of(&points, 10), batched(&points, 10, 512));
    assert_consistent(&points, &found);
    assert!(found.inertia < 1.02 * all.inertia, "{} and {}", found.inertia, all.inertia);
}

#[test]
fn the_number_of_threads_changes_nothing_in_mini_batches() {
    let points = blobs(&mut rng(83), 9000, 2, 9);
    let one = with_threads(1, || batched(&points, 7, 100));
    assert_eq!(with_threads(2, || batched(&points, 7, 100)), one);
    assert_eq!(with_threads(3, || batched(&points, 7, 100)), one);
}

#[test]
fn a_batch_may_be_smaller_than_k_and_larger_than_the_points() {
    let points = blobs(&mut rng(84), 60, 2, 4);
    for size in [1, 3, 60, 500] {
        for k in [1, 4, 59, 60] {
            let found = batched(&points, k, size);
            assert_consistent(&points, &found);
            assert_eq!(found.inertia < 1e-20, k == 60);
        }
    }
    let equal = Array2::from_elem((50, 3), 0.1_f32);
    assert_eq!(batched(&equal, 1, 10).inertia, 0.0);
}

#[test]
fn mini_batches_of_linfa_are_refused() {
    let points = blobs(&mut rng(85), 60, 2, 4);
    let params = KMeansParams { batch_size: Some(10), engine: ClusterEngine::Linfa, ..params(3) };
    let error = kmeans(points.view(), params, &rng(1), Cancellation::never()).unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("cluster.batch-size")));
}

#[test]
fn mini_batches_stop_when_the_user_interrupts() {
    let stop = AtomicBool::new(true);
    let points = blobs(&mut rng(86), 60, 2, 4);
    let params = KMeansParams { batch_size: Some(10), ..params(3) };
    let error = kmeans(points.view(), params, &rng(1), Cancellation::new(&stop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}
