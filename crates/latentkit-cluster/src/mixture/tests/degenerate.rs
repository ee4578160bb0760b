//! Points that are unlike any others.

use std::sync::atomic::AtomicBool;

use latentkit_core::ErrorKind;
use ndarray::array;

use super::plain::assert_consistent;
use super::*;

#[track_caller]
fn assert_finite(found: &GaussianMixture) {
    assert!(found.log_likelihood.is_finite() && found.bic.is_finite() && found.aic.is_finite());
    assert!(
        found.weights.iter().chain(&found.means).chain(&found.covariances).all(|value| value.is_finite())
    );
    assert_close(found.weights.iter().sum(), 1.0, 1e-9, "sum of the weights");
}

#[test]
fn needs_as_many_distinct_points_as_components() {
    let above = error(&blobs(&mut rng(1), 10, 2, 3), params(14));
    assert_eq!((above.kind(), above.key()), (ErrorKind::Config, Some("cluster.k")));
    let equal = array![[1.0, 2.0], [1.0, 2.0], [3.0, 4.0], [3.0, 4.0]];
    let above = error(&equal, params(3));
    assert_eq!((above.kind(), above.key()), (ErrorKind::Config, Some("cluster.k")));
    assert_eq!(error(&equal, params(0)).kind(), ErrorKind::Config);
    assert_eq!(error(&Array2::zeros((0, 2)), params(1)).kind(), ErrorKind::Config);
    assert_eq!(error(&Array2::zeros((2, 0)), params(1)).kind(), ErrorKind::Input);
}

#[test]
fn points_that_an_outlier_makes_equal_are_not_distinct() {
    // In units of the deviation, 5e9, all but one differ by less than f32 resolves.
    let points = array![[0.0], [0.001], [0.002], [1e10]];
    let above = error(&points, params(4));
    assert_eq!((above.kind(), above.key()), (ErrorKind::Config, Some("cluster.k")));
    assert!(above.to_string().starts_with("k = 4 is above the 2 distinct points"), "{above}");
    assert_finite(&of(&points, 2));
}

#[test]
fn a_number_that_is_not_finite_is_named() {
    let error = error(&array![[0.0, 1.0], [2.0, f32::INFINITY], [1.0, 1.0]], params(2));
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("coordinate 1 of point 1"), "{error}");
}

#[test]
fn stops_when_the_user_interrupts() {
    let stop = AtomicBool::new(true);
    for engine in [ClusterEngine::Native, ClusterEngine::Linfa] {
        let cancel = Cancellation::new(&stop);
        let params = MixtureParams { engine, ..params(2) };
        let error =
            gaussian_mixture(array![[0.0], [1.0], [2.0]].view(), params, &rng(1), cancel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
    }
}

#[test]
fn a_component_of_equal_points_is_as_wide_as_the_regularisation() {
    let mut points = blobs(&mut rng(2), 300, 2, 2);
    for mut point in points.rows_mut().into_iter().take(100) {
        point.assign(&array![40.0, -7.0]);
    }
    let found = of(&points, 3);
    assert_consistent(&points, &found);
    let component = found.clusters[0] as usize;
    assert!(found.clusters[..100].iter().all(|&cluster| cluster as usize == component));
    assert_close(found.weights[component], 1.0 / 3.0, 1e-9, "weight");
    let variance = points.mapv(f64::from).var_axis(Axis(0), 0.0);
    for axis in 0..2 {
        let expected = 1e-6 * variance[axis];
        assert_close(found.covariances[[component, axis, axis]], expected, 1e-6 * expected, "variance");
    }

    for engine in [ClusterEngine::Native, ClusterEngine::Linfa] {
        let error = error(&points, MixtureParams { regularisation: 0.0, engine, ..params(3) });
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.to_string().contains("\nhint: "), "{error}");
    }
}

#[test]
fn a_constant_column_is_left_out() {
    let points = blobs(&mut rng(3), 200, 2, 3);
    let wide = Array2::from_shape_fn((200, 4), |(point, axis)| match axis {
        0 => 0.1,
        2 => 0.0,
        _ => points[[point, axis / 2]],
    });
    let (found, without) = (of(&wide, 3), of(&points, 3));
    assert_eq!(found.clusters, without.clusters);
    assert_eq!(found.weights, without.weights);
    assert_eq!(
        (found.log_likelihood, found.parameters, found.bic, found.aic),
        (without.log_likelihood, without.parameters, without.bic, without.aic)
    );
    for component in 0..3 {
        assert_eq!(found.means[[component, 0]], f64::from(0.1_f32));
        assert_eq!(found.means[[component, 2]], 0.0);
        for axis in 0..4 {
            assert_eq!(found.covariances[[component, 0, axis]], 0.0);
            assert_eq!(found.covariances[[component, axis, 2]], 0.0);
            let own = without.covariances[[component, axis / 2, axis / 2]];
            assert!(axis % 2 == 0 || found.covariances[[component, axis, axis]] == own);
        }
    }
}

#[test]
fn equal_points_are_one_component_without_a_density() {
    for engine in [ClusterEngine::Native, ClusterEngine::Linfa] {
        let params = MixtureParams { engine, ..params(1) };
        let points = Array2::from_elem((20, 3), 7.5);
        let found = gaussian_mixture(points.view(), params, &rng(1), Cancellation::never()).unwrap();
        assert_eq!((found.log_likelihood, found.parameters, found.bic, found.aic), (0.0, 0, 0.0, 0.0));
        assert_eq!(
            (found.means, found.covariances),
            (Array2::from_elem((1, 3), 7.5), Array3::zeros((1, 3, 3)))
        );
        assert_eq!((found.clusters, found.weights, found.converged), (vec![0; 20], vec![1.0], true));
    }
}

#[test]
fn one_point_is_one_component() {
    let found = of(&array![[3.0, 4.0]], 1);
    assert_eq!((found.clusters, found.means, found.log_likelihood), (vec![0], array![[3.0, 4.0]], 0.0));
}

#[test]
fn about_as_many_components_as_points() {
    for (count, k) in [(9, 8), (8, 8), (2, 2), (3, 2)] {
        let points =
            blobs(&mut rng(4), count, 6, 3) + Array2::from_shape_fn((count, 6), |(point, _)| point as f32);
        let found = of(&points, k);
        assert_finite(&found);
        assert_consistent(&points, &found);
    }
}

#[test]
fn zeros_of_a_relu_are_no_obstacle() {
    let mut source = rng(5);
    // Most columns are nearly dead: all zeros but for one point, or ten.
    let mut points = overlapping(&mut source, 1000, 6, 4).mapv(|value| value.max(0.0));
    for (point, mut row) in points.rows_mut().into_iter().enumerate() {
        if point != 17 {
            row[1] = 0.0;
        }
        if point % 100 != 3 {
            row[3] = 0.0;
        }
        row[4] *= 1e-20;
        row[5] = 1e4 + if point % 3 == 0 { 0.001 } else { 0.0 };
    }
    for k in [1, 2, 5, 14] {
        let found = of(&points, k);
        assert_finite(&found);
        assert_eq!(found.clusters.len(), 1000);
        let above = |component: u32| found.clusters.contains(&component);
        assert!(above(0) && (1..k as u32).all(|component| !above(component) || above(component - 1)));
    }
}

#[test]
fn huge_and_tiny_points_are_as_any_others() {
    let points = blobs(&mut rng(6), 300, 3, 3);
    let found = of(&points, 3);
    for exponent in [-120, -40, 60, 115] {
        let scaled = of(&(&points * 2.0_f32.powi(exponent)), 3);
        assert_eq!(scaled.clusters, found.clusters);
        let expected = found.log_likelihood - 900.0 * f64::from(exponent) * std::f64::consts::LN_2;
        assert_close(scaled.log_likelihood, expected, 1e-7, "log-likelihood");
        assert_finite(&scaled);
    }
}

#[test]
fn a_far_outlier_takes_no_density_from_the_others() {
    let mut points = blobs(&mut rng(7), 3000, 2, 2);
    points[[5, 0]] = 1e7;
    let found = of(&points, 1);
    assert_finite(&found);
    assert_consistent(&points, &found);
    // 3000 points lie so near together that the outlier's density is e^-1500, which linfa takes for 0.
    let error = error(&points, MixtureParams { engine: ClusterEngine::Linfa, ..params(1) });
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("hint: set the engine to \"native\""), "{error}");

    let found = of(&points, 3);
    assert_finite(&found);
    assert_eq!(found.clusters[5], 2);
}

#[test]
fn a_component_that_loses_all_its_points_stays_with_weight_0() {
    let points = Standardised::new(blobs(&mut rng(8), 200, 2, 2).view());
    let em = Em { simd: Simd::best(), points: &points, params: params(2), cancel: Cancellation::never() };
    let mut covariances = Array3::zeros((2, 2, 2));
    for component in 0..2 {
        for axis in 0..2 {
            covariances[[component, axis, axis]] = [2.0, 1e-3][component];
        }
    }
    // The second one is far from all points.
    let start = Parameters { weights: vec![0.5, 0.5], means: array![[0.0, 0.0], [50.0, 50.0]], covariances };
    let fit = em.fit(start).unwrap();
    assert_eq!(fit.parameters.weights, [1.0, 0.0]);
    assert_eq!(fit.parameters.means.row(1), array![50.0, 50.0]);
    let (clusters, log_likelihood) = em.assign(&fit.parameters).unwrap();
    let found = in_coordinates(&points, fit, clusters, log_likelihood);
    assert_finite(&found);
    assert_eq!((found.weights, found.clusters), (vec![1.0, 0.0], vec![0; 200]));
}
