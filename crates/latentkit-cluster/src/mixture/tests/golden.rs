//! The figures of scikit-learn and of linfa.

use serde::Deserialize;

use super::*;

/// Points and the mixture that scikit-learn fits to them.
#[derive(Deserialize)]
struct Case {
    name: String,
    points: Vec<Vec<f64>>,
    /// Where both start from; else from a K-Means of their own.
    labels: Option<Vec<u32>>,
    k: usize,
    regularisation: f64,
    tolerance: f64,
    max_iterations: u32,
    converged: bool,
    log_likelihood: f64,
    bic: f64,
    aic: f64,
    clusters: Vec<u32>,
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    covariances: Vec<Vec<Vec<f64>>>,
}

/// The cases of `tests/fixtures/mixture.json`, which `mixture.py` beside it made.
fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../tests/fixtures/mixture.json")).unwrap()
}

fn points_of(case: &Case) -> Array2<f32> {
    Array2::from_shape_fn((case.points.len(), case.points[0].len()), |(row, column)| {
        case.points[row][column] as f32
    })
}

/// The mixture that follows from labels and iterations from there.
fn from_labels(points: &Array2<f32>, labels: &[u32], params: MixtureParams) -> GaussianMixture {
    let points = Standardised::new(points.view());
    let em = Em { simd: Simd::best(), points: &points, params, cancel: Cancellation::never() };
    let near = Array2::zeros((params.k, points.columns().len()));
    let fit = em.fit(em.start(labels, near.view())).unwrap();
    let (clusters, log_likelihood) = em.assign(&fit.parameters).unwrap();
    in_coordinates(&points, fit, clusters, log_likelihood)
}

#[test]
fn the_mixtures_are_those_of_scikit_learn() {
    for case in cases() {
        let what = &case.name;
        let points = points_of(&case);
        let params = MixtureParams {
            restarts: 10,
            max_iterations: case.max_iterations,
            tolerance: case.tolerance,
            regularisation: case.regularisation,
            ..params(case.k)
        };
        let found = match &case.labels {
            Some(labels) => from_labels(&points, labels, params),
            None => gaussian_mixture(points.view(), params, &rng(1), Cancellation::never()).unwrap(),
        };
        let size = case.log_likelihood.abs();
        assert_close(
            found.log_likelihood,
            case.log_likelihood,
            1e-8 * size,
            &format!("{what}: log-likelihood"),
        );
        assert_close(found.bic, case.bic, 1e-8 * size, &format!("{what}: BIC"));
        assert_close(found.aic, case.aic, 1e-8 * size, &format!("{what}: AIC"));
        assert_eq!(found.clusters, case.clusters, "{what}: clusters");
        assert_eq!(found.converged, case.converged, "{what}: converged");
        let deviation: Vec<f64> = points.mapv(f64::from).columns().into_iter().map(|x| x.std(0.0)).collect();
        for component in 0..case.k {
            let name = format!("{what}: component {component}");
            assert_close(found.weights[component], case.weights[component], 1e-7, &name);
            for row in 0..points.ncols() {
                let expected = case.means[component][row];
                assert_close(found.means[[component, row]], expected, 1e-7 * deviation[row], &name);
                for column in 0..points.ncols() {
                    let expected = case.covariances[component][row][column];
                    let size = deviation[row] * deviation[column];
                    assert_close(found.covariances[[component, row, column]], expected, 1e-7 * size, &name);
                }
            }
        }
    }
}

#[test]
fn linfa_finds_the_same_mixture() {
    for (dimensions, k) in [(1, 2), (3, 4), (6, 3)] {
        let points = blobs(&mut rng(20), 600, dimensions, k);
        let of = |engine| {
            let params = MixtureParams { engine, tolerance: 1e-10, ..params(k) };
            gaussian_mixture(points.view(), params, &rng(21), Cancellation::never()).unwrap()
        };
        let (native, linfa) = (of(ClusterEngine::Native), of(ClusterEngine::Linfa));
        assert_eq!(native.clusters, linfa.clusters);
        assert!(native.converged && linfa.converged);
        assert_close(native.log_likelihood, linfa.log_likelihood, 1e-5, "log-likelihood");
        for (native, linfa) in native.means.iter().zip(&linfa.means) {
            assert_close(*native, *linfa, 1e-5, "mean");
        }
        for (native, linfa) in native.covariances.iter().zip(&linfa.covariances) {
            assert_close(*native, *linfa, 1e-5, "covariance");
        }
        plain::assert_consistent(&points, &linfa);
    }
}
