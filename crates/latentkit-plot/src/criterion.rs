//! How criteria and their suggestions are written.

use latentkit_core::summary::CriterionFigure;

/// The name in a sentence; that in the tables where the manifest records no other.
pub(crate) fn title(figure: &CriterionFigure) -> &str {
    if figure.title.is_empty() { &figure.criterion } else { &figure.title }
}

/// The name above a panel.
pub(crate) fn heading(figure: &CriterionFigure) -> &str {
    if figure.heading.is_empty() { &figure.criterion } else { &figure.heading }
}

/// A sentence that names criteria as the tables do, with the names that readers know.
pub(crate) fn readable<'a>(sentence: &str, figures: impl IntoIterator<Item = &'a CriterionFigure>) -> String {
    let figures: Vec<_> = figures.into_iter().collect();
    let name = |word: &str| {
        let figure = figures.iter().find(|figure| figure.criterion == word)?;
        Some(title(figure).trim_start_matches("the ").to_owned())
    };
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut text = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(first) = rest.chars().next() {
        let is_word = is_part(first);
        let end = rest.find(|c| is_part(c) != is_word).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        text.push_str(&name(part).unwrap_or_else(|| part.to_owned()));
        rest = after;
    }
    text
}

/// What it suggests, in a few words.
pub(crate) fn suggestion(figure: &CriterionFigure) -> String {
    match figure.k {
        None => "no k".to_owned(),
        Some(1) => "one cluster".to_owned(),
        Some(k) if figure.flat => format!("k = {k}, but flat"),
        Some(k) if figure.at_edge => format!("k = {k}, at the edge"),
        Some(k) => format!("k = {k}"),
    }
}
