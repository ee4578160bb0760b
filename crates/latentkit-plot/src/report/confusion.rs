//! Which labels the clusters do not tell apart.

use std::cmp::Ordering;

use latentkit_table::LabelPairRow;

use super::html::{Align, Html, Table};
use super::section::Section;
use crate::contingency::Contingency;
use crate::experiment::Experiment;
use crate::format::decimal;

/// Pairs that are shown, and those that are said in a sentence.
const SHOWN: usize = 10;
const SAID: usize = 3;

/// The section on labels that share clusters.
pub(super) fn confusion(experiment: &Experiment) -> Option<Section> {
    let pairs = ranked(&experiment.label_pairs);
    let mut sentences = Html::new();
    for pair in pairs.iter().take(SAID) {
        sentences = sentences.element("li", Html::new().text(sentence(pair)));
    }
    let mut table = Table::new("Label pairs that share a cluster most often")
        .columns(Align::Left, ["labels"])
        .columns(Align::Right, ["together", "two of the first", "two of the second"]);
    for pair in pairs.iter().take(SHOWN) {
        let own = |label: u32| {
            let own = experiment.contingency.as_ref().and_then(|table| own_share(table, label));
            own.map_or_else(|| "–".to_owned(), |share| decimal(share, 2))
        };
        table.row([
            format!("{} and {}", pair.first_name, pair.second_name),
            decimal(pair.share, 2),
            own(pair.first),
            own(pair.second),
        ]);
    }
    let chance = experiment.contingency.as_ref().map(|table| {
        format!(
            " Two random points of any labels share a cluster with probability {}.",
            decimal(table.chance(), 2)
        )
    });
    let meaning = format!(
        "The number is the probability that two random points, one of each label, land in the same cluster. To compare, \
         the table says how often two points of the same label do: where the three numbers are nearly equal, the clusters \
         do not tell the two labels apart at all.{}",
        chance.unwrap_or_default()
    );
    let body = Html::new().element("ul", sentences).paragraph(meaning).add(table.into_html());
    (!pairs.is_empty()).then_some(Section { id: "confusion", title: "What is confused", body })
}

/// The pair of labels that share a cluster most often, in a sentence; none without labels.
pub(super) fn most_confused(experiment: &Experiment) -> Option<String> {
    ranked(&experiment.label_pairs).first().map(|pair| {
        format!(
            "{} and {} are the hardest labels to tell apart: they share a cluster with probability {}.",
            pair.first_name,
            pair.second_name,
            decimal(pair.share, 2)
        )
    })
}

fn sentence(pair: &LabelPairRow) -> String {
    format!(
        "{} and {} share a cluster with probability {}.",
        pair.first_name,
        pair.second_name,
        decimal(pair.share, 2)
    )
}

/// The pairs, those that share a cluster most often first.
fn ranked(pairs: &[LabelPairRow]) -> Vec<&LabelPairRow> {
    let mut pairs: Vec<_> = pairs.iter().collect();
    let order = |a: &LabelPairRow, b: &LabelPairRow| -> Ordering {
        b.share.total_cmp(&a.share).then((a.first, a.second).cmp(&(b.first, b.second)))
    };
    pairs.sort_by(|a, b| order(a, b));
    pairs
}

fn own_share(table: &Contingency, label: u32) -> Option<f64> {
    table.codes.binary_search(&label).ok().map(|index| table.own_share(index))
}
