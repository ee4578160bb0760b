//! Pieces of HTML. Text of any origin gets in escaped; markup only from this program's own source.

use std::fmt::Display;
use std::ops::Range;

use crate::escape::escape;

/// A piece of HTML.
#[derive(Clone, Debug, Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Markup of this program: only what is written in its source is a `&'static str`.
    pub(super) fn markup(mut self, markup: &'static str) -> Self {
        self.0.push_str(markup);
        self
    }

    /// Text, escaped.
    pub(super) fn text(mut self, text: impl Display) -> Self {
        self.0.push_str(&escape(&text.to_string()));
        self
    }

    /// Another piece.
    pub(super) fn add(mut self, piece: Self) -> Self {
        let Self(piece) = piece;
        self.0.push_str(&piece);
        self
    }

    /// An element with a piece in it.
    pub(super) fn element(self, name: &'static str, content: Self) -> Self {
        self.markup("<").markup(name).markup(">").add(content).markup("</").markup(name).markup(">\n")
    }

    /// As [`Html::element`], of a class.
    pub(super) fn classed(self, name: &'static str, class: &'static str, content: Self) -> Self {
        self.markup("<")
            .markup(name)
            .markup(" class=\"")
            .markup(class)
            .markup("\">")
            .add(content)
            .markup("</")
            .markup(name)
            .markup(">\n")
    }

    /// A paragraph of text.
    pub(super) fn paragraph(self, text: impl Display) -> Self {
        self.element("p", Self::new().text(text))
    }

    /// A paragraph that warns.
    pub(super) fn warning(self, text: impl Display) -> Self {
        let content = Self::new().markup("<strong>Note.</strong> ").text(text);
        self.classed("p", "warning", content)
    }

    /// A drawing of [`crate::canvas::svg_element`], which escapes on its own, with what it shows below. `widths` are the
    /// narrowest at which its text can be read, and the widest at which it is not too large, in CSS pixels.
    pub(super) fn figure(self, svg: &str, widths: Range<u32>, caption: impl Display) -> Self {
        let mut figure =
            self.markup("<figure>\n<div class=\"scroll paper\" tabindex=\"0\" style=\"max-width:");
        figure.0.push_str(&widths.end.to_string());
        figure = figure.markup("px\"><div style=\"min-width:");
        figure.0.push_str(&widths.start.to_string());
        figure = figure.markup("px\">");
        figure.0.push_str(svg);
        figure.markup("</div></div>\n").element("figcaption", Self::new().text(caption)).markup("</figure>\n")
    }

    /// The CSS of the page; nothing in it comes from a file of an experiment.
    pub(super) fn style(mut self, css: &str) -> Self {
        self.0.push_str("<style>\n");
        self.0.push_str(css);
        self.0.push_str("</style>\n");
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// How a cell of a table is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table: a caption, columns, and rows whose first cell names the row.
pub(super) struct Table {
    caption: String,
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<Html>>,
}

impl Table {
    pub(super) fn new(caption: impl Into<String>) -> Self {
        Self { caption: caption.into(), columns: Vec::new(), rows: Vec::new() }
    }

    pub(super) fn column(mut self, name: impl Into<String>, align: Align) -> Self {
        self.columns.push((name.into(), align));
        self
    }

    pub(super) fn columns<const N: usize>(mut self, align: Align, names: [&str; N]) -> Self {
        self.columns.extend(names.map(|name| (name.to_owned(), align)));
        self
    }

    /// Adds a row of text.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rich_row(cells.into_iter().map(|cell| Html::new().text(cell)).collect());
    }

    /// Adds a row of HTML.
    pub(super) fn rich_row(&mut self, cells: Vec<Html>) {
        self.rows.push(cells);
    }

    pub(super) fn into_html(self) -> Html {
        let align = |html: Html, align: Align| match align {
            Align::Left => html,
            Align::Right => html.markup(" class=\"number\""),
        };
        let mut head = Html::new().markup("<tr>");
        for (name, side) in &self.columns {
            head = align(head.markup("<th scope=\"col\""), *side).markup(">").text(name).markup("</th>");
        }
        let mut body = Html::new();
        for row in self.rows {
            body = body.markup("<tr>");
            for (index, (cell, (_, side))) in row.into_iter().zip(&self.columns).enumerate() {
                body = match index {
                    0 => align(body.markup("<th scope=\"row\""), *side).markup(">").add(cell).markup("</th>"),
                    _ => align(body.markup("<td"), *side).markup(">").add(cell).markup("</td>"),
                };
            }
            body = body.markup("</tr>\n");
        }
        let table = Html::new()
            .element("caption", Html::new().text(self.caption))
            .element("thead", head.markup("</tr>"))
            .element("tbody", body);
        Html::new().markup("<div class=\"scroll\" tabindex=\"0\">").element("table", table).markup("</div>\n")
    }
}

/// A list of names and values.
pub(super) fn facts<const N: usize>(facts: [(&'static str, String); N]) -> Html {
    let mut list = Html::new();
    for (name, value) in facts {
        let pair = Html::new().element("dt", Html::new().text(name)).element("dd", Html::new().text(value));
        list = list.element("div", pair);
    }
    Html::new().classed("dl", "facts", list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_wherever_it_stands() {
        let mut table = Table::new("<caption>").column("<column>", Align::Left);
        table.row(["<cell>".to_owned()]);
        let page = Html::new()
            .paragraph("<p>")
            .warning("<w>")
            .figure("<svg></svg>", 600..900, "<figcaption>")
            .add(table.into_html())
            .add(facts([("<name>", "<value>".to_owned())]))
            .into_string();
        for name in ["caption", "column", "cell", "p", "w", "figcaption", "name", "value"] {
            assert!(page.contains(&format!("&lt;{name}&gt;")), "{name}: {page}");
        }
    }

    #[test]
    fn the_first_cell_of_a_row_is_its_heading() {
        let mut table = Table::new("k").columns(Align::Right, ["k", "inertia"]);
        table.row(["5".to_owned(), "1.5".to_owned()]);
        let html = table.into_html().into_string();
        assert!(
            html.contains("<th scope=\"row\" class=\"number\">5</th><td class=\"number\">1.5</td>"),
            "{html}"
        );
    }
}
