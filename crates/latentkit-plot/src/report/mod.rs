//! `report.html`: one page, readable without any other file, that tells what an experiment did and found.

mod clusters;
pub(crate) mod comparison;
mod confusion;
mod html;
mod model;
mod neighbours;
mod overview;
mod provenance;

use latentkit_core::Result;

use crate::canvas::{self, font};
use crate::chart::{Chart, Kind};
use crate::experiment::Experiment;
use html::Html;

/// A section of the page.
struct Section {
    /// What links to it.
    id: &'static str,
    title: &'static str,
    body: Html,
}

/// The page. Sections of stages that did not happen are left out.
pub(crate) fn page(experiment: &Experiment, charts: &[Chart]) -> Result<String> {
    let figures = Figures { charts };
    let sections: Vec<Section> = [
        overview::data(experiment),
        model::training(experiment, &figures)?,
        model::reconstructions(experiment, &figures)?,
        model::latents(experiment, &figures)?,
        neighbours::neighbours(experiment),
        clusters::choice_of_k(experiment, &figures)?,
        clusters::clusters(experiment, &figures)?,
        confusion::confusion(experiment),
        provenance::config(experiment),
        provenance::provenance(experiment),
    ]
    .into_iter()
    .flatten()
    .collect();

    let kicker = "Experiment report";
    let heading = Html::new().text(&experiment.name);
    let title = Html::new().text(&experiment.name).markup(" – experiment report");
    Ok(document(title, kicker, heading, overview::summary(experiment), sections))
}

/// A page of sections: the title of its window, the line above its heading, the heading, and what introduces it.
fn document(title: Html, kicker: &'static str, heading: Html, lead: Html, sections: Vec<Section>) -> String {
    let mut contents = Html::new();
    for section in &sections {
        let link = Html::new()
            .markup("<a href=\"#")
            .markup(section.id)
            .markup("\">")
            .markup(section.title)
            .markup("</a>");
        contents = contents.element("li", link);
    }
    let mut main = Html::new();
    for section in sections {
        main = main
            .markup("<section id=\"")
            .markup(section.id)
            .markup("\">\n")
            .element("h2", Html::new().markup(section.title))
            .add(section.body)
            .markup("</section>\n");
    }
    let header = Html::new()
        .classed("p", "kicker", Html::new().markup(kicker))
        .element("h1", heading)
        .add(lead)
        .markup("<nav aria-label=\"Sections\">")
        .element("ul", contents)
        .markup("</nav>\n");
    let page = Html::new()
        .markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        // Nothing is fetched and nothing runs, whatever an experiment's files say.
        .markup("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ")
        .markup("style-src 'unsafe-inline'; img-src data:; font-src data:\">\n")
        .markup("<meta name=\"color-scheme\" content=\"light dark\">\n")
        .element("title", title)
        .style(&font::css())
        .style(include_str!("style.css"))
        .markup("</head>\n<body>\n")
        .element("header", header)
        .element("main", main)
        .markup("</body>\n</html>\n");
    page.into_string()
}

/// The charts, to be placed among the sections.
struct Figures<'a> {
    charts: &'a [Chart<'a>],
}

impl Figures<'_> {
    /// The first chart of a kind with a caption; nothing where there is none.
    fn place(&self, html: Html, is: fn(&Kind) -> bool, caption: &str) -> Result<Html> {
        let Some(chart) = self.charts.iter().find(|chart| is(&chart.kind)) else { return Ok(html) };
        // At seven tenths of its size the text of a chart is as small as can be read.
        let width = chart.size().0;
        let caption = [caption, chart.note().as_deref().unwrap_or_default()].join(" ");
        Ok(html.figure(&canvas::svg_element(chart)?, width * 7 / 10..width * 11 / 10, caption.trim_end()))
    }

    fn has(&self, is: fn(&Kind) -> bool) -> bool {
        self.charts.iter().any(|chart| is(&chart.kind))
    }
}
