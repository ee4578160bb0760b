//! The parts of a page: its sections, and the charts in them.

use latentkit_core::Result;

use super::html::Html;
use crate::canvas::font;
use crate::chart::definition::{Chart, Slot};
use crate::render;

/// A section of the page.
pub(super) struct Section {
    /// What links to it.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) body: Html,
}

/// A page of sections: the title of its window, the line above its heading, the heading, and what introduces it.
pub(super) fn document(
    title: Html,
    kicker: &'static str,
    heading: Html,
    lead: Html,
    sections: Vec<Section>,
) -> String {
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
pub(super) struct Figures<'a> {
    pub(super) charts: &'a [Box<dyn Chart + 'a>],
    /// The name of the experiment.
    pub(super) experiment: &'a str,
}

impl Figures<'_> {
    /// The charts that stand here, each with its caption.
    pub(super) fn place(&self, html: Html, slot: Slot) -> Result<Html> {
        let here = self.charts.iter().filter(|chart| chart.slot() == slot);
        here.map(AsRef::as_ref).try_fold(html, |html, chart| Ok(html.add(figure(chart, self.experiment)?)))
    }

    pub(super) fn has(&self, slot: Slot) -> bool {
        self.charts.iter().any(|chart| chart.slot() == slot)
    }
}

/// A chart with its caption.
pub(super) fn figure(chart: &dyn Chart, subject: &str) -> Result<Html> {
    // At seven tenths of its size the text of a chart is as small as can be read.
    let width = chart.size().0;
    let caption = [chart.caption(), chart.note().unwrap_or_default()].join(" ");
    let svg = render::svg_element(chart, subject)?;
    Ok(Html::new().figure(&svg, width * 7 / 10..width * 11 / 10, caption.trim_end()))
}
