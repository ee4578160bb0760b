//! The stage as a whole: made-up experiments in, charts and reports out.

mod fixture;
mod several;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fixture::{CLOTHES, Cloud, DIGITS, Fixture, MNIST_SILHOUETTES};
use latentkit_core::summary::{LabelAgreement, NeighbourFigure, NeighbourSummary, PlotSummary, Preservation};
use latentkit_core::{Cancellation, ErrorKind, Result, capture};
use latentkit_plot::PlotInputs;
use latentkit_plot::config::{PictureFormat, PlotConfig};

const CHARTS: [&str; 14] = [
    "training_curves",
    "learning_rate_and_loss",
    "reconstructions",
    "best_and_worst",
    "latent_histograms",
    "latents_2d",
    "silhouette",
    "silhouette_plot",
    "cluster_quality",
    "clusters_stacked",
    "clusters_grouped",
    "contingency",
    "centroids",
    "cluster_examples",
];

/// Plots the experiment in `folder` into its folder `plot`.
fn plot(folder: &Path, name: &str, config: &PlotConfig) -> Result<PlotSummary> {
    let output = folder.join("plot");
    fs_err::create_dir_all(&output).unwrap();
    let inputs = PlotInputs { name, experiment_folder: folder };
    latentkit_plot::run(config, &inputs, &output, Cancellation::never())
}

fn read(folder: &Path, name: &str) -> String {
    fs_err::read_to_string(folder.join("plot").join(name)).unwrap()
}

/// An experiment in which every stage happened, with so many points.
fn experiment(folder: &Path, points: usize, names: &[&str], k: usize, dead: &[usize]) -> Fixture {
    let cloud = Cloud::new(points, names, k, dead);
    Fixture::new(folder)
        .images(points, names)
        .ingest("mnist")
        .train(23)
        .latents(&cloud)
        .export(names, dead)
        .clustered(&cloud)
        .sweep(5, &MNIST_SILHOUETTES)
        .chosen(k, false)
        .agreeing()
        .decode(k)
}

fn whole(folder: &Path) {
    experiment(folder, 6000, &DIGITS, 9, &[]);
}

/// Whether the report has a chart of this title.
fn shows(report: &str, title: &str) -> bool {
    let (_, charts) = report.split_once("<main>").unwrap();
    charts.contains(&format!(">{title}</text>"))
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
    assert_eq!(summary, PlotSummary { charts: 14, files: 29 });

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
    let sections = report.split("<h2>").skip(1).map(|rest| rest.split('<').next().unwrap());
    let order: Vec<_> = sections.collect();
    let story = "Data, Training, Reconstructions, Latents, Choice of k, Clusters, What is confused, Config, Provenance";
    assert_eq!(order.join(", "), story);
    assert_eq!(report.matches("<svg").count(), 14);
    for text in ["77\u{202f}522", "0.1671", "at k\u{a0}=\u{a0}9 (k from 5 to 14)", "6.25e-5", "c0ffee12"] {
        assert!(report.contains(text), "{text}");
    }
    assert!(!report.contains("2025-03"), "no date, which would be another each time");
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
        [("cluster", "manifest.json"), ("cluster", "sweep.parquet")]
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

/// Neighbours whose figures are told for 1 and 10 of them, the latter without images.
fn neighbours(duplicates: usize) -> NeighbourSummary {
    let labels = |share| LabelAgreement { share, standard_error: 0.0041, knn_accuracy: share + 0.02 };
    let images = Preservation { trustworthiness: 0.9213, continuity: 0.9541 };
    NeighbourSummary {
        label_sample: 5000,
        image_sample: 2000,
        chance: Some(0.1003),
        figures: vec![
            NeighbourFigure { k: 1, labels: Some(labels(0.93)), images: Some(images) },
            NeighbourFigure { k: 10, labels: Some(labels(0.91)), images: None },
            NeighbourFigure { k: 20, labels: Some(labels(0.5)), images: None },
        ],
        duplicates,
        largest_group: 345,
    }
}

#[test]
fn neighbours_have_a_table_and_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let page = |neighbours: &NeighbourSummary| {
        Fixture::new(folder.path()).sweep(5, &[0.1, 0.3, 0.2]).neighbours(neighbours);
        plot(folder.path(), "mnist", &PlotConfig { formats: Vec::new() }).unwrap();
        read(folder.path(), "report.html")
    };
    let report = page(&neighbours(700));
    let (_, section) = report.split_once("<h2>Neighbours</h2>").unwrap();
    let (section, rest) = section.split_once("</section>").unwrap();
    assert!(rest.contains("<h2>Choice of k</h2>"), "they are told before the clusters");
    let row = |k: &str, cells: [&str; 4]| {
        let cells = cells.map(|cell| format!("<td class=\"number\">{cell}</td>")).concat();
        format!("<tr><th scope=\"row\" class=\"number\">{k}</th>{cells}</tr>")
    };
    for text in [
        "Of the 10 nearest neighbours of a point, 91.0\u{a0}% have its label where chance gives 10.0\u{a0}%; their most frequent label is that of the point for 93.0\u{a0}% of the points.",
        "With 1 neighbour the trustworthiness is 0.921 and the continuity 0.954",
        &row("1", ["0.930 ± 0.004", "0.950", "0.921", "0.954"]),
        &row("20", ["0.500 ± 0.004", "0.520", "–", "–"]),
        "Labels: 5\u{202f}000 points drawn at random, with their neighbours among all 70\u{202f}000",
        "2\u{202f}000 images drawn at random",
    ] {
        assert!(section.contains(text), "{text}: {section}");
    }
    assert!(!report.contains("class=\"warning\""), "1 % of duplicates is no warning");

    let report = page(&neighbours(701));
    let warning = "1.0\u{a0}% of the 70\u{202f}000 points are equal to another one in every latent, up to 345 to each other.";
    assert_eq!(report.matches(warning).count(), 2, "in the section and below the title");

    let unlabelled = |duplicates| {
        let figures =
            neighbours(0).figures.into_iter().map(|figure| NeighbourFigure { labels: None, ..figure });
        let figures = figures.filter(|figure| figure.images.is_some()).collect();
        NeighbourSummary { label_sample: 0, chance: None, figures, ..neighbours(duplicates) }
    };
    let report = page(&unlabelled(0));
    let (_, section) = report.split_once("<h2>Neighbours</h2>").unwrap();
    let (section, _) = section.split_once("</section>").unwrap();
    assert!(
        section.contains("trustworthiness") && !section.contains("label") && !section.contains("Label"),
        "{section}"
    );

    let nothing =
        |duplicates| NeighbourSummary { image_sample: 0, figures: Vec::new(), ..unlabelled(duplicates) };
    assert!(!page(&nothing(700)).contains("<h2>Neighbours</h2>"));
    assert_eq!(page(&nothing(70_000)).matches("100.0\u{a0}% of the 70\u{202f}000 points").count(), 2);
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
    assert_eq!(summary, PlotSummary { charts: 2, files: 1 });
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
    let names = [evil, "b & c"];
    let cloud = Cloud::new(300, &names, 3, &[]);
    Fixture::new(folder.path())
        .images(300, &names)
        .ingest(evil)
        .latents(&cloud)
        .export(&names, &[])
        .clustered(&cloud)
        .sweep(2, &[0.1, 0.3, 0.2])
        .decode(3);
    plot(folder.path(), evil, &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let report = read(folder.path(), "report.html");
    assert!(report.contains("&lt;script&gt;alert(&quot;1&quot;)"));
    assert!(report.contains("b &amp; c"));
    for chart in &CHARTS[2..] {
        let svg = read(folder.path(), &format!("{chart}.svg"));
        assert!(!svg.contains("<script") && svg.contains("&lt;script"), "{chart}");
        assert_well_formed(&svg);
    }
    assert!(!report.contains("<script"));
}

#[test]
fn the_smallest_experiment_is_plotted() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = Cloud::new(1, &["only"], 1, &[0]);
    Fixture::new(folder.path())
        .images(1, &["only"])
        .ingest("one")
        .train(1)
        .latents(&cloud)
        .export(&["only"], &[0])
        .clustered(&cloud)
        .sweep(2, &[0.3])
        .chosen(1, false)
        .decode(1);
    assert_eq!(plot(folder.path(), "tiny", &PlotConfig::default()).unwrap().charts, 14);
    // A k that was not tried is not marked, and a label alone is not confused.
    assert!(!read(folder.path(), "report.html").contains("What is confused"));
    for chart in CHARTS {
        assert_finite(&read(folder.path(), &format!("{chart}.svg")));
    }
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
    let stop = AtomicBool::new(false);
    let plot = || latentkit_plot::run(&PlotConfig::default(), &inputs, &output, Cancellation::new(&stop));
    let (summary, events) = capture::events(plot);
    summary.unwrap();
    let names: Vec<_> = events.iter().map(|event| &event.fields["name"]).collect();
    assert_eq!(names, ["silhouette.png", "silhouette.svg", "report.html"]);
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let error = plot().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

/// The colours and the corners of the polygons of a drawing.
fn polygons(svg: &str) -> Vec<(&str, Vec<(i32, i32)>)> {
    let attribute = |element: &'static str| format!("{element}=\"");
    let rest = svg.split("<polygon ").skip(1);
    let read = |polygon| {
        let value = |name: &'static str| -> &str {
            let polygon: &str = polygon;
            polygon.split_once(&attribute(name)).unwrap().1.split_once('"').unwrap().0
        };
        let corner = |corner: &str| {
            let (x, y) = corner.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        };
        (value("fill"), value("points").split(' ').map(corner).collect())
    };
    rest.map(read).collect()
}

#[test]
fn a_band_of_the_knife_is_as_thick_as_its_cluster_is_large() {
    let folder = tempfile::tempdir().unwrap();
    experiment(folder.path(), 20_000, &CLOTHES, 5, &[]);
    plot(folder.path(), "clothes", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let svg = read(folder.path(), "silhouette_plot.svg");
    let bands = polygons(&svg);
    assert_eq!(bands.len(), 5);
    let rows = latentkit_table::read_clusters(&folder.path().join("cluster/clusters.parquet")).unwrap();
    let height = |corners: &[(i32, i32)]| f64::from(corners[corners.len() - 1].1 - corners[0].1);
    let all: f64 = bands.iter().map(|(_, corners)| height(corners)).sum();
    for ((_, corners), row) in bands.iter().zip(&rows) {
        assert!(corners.len() <= 400, "{}", corners.len());
        let share = height(corners) / all;
        assert!((share - f64::from(row.size) / 20_000.0).abs() < 0.002, "{share}");
        // The silhouettes fall, so the band does not reach further right below.
        assert!(corners[1..corners.len() - 1].is_sorted_by(|above, below| above.0 >= below.0));
        let figure = format!(">{}</text>", format_args!("{:.3}", row.silhouette.unwrap()));
        assert!(svg.contains(&figure), "{figure}");
    }
    let (_, drawing) = svg.split_once("</style>").unwrap();
    assert!(drawing.len() < 60_000, "{}", drawing.len());
    assert!(drawing.contains("Ankle boot"), "names of clusters");
}

#[test]
fn each_row_of_the_heat_map_adds_up_to_100_percent() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["T-shirt/top", "Trouser"];
    Fixture::new(folder.path())
        .sweep(2, &[0.3, 0.1])
        .counts(&[[first, second], [first, second]], &[[75, 5], [25, 995]]);
    plot(folder.path(), "clothes", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let svg = read(folder.path(), "contingency.svg");
    for text in [">75\u{a0}%<", ">25\u{a0}%<", ">100\u{a0}%<", ">T-shirt/top<", ">1\u{202f}000<"] {
        assert!(svg.contains(text), "{text}");
    }
    assert!(
        !svg.contains(">0\u{a0}%<") || svg.matches(">0\u{a0}%<").count() == 1,
        "tiny shares are not written"
    );
}

#[test]
fn many_points_are_sampled_and_drawn_in_few_elements() {
    let folder = tempfile::tempdir().unwrap();
    experiment(folder.path(), 14_000, &DIGITS, 9, &[]);
    plot(folder.path(), "digits", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let svg = read(folder.path(), "latents_2d.svg");
    let (_, drawing) = svg.split_once("</style>").unwrap();
    // A sample of 5 000, once by label and once by cluster.
    assert_eq!(drawing.matches("h0").count(), 2 * 5000);
    assert!(drawing.matches("<path").count() <= 10 * (10 + 9), "{}", drawing.matches("<path").count());
    assert!(drawing.len() < 200_000, "{}", drawing.len());
    for text in ["By label", "By cluster", "component 1 (41.2\u{a0}% of variance)", "5\u{202f}000 of"] {
        assert!(drawing.contains(text), "{text}");
    }
    assert!(
        read(folder.path(), "report.html").contains("Shown are 5\u{202f}000 of the 14\u{202f}000 points")
    );
}

#[test]
fn dead_latents_and_zeros_are_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    experiment(folder.path(), 3000, &DIGITS, 9, &[1, 3, 4]);
    plot(folder.path(), "digits", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let svg = read(folder.path(), "latent_histograms.svg");
    assert_eq!(svg.matches(">dead, 100.0\u{a0}% exactly 0<").count(), 3);
    for name in ["z0", "z1", "z2", "z3", "z4", "z5"] {
        assert!(svg.contains(&format!(">{name}</text>")), "{name}");
    }
    let report = read(folder.path(), "report.html");
    assert!(report.contains("3 of 6 latents are dead (z1, z3 and z4)"));
    assert!(report.contains("the latent space is effectively 3-D, not 6-D"));
}

#[test]
fn the_spread_over_seeds_is_drawn_and_said() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path())
        .sweep(5, &[0.1, 0.3, 0.2])
        .agreeing()
        .repeated(&[7], true)
        .contingency(6, &DIGITS);
    plot(folder.path(), "digits", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let svg = read(folder.path(), "silhouette.svg");
    assert!(svg.contains("mean silhouette, 3 seeds"));
    // Three whiskers of a stem and two caps.
    let caps = |svg: &str| svg.matches("width=\"32\" height=\"6\" fill=\"#0072b2\"").count();
    assert_eq!(caps(&svg), 6, "{svg}");
    let report = read(folder.path(), "report.html");
    for text in [
        "The curve is flat",
        "k\u{a0}=\u{a0}7 is as good as k\u{a0}=\u{a0}6",
        ">lowest</th>",
        "<strong>0.3000</strong></td><td class=\"number\"><strong>0.2970</strong></td><td class=\"number\"><strong>0.3030</strong>",
        "The line is the mean of 3 runs with different seeds",
        "Each figure is the mean over the seeds.",
    ] {
        assert!(report.contains(text), "{text}");
    }
    assert!(!report.contains("99.0"), "time is that of the first seed");

    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path()).sweep(5, &[0.1, 0.3, 0.2]);
    plot(folder.path(), "digits", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    assert_eq!(caps(&read(folder.path(), "silhouette.svg")), 0);
    assert!(!read(folder.path(), "report.html").contains(">lowest</th>"));
}

#[test]
fn labels_that_share_clusters_are_ranked() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new(folder.path())
        .sweep(2, &[0.3, 0.1])
        .counts(&[["3", "5"], ["3", "5"]], &[[80, 60], [20, 40]])
        .pairs(&[("3", "5", 0.56), ("4", "9", 0.71)]);
    plot(folder.path(), "digits", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let report = read(folder.path(), "report.html");
    let (_, section) = report.split_once("<h2>What is confused</h2>").unwrap();
    let said = [
        "<li>4 and 9 share a cluster with probability 0.71.</li>",
        "<li>3 and 5 share a cluster with probability 0.56.</li>",
    ];
    assert!(section.find(said[0]).unwrap() < section.find(said[1]).unwrap());
    // 0.8² + 0.2² and 0.6² + 0.4².
    let row = "<th scope=\"row\">3 and 5</th><td class=\"number\">0.56</td><td class=\"number\">0.68</td><td class=\"number\">0.52</td>";
    assert!(section.contains(row), "{section}");
}

#[test]
fn the_images_of_other_points_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let titles = ["The centre of each cluster, decoded", "Images of each cluster", "By label", "By cluster"];
    let shown = || {
        plot(folder.path(), "digits", &PlotConfig { formats: Vec::new() }).unwrap();
        let report = read(folder.path(), "report.html");
        titles.map(|title| shows(&report, title))
    };
    experiment(folder.path(), 600, &DIGITS, 9, &[]);
    assert_eq!(shown(), [true; 4]);

    // Other centroids were found since they were decoded.
    let cloud = Cloud::new(600, &DIGITS, 8, &[]);
    Fixture::new(folder.path()).clustered(&cloud).sweep(5, &MNIST_SILHOUETTES).chosen(8, false);
    assert_eq!(shown(), [false, true, true, true]);
    Fixture::new(folder.path()).decode(8);
    assert_eq!(shown(), [true; 4]);

    // Other latents were exported since they were clustered.
    Fixture::new(folder.path()).latents(&Cloud::new(600, &DIGITS, 9, &[2])).export(&DIGITS, &[2]);
    assert_eq!(shown(), [true, false, false, true]);
    Fixture::new(folder.path()).latents(&cloud).export(&DIGITS, &[]);
    assert_eq!(shown(), [true; 4]);

    // Other images were read since these were exported.
    Fixture::new(folder.path()).images(700, &DIGITS).ingest("mnist");
    assert_eq!(shown(), [true, false, true, true]);
}

#[test]
fn examples_show_the_very_images() {
    let folder = tempfile::tempdir().unwrap();
    experiment(folder.path(), 600, &DIGITS, 9, &[]);
    plot(folder.path(), "digits", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let svg = read(folder.path(), "cluster_examples.svg");
    let images: Vec<_> = svg.split("base64,").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    // The font's two files come first.
    let images = &images[images.len() - 9 * 20..];
    let rows = latentkit_table::read_examples(&folder.path().join("cluster/examples.parquet")).unwrap();
    let digits = fixture::digits();
    for (place, row) in [(0, &rows[0]), (13, &rows[13]), (179, &rows[179])] {
        let png = STANDARD.decode(images[place]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height, info.color_type), (28, 28, png::ColorType::Grayscale));
        assert_eq!(pixels, fixture::image(&digits, row.id.number().unwrap() as usize), "image {}", row.id);
    }
}

#[test]
fn clusters_are_ranked_by_their_silhouettes() {
    let folder = tempfile::tempdir().unwrap();
    experiment(folder.path(), 600, &DIGITS, 9, &[]);
    plot(folder.path(), "digits", &PlotConfig { formats: vec![PictureFormat::Svg] }).unwrap();
    let svg = read(folder.path(), "cluster_quality.svg");
    let names = svg.split(">cluster ").skip(1).map(|rest| rest.split([':', '<']).next().unwrap());
    let mut rows = latentkit_table::read_clusters(&folder.path().join("cluster/clusters.parquet")).unwrap();
    rows.sort_by(|a, b| b.silhouette.unwrap().total_cmp(&a.silhouette.unwrap()));
    let ranked: Vec<_> = rows.iter().map(|row| row.cluster.to_string()).collect();
    assert_eq!(names.collect::<Vec<_>>(), ranked);
    assert!(!ranked.is_sorted(), "the order of the clusters' numbers would pass too");
    assert_eq!(svg.matches("<circle").count(), 9);
}

#[test]
fn points_without_labels_have_clusters_too() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = Cloud::new(2000, &[], 4, &[]);
    Fixture::new(folder.path()).clustered(&cloud).sweep(3, &[0.2, 0.3, 0.1]);
    let summary = plot(folder.path(), "words", &PlotConfig { formats: Vec::new() }).unwrap();
    assert_eq!(summary, PlotSummary { charts: 4, files: 1 });
    let report = read(folder.path(), "report.html");
    let (_, clusters) = report.split_once("<h2>Clusters</h2>").unwrap();
    assert!(clusters.contains("mean silhouette") && clusters.contains("By cluster"));
    for text in ["purity", "By label", "What is confused"] {
        assert!(!report.contains(text), "{text}");
    }
}

/// Draws experiments of many kinds; into the folder `LATENTKIT_GALLERY` where it is set, for people to look at.
#[test]
fn gallery() {
    let temporary = tempfile::tempdir().unwrap();
    let gallery =
        std::env::var_os("LATENTKIT_GALLERY").map_or_else(|| temporary.path().to_path_buf(), PathBuf::from);
    let folder = |name: &str| gallery.join(name);
    // People look at as many points as there are; a test needs fewer.
    let points = if gallery == temporary.path() { 4000 } else { 70_000 };
    experiment(&folder("mnist"), points, &DIGITS, 9, &[]).repeated(&[6, 8], true);
    experiment(&folder("fashion"), points, &CLOTHES, 5, &[1, 3, 4]).chosen(5, true);
    experiment(&folder("fourteen"), points, &CLOTHES, 14, &[2]).repeated(&[], false);
    experiment(&folder("two"), points / 10, &CLOTHES, 2, &[]);
    let cloud = Cloud::new(points, &[], 6, &[]);
    Fixture::new(&folder("unlabelled"))
        .clustered(&cloud)
        .sweep(3, &[0.2, 0.25, 0.1, 0.3, 0.21])
        .repeated(&[4], false);
    let cloud = Cloud::new(points, &[], 60, &[]);
    Fixture::new(&folder("sixty")).clustered(&cloud).sweep(58, &[0.2, 0.25, 0.3, 0.21]);
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
    let names = [
        "mnist",
        "fashion",
        "fourteen",
        "two",
        "unlabelled",
        "sixty",
        "embeddings",
        "tiny",
        "large",
        "thirty",
    ];
    for name in names {
        let title = if name == "large" {
            "an-experiment-with-a-name-of-a-length-that-nobody-had-in-mind-for-it-1"
        } else {
            name
        };
        let summary = plot(&folder(name), title, &PlotConfig::default()).unwrap();
        assert!(summary.charts >= 1 && summary.files == 2 * summary.charts + 1, "{name}: {summary:?}");
    }
}
