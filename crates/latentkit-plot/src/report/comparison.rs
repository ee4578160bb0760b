//! The page that shows several runs side by side.

use latentkit_core::Result;

use super::html::{Align, Html, Table};
use super::section::{Section, document, figure};
use crate::chart::overlaid_silhouettes::Sweeps;
use crate::chart::overlaid_training::Losses;
use crate::comparison::{ComparedTable, Comparison};

/// Names that are longer together stand below the heading only.
const LONGEST_HEADING: usize = 50;

/// The page that compares runs: the curves of all of them in one chart each, and the tables. It needs no other file.
pub fn page(comparison: &Comparison) -> Result<String> {
    let names: Vec<_> = comparison.runs.iter().map(|run| run.name.as_str()).collect();
    let subject = format!("{} runs", names.len());
    let mut sections = Vec::new();
    if let Some(losses) = Losses::new(&comparison.runs) {
        sections.push(Section { id: "training", title: "Training", body: figure(&losses, &subject)? });
    }
    if let Some(sweeps) = Sweeps::new(&comparison.runs) {
        sections.push(Section { id: "silhouettes", title: "Silhouettes", body: figure(&sweeps, &subject)? });
    }
    sections.extend(comparison.tables.iter().map(section));

    let title = Html::new().text(names.join(", ")).markup(" – comparison");
    let two = names.join(" · ");
    let heading = if names.len() == 2 && two.chars().count() <= LONGEST_HEADING { two } else { subject };
    let items = names.iter().fold(Html::new(), |list, name| list.element("li", Html::new().text(name)));
    let lead = Html::new()
        .paragraph("What differs between these runs. Differences of metrics are those from the first.")
        .element("ul", items);
    Ok(document(title, "Comparison of runs", Html::new().text(heading), lead, sections))
}

fn section(table: &ComparedTable) -> Section {
    let body = if table.rows.is_empty() {
        Html::new().paragraph(table.empty)
    } else {
        let mut html = Table::new(table.caption);
        for (index, column) in table.columns.iter().enumerate() {
            let align = if index > 0 && table.numbers { Align::Right } else { Align::Left };
            html = html.column(column, align);
        }
        for row in &table.rows {
            html.row(row.iter().cloned());
        }
        html.into_html()
    };
    Section { id: table.id, title: table.title, body }
}
