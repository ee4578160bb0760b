//! The stage as a whole: made-up experiments in, charts and reports out.

mod fixture;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use fixture::{CLOTHES, CLOTHES_SILHOUETTES, DIGITS, Fixture, MNIST_SILHOUETTES};
use latentkit_core::config::{PictureFormat, PlotConfig};
use latentkit_core::summary::PlotSummary;
use latentkit_core::{ErrorKind, Event, Observer, Result, Stage};
use latentkit_plot::PlotInputs;

const CHARTS: [&str; 5] =
    ["training_curves", "reconstructions", "silhouette", "clusters_stacked", "clusters_grouped"];

/// Plots the experiment in `folder` into its folder `plot`.
fn plot(folder: &Path, name: &str, config: &PlotConfig) -> Result<PlotSummary> {
    let output = folder.join("plot");
    fs_err::create_dir_all(&output).unwrap();
    let inputs = PlotInputs { name, experiment_folder: folder };
    latentkit_plot::run(config, &inputs, &output, Observer::silent())
}

fn read(folder: &Path, name: &str) -> String {
    fs_err::read_to_string(folder.join("plot").join(name)).unwrap()
}

fn whole(folder: &Path) {
    Fixture::new(folder)
        .ingest("mnist")
        .train(23)
        .export(&DIGITS, &[])
        .sweep(5, &MNIST_SILHOUETTES)
        .agreeing()
        .contingency(9, &DIGITS);
}

/// Width and height in the header of a PNG file.
fn png_size(bytes: &[u8]) -> (u32, u32) {
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// Checks that every tag that opens closes, in order, and that every attribute is quoted.
fn assert_well_formed(xml: &str) {
    let mut open = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "`{tag}`");
        assert_eq!(tag.matches('"').count() % 2, 0, "`{tag}`");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closes another tag");
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

/// Checks that no number of a drawing is missing; the font in its head may spell anything.
fn assert_finite(svg: &str) {
    let (_, drawing) = svg.split_once("</style>").unwrap();
    assert!(!drawing.contains("NaN") && !drawing.contains("inf"), "{drawing}");
}

#[test]
fn a_whole_experiment_has_every_chart_and_section() {
    let folder = tempfile::tempdir().unwrap();
    whole(folder.path());
    let summary = plot(folder.path(), "mnist", &PlotConfig::default()).unwrap();
    assert_eq!(summary, PlotSummary { charts: 5, files: 11 });

    for chart in CHARTS {
        let png = fs_err::read(folder.path().join(format!("plot/{chart}.png"))).unwrap();
        let svg = read(folder.path(), &format!("{chart}.svg"));
        assert_well_formed(&svg);
        let (width, height) = png_size(&png);
        assert!(svg.contains(&format!("width=\"{}\" height=\"{}\"", width / 2, height / 2)), "{chart}");
        assert!(svg.contains("font-family:Inter"), "{chart}");
        assert_finite(&svg);
    }
    let curves = read(folder.path(), "training_curves.svg");
    for text in
        ["Reconstruction error by epoch", ">epoch<", ">train<", ">validation<", ">MAE<", ">MSE<", ">20<"]
    {
        assert!(curves.contains(text), "{text}");
    }
    let silhouette = read(folder.path(), "silhouette.svg");
    for text in ["k = 9: 0.280", ">5<", ">14<", ">0.28<", "Best of 10 values: k = 9."] {
        assert!(silhouette.contains(text), "{text}");
    }
    assert_eq!(read(folder.path(), "reconstructions.svg").matches("<image").count(), 20);

    let report = read(folder.path(), "report.html");
    for section in
        ["Data", "Training", "Reconstructions", "Latents", "Choice of k", "Clusters", "Config", "Provenance"]
    {
        assert!(report.contains(&format!("<h2>{section}</h2>")), "{section}");
    }
    assert_eq!(report.matches("<svg").count(), 5);
    for text in [
        "77\u{202f}522",
        "0.1671",
        "at k\u{a0}=\u{a0}9 (k from 5 to 14)",
        "6.25e-5",
        "2025-03-01 09:30:12 UTC",
        "c0ffee12",
    ] {
        assert!(report.contains(text), "{text}");
    }
    assert!(!report.contains("class=\"warning\""), "nothing to warn of");
    assert!(!report.contains("<script") && !report.contains("src=\"http") && !report.contains("href=\"http"));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    whole(folder.path());
    let files = || {
        plot(folder.path(), "mnist", &PlotConfig::default()).unwrap();
        let mut files: Vec<_> = fs_err::read_dir(folder.path().join("plot"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs_err::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    assert!(files() == files());
}

#[test]
fn whoever_only_clusters_gets_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path()).sweep(3, &[0.5, 0.4, 0.3]).chosen(3, true);
    assert_eq!(
        latentkit_plot::inputs(folder.path()),
        [(Stage::Cluster, "manifest.json"), (Stage::Cluster, "sweep.parquet")]
    );
    let summary = plot(folder.path(), "words", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    assert_eq!(summary, PlotSummary { charts: 1, files: 2 });
    let names: Vec<_> =
        fs_err::read_dir(folder.path().join("plot")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");

    let silhouette = read(folder.path(), "silhouette.svg");
    assert!(silhouette.contains("The best k = 3 lies at the edge of the sweep"));
    let report = read(folder.path(), "report.html");
    assert!(report.contains("The best k\u{a0}=\u{a0}3 is the smallest value that was tried"));
    for section in ["Data", "Training", "Reconstructions", "Latents", "Clusters"] {
        assert!(!report.contains(&format!("<h2>{section}</h2>")), "{section}");
    }
}

#[test]
fn the_config_is_that_of_the_stages() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path()).train(23).sweep(5, &[0.1, 0.3, 0.2]);
    plot(folder.path(), "mnist", &PlotConfig { formats: Vec::new() }).unwrap();
    let report = read(folder.path(), "report.html");
    let (_, section) = report.split_once("<h2>Config</h2>").unwrap();
    let (section, _) = section.split_once("</section>").unwrap();
    let row = |[stage, key, value]: [&str; 3]| {
        let value = value.replace('"', "&quot;");
        format!("<tr><th scope=\"row\">{stage}</th><td>{key}</td><td>{value}</td></tr>\n")
    };
    let rows = [
        ["train", "model.architecture", "\"reference\""],
        ["train", "model.latent-dim", "6"],
        ["train", "seed", "42"],
        ["train", "train.epochs", "23"],
        ["train", "train.optimizer.epsilon", "1e-7"],
        ["train", "train.optimizer.learning-rate", "0.001"],
        ["cluster", "cluster.k", "[5,6,7]"],
        ["cluster", "seed", "42"],
    ];
    assert!(section.contains(&format!("<tbody>{}</tbody>", rows.map(row).concat())), "{section}");
}

#[test]
fn the_chart_marks_the_k_that_clustering_chose() {
    let folder = tempfile::tempdir().unwrap();
    let config = PlotConfig { formats: vec![PictureFormat::Svg] };
    let silhouette = || {
        plot(folder.path(), "words", &config).unwrap();
        read(folder.path(), "silhouette.svg")
    };
    Fixture::new(folder.path()).sweep(5, &[0.1, 0.3, 0.2]).chosen(7, false);
    let svg = silhouette();
    assert!(svg.contains("Best of 3 values: k = 7.") && svg.contains("k = 7: 0.200"), "{svg}");
    Fixture::new(folder.path()).chosen(6, true);
    assert!(silhouette().contains("The best k = 6 lies at the edge of the sweep"));

    fs_err::remove_file(folder.path().join("cluster/manifest.json")).unwrap();
    let svg = silhouette();
    assert!(svg.contains(">mean silhouette"), "{svg}");
    assert!(!svg.contains("est of 3") && !svg.contains("at the edge") && !svg.contains(">k = "), "{svg}");
    assert_well_formed(&svg);
    assert!(!read(folder.path(), "report.html").contains("<h2>Config</h2>"));
}

#[test]
fn agreement_with_labels_is_shown_with_the_clusters() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path()).sweep(5, &[0.1, 0.3, 0.2]).agreeing().contingency(6, &DIGITS);
    plot(folder.path(), "mnist", &PlotConfig { formats: Vec::new() }).unwrap();
    let report = read(folder.path(), "report.html");
    let (choice, clusters) = report.split_once("<h2>Clusters</h2>").unwrap();
    assert!(!choice.contains("NMI"), "labels do not choose k");
    assert!(clusters.contains("were not used for the clustering nor for the choice of k"));
    let row = |cells: [&str; 6]| {
        let [k, rest @ ..] = cells;
        let rest = rest.map(|cell| format!("<td class=\"number\">{cell}</td>")).concat();
        format!("<tr><th scope=\"row\" class=\"number\">{k}</th>{rest}</tr>")
    };
    let cells = ["5", "0.550", "0.551", "0.552", "0.553", "0.650"];
    assert!(clusters.contains(&row(cells)), "{clusters}");
    let cells = ["6", "0.560", "0.561", "0.562", "0.563", "0.660"];
    let bold = cells.map(|cell| format!("<strong>{cell}</strong>"));
    assert!(clusters.contains(&row(bold.each_ref().map(String::as_str))), "{clusters}");
}

#[test]
fn key_figures_do_not_break_within_a_number() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path()).sweep(5, &[0.1, 0.3, 0.2]);
    plot(folder.path(), "words", &PlotConfig { formats: Vec::new() }).unwrap();
    let report = read(folder.path(), "report.html");
    let (_, rule) = report.split_once(".cards dd {").unwrap();
    assert!(rule.split('}').next().unwrap().contains("white-space: nowrap;"));
}

#[test]
fn a_training_alone_is_plotted_too() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path()).train(300);
    let summary = plot(folder.path(), "long", &PlotConfig { formats: Vec::new() }).unwrap();
    assert_eq!(summary, PlotSummary { charts: 1, files: 1 });
    let report = read(folder.path(), "report.html");
    assert!(report.contains("<h2>Training</h2>") && !report.contains("<h2>Choice of k</h2>"));
}

#[test]
fn nothing_to_plot_is_an_input_error_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path()).ingest("mnist");
    let error = plot(folder.path(), "mnist", &PlotConfig::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("hint: make them with `latentkit run CONFIG`"), "{error}");
}

#[test]
fn names_from_files_are_escaped_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let evil = "<script>alert(\"1\")</script>";
    Fixture::new(folder.path())
        .ingest(evil)
        .export(&[evil, "b & c"], &[])
        .sweep(2, &[0.1, 0.3, 0.2])
        .contingency(3, &[evil, "b & c"]);
    plot(folder.path(), evil, &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let report = read(folder.path(), "report.html");
    assert!(report.contains("&lt;script&gt;alert(&quot;1&quot;)"));
    assert!(report.contains("b &amp; c"));
    for chart in &CHARTS[1..] {
        let svg = read(folder.path(), &format!("{chart}.svg"));
        assert!(!svg.contains("<script") && svg.contains("&lt;script"), "{chart}");
        assert_well_formed(&svg);
    }
    assert!(!report.contains("<script"));
}

#[test]
fn the_smallest_experiment_is_plotted() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path()).train(1).export(&["only"], &[0]).sweep(2, &[0.3]).contingency(1, &["only"]);
    assert_eq!(plot(folder.path(), "tiny", &PlotConfig::default()).unwrap().charts, 5);
    for chart in CHARTS {
        assert_finite(&read(folder.path(), &format!("{chart}.svg")));
    }
    assert!(read(folder.path(), "silhouette.svg").contains("Only k = 2 was tried."));
    let report = read(folder.path(), "report.html");
    assert!(report.contains("1 of 6 latents is dead (z0)"));
}

#[test]
fn each_file_is_reported_and_an_interrupt_stops() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path()).sweep(2, &[0.2, 0.3, 0.1]);
    let output = folder.path().join("plot");
    fs_err::create_dir_all(&output).unwrap();
    let inputs = PlotInputs { name: "a", experiment_folder: folder.path() };
    let names = Mutex::new(Vec::new());
    let sink = |event| {
        if let Event::Drawn { name } = event {
            names.lock().unwrap().push(name);
        }
    };
    let stop = AtomicBool::new(false);
    latentkit_plot::run(&PlotConfig::default(), &inputs, &output, Observer::new(&sink, &stop)).unwrap();
    assert_eq!(*names.lock().unwrap(), ["silhouette.png", "silhouette.svg", "report.html"]);
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let error = latentkit_plot::run(&PlotConfig::default(), &inputs, &output, Observer::new(&sink, &stop))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

/// Draws experiments of many kinds; into the folder `LATENTKIT_GALLERY` where it is set, for people to look at.
#[test]
fn gallery() {
    let temporary = tempfile::tempdir().unwrap();
    let gallery =
        std::env::var_os("LATENTKIT_GALLERY").map_or_else(|| temporary.path().to_path_buf(), PathBuf::from);
    let folder = |name: &str| gallery.join(name);
    whole(&folder("mnist"));
    Fixture::new(&folder("fashion"))
        .ingest("fashion-mnist")
        .train(60)
        .export(&CLOTHES, &[1, 3, 4])
        .sweep(5, &CLOTHES_SILHOUETTES)
        .chosen(5, true)
        .agreeing()
        .contingency(5, &CLOTHES);
    Fixture::new(&folder("embeddings")).sweep(3, &[0.31; 4]).chosen(3, true);
    Fixture::new(&folder("tiny")).train(1).export(&["only"], &[]).sweep(2, &[0.3]).contingency(1, &["only"]);
    let names: Vec<String> =
        (0..34).map(|label| format!("a rather long name of label {label} <b>")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let silhouettes: Vec<f64> = (2..60).map(|k| f64::from(k * 7919 % 100) / 1000.0 - 0.02).collect();
    Fixture::new(&folder("large"))
        .train(300)
        .export(&names[..13], &[])
        .sweep(2, &silhouettes)
        .contingency(30, &names);
    Fixture::new(&folder("thirty")).sweep(2, &silhouettes[..29]).contingency(30, &CLOTHES);
    for name in ["mnist", "fashion", "embeddings", "tiny", "large", "thirty"] {
        let title = if name == "large" {
            "an-experiment-with-a-name-of-a-length-that-nobody-had-in-mind-for-it-1"
        } else {
            name
        };
        let summary = plot(&folder(name), title, &PlotConfig::default()).unwrap();
        assert!(summary.charts >= 1 && summary.files == 2 * summary.charts + 1, "{name}: {summary:?}");
    }
}
