//! Charts and pages of several runs.

use latentkit_core::summary::Metrics;
use latentkit_plot::config::PictureFormat;
use latentkit_plot::{ComparedRun, ComparedTable, Comparison, TrialFigures, comparison_page, draw_trials};
use latentkit_table::HistoryRow;

use crate::{assert_finite, assert_well_formed, png_size};

const BOTH: [PictureFormat; 2] = [PictureFormat::Svg, PictureFormat::Png];

fn trials(count: u32) -> Vec<TrialFigures> {
    (1..=count)
        .map(|number| TrialFigures {
            number,
            name: format!("learning-rate=0.001,seed={number}"),
            test_bce: Some(0.15 + f64::from(number * 37 % 11) / 100.0),
            silhouette: Some(0.2 + f64::from(number * 53 % 17) / 100.0),
            silhouette_sampled: false,
        })
        .collect()
}

/// The SVG file of some trials.
fn chart(rows: &[TrialFigures]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let files = draw_trials(folder.path(), "mnist", rows, &BOTH).unwrap();
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["trials.png", "trials.svg"]);
    let svg = fs_err::read_to_string(&files[1]).unwrap();
    assert_well_formed(&svg);
    assert_finite(&svg);
    let (width, height) = png_size(&fs_err::read(&files[0]).unwrap());
    assert!(svg.contains(&format!("width=\"{}\" height=\"{}\"", width / 2, height / 2)));
    svg
}

#[test]
fn the_best_trial_of_each_figure_is_marked() {
    let mut rows = trials(4);
    rows[1].test_bce = Some(0.1234);
    rows[2].silhouette = Some(0.777);
    let svg = chart(&rows);
    for text in [">learning-rate=0.001,seed=4<", ">0.1234<", ">0.777<", ">mnist<"] {
        assert!(svg.contains(text), "{text}");
    }
    assert!(svg.contains("The best test BCE is 0.1234, of learning-rate=0.001,seed=2."));
    assert!(svg.contains("The best silhouette is 0.777, of learning-rate=0.001,seed=3."));
}

#[test]
fn any_number_of_trials_is_drawn() {
    for count in [1, 2, 60, 61, 400] {
        let svg = chart(&trials(count));
        assert_eq!(svg.contains(">learning-rate=0.001,seed=1<"), count <= 60, "{count}");
    }
    // What failed or did not train has no dot, and one value alone is not the best of any.
    let mut rows = trials(3);
    rows[0].test_bce = None;
    rows[1].test_bce = Some(f64::NAN);
    assert!(!chart(&rows).contains("The best test BCE"));
    for row in &mut rows {
        row.test_bce = None;
    }
    assert!(!chart(&rows).contains("Test BCE"));
    rows[2].silhouette_sampled = true;
    assert!(chart(&rows).contains("Best silhouette, sampled"));
    for row in &mut rows {
        row.silhouette = None;
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(draw_trials(folder.path(), "mnist", &rows, &BOTH).unwrap().is_empty());
    assert!(draw_trials(folder.path(), "mnist", &trials(3), &[]).unwrap().is_empty());
}

fn history(epochs: u32, level: f64) -> Vec<HistoryRow> {
    let metrics = |epoch: u32, more: f64| Metrics {
        bce: level + more + 0.1 / f64::from(epoch),
        mse: 0.04,
        mae: 0.09,
        binary_accuracy: 0.8,
    };
    (1..=epochs)
        .map(|epoch| HistoryRow {
            epoch,
            step: epoch * 100,
            learning_rate: 1e-3,
            train: metrics(epoch, 0.0),
            validation: metrics(epoch, 0.01),
        })
        .collect()
}

fn comparison(names: &[&str]) -> Comparison {
    let run = |(place, name): (usize, &&str)| ComparedRun {
        name: (*name).to_owned(),
        history: history(3 + 4 * place as u32, 0.15 + place as f64 / 100.0),
        silhouettes: (5..=14).map(|k| (k, 0.3 + f64::from((k * 7 + place as u32) % 5) / 50.0)).collect(),
        silhouettes_sampled: false,
        best_k: Some(5 + place as u32),
    };
    let table = |id, title, numbers| ComparedTable {
        id,
        title,
        caption: "What differs",
        empty: "They are the same.",
        columns: [&["key"], names].concat().iter().map(|&name| name.to_owned()).collect(),
        numbers,
        rows: vec![vec!["<b>0.5</b>".to_owned(); names.len() + 1]],
    };
    Comparison {
        runs: names.iter().enumerate().map(run).collect(),
        tables: vec![
            table("config", "Config", false),
            ComparedTable { rows: Vec::new(), ..table("inputs", "Inputs", false) },
            table("metrics", "Metrics", true),
        ],
    }
}

#[test]
fn the_page_overlays_the_curves_of_two_to_eight_runs() {
    let names = ["mnist", "mnist-fast", "a", "b", "c", "d", "e", "mnist/sweep/learning-rate=0.001,seed=0"];
    for count in 2..=8 {
        let page = comparison_page(&comparison(&names[..count])).unwrap();
        assert_eq!(page.matches("<svg").count(), 2);
        for section in ["Training", "Silhouettes", "Config", "Inputs", "Metrics"] {
            assert!(page.contains(&format!("<h2>{section}</h2>")), "{section}");
        }
        for name in &names[..count] {
            // In the legend of both charts.
            assert_eq!(page.matches(&format!(">{name}</text>")).count(), 2, "{name}");
        }
        assert!(page.contains("<p>They are the same.</p>"));
        let (_, body) = page.split_once("<body>").unwrap();
        assert_well_formed(body.split_once("</body>").unwrap().0);
        assert!(!body.contains("NaN") && !body.contains("inf,"));
    }
}

#[test]
fn names_and_cells_of_the_page_are_escaped() {
    let page = comparison_page(&comparison(&["<script>alert(1)</script>", "b & c"])).unwrap();
    assert!(!page.contains("<script") && !page.contains("<b>"));
    assert!(page.contains("&lt;script&gt;") && page.contains("b &amp; c") && page.contains("&lt;b&gt;0.5"));
}

#[test]
fn curves_that_are_not_there_are_left_out() {
    let mut two = comparison(&["a", "b"]);
    two.runs[0].history.clear();
    two.runs[1].silhouettes = vec![(3, f64::NAN)];
    two.runs[0].best_k = Some(99);
    let page = comparison_page(&two).unwrap();
    assert_eq!((page.matches(">a</text>").count(), page.matches(">b</text>").count()), (1, 1));
    two.runs[1].history.clear();
    two.runs[0].silhouettes.clear();
    let page = comparison_page(&two).unwrap();
    assert_eq!(page.matches("<svg").count(), 0);
    assert!(page.contains("<h2>Metrics</h2>") && !page.contains("<h2>Training</h2>"));
    // One epoch and one k are curves, too, and samples are told.
    two.runs[0].silhouettes_sampled = true;
    two.runs[0].history = history(1, 0.2);
    two.runs[0].silhouettes = vec![(3, 0.5)];
    let page = comparison_page(&two).unwrap();
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(page.contains("mean silhouette, sampled"));
}
