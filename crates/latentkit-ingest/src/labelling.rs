//! Labels of any source to those of a data set.

use std::collections::BTreeSet;

use latentkit_core::{Error, Result};
use latentkit_table::{LabelValues, Labels};

/// What is known of labels beside their values.
pub(crate) struct Labelling<'a> {
    /// The names that the config gives.
    pub(crate) names: &'a [String],
    /// The names of label 0, 1, ... that the source knows.
    pub(crate) known: Option<Vec<String>>,
    /// What messages call the source.
    pub(crate) source: &'a str,
}

/// The labels of these images of a source.
///
/// Texts are numbered in the order of the alphabet, those that are all whole numbers in the order of these, or in that of the names
/// that the config gives. Whole numbers are named by the names that are given or known; a negative one is then no label.
///
/// # Errors
/// Of kind input when a label has no name.
pub(crate) fn labels(
    values: Option<LabelValues>,
    indices: &[usize],
    labelling: &Labelling,
) -> Result<Labels> {
    match values {
        None => Ok(Labels::none(indices.len())),
        Some(LabelValues::Texts(texts)) => {
            let texts: Vec<_> = indices.iter().map(|&index| texts[index].as_deref()).collect();
            named_by_texts(&texts, labelling)
        }
        Some(LabelValues::Numbers(numbers)) => {
            let numbers: Vec<_> = indices.iter().map(|&index| numbers[index]).collect();
            let names = if labelling.names.is_empty() {
                labelling.known.clone().unwrap_or_default()
            } else {
                labelling.names.to_vec()
            };
            if names.is_empty() {
                return Ok(LabelValues::Numbers(numbers).into());
            }
            let code = |number: Option<i64>| match number.filter(|&number| number >= 0) {
                None => Ok(None),
                Some(number) => match usize::try_from(number).ok().filter(|&code| code < names.len()) {
                    Some(code) => Ok(Some(code as u32)),
                    None => Err(unnamed(labelling, &number.to_string(), names.len())),
                },
            };
            let codes = numbers.iter().copied().map(code).collect::<Result<_>>()?;
            Ok(Labels { codes, names })
        }
    }
}

fn unnamed(labelling: &Labelling, label: &str, names: usize) -> Error {
    Error::input(format!("cannot use the labels of `{}`: a label has no name", labelling.source))
        .expected(format!("labels 0 to {}, for there are {names} label names", names.saturating_sub(1)))
        .found(format!("label `{label}`"))
        .hint("add its name to `dataset.source.label-names`, or leave the names out to use the numbers")
}

fn named_by_texts(texts: &[Option<&str>], labelling: &Labelling) -> Result<Labels> {
    let distinct: BTreeSet<&str> = texts.iter().flatten().copied().collect();
    let mut names: Vec<&str> = distinct.into_iter().collect();
    if labelling.names.is_empty() {
        // `10` comes after `9`; a number that is written in another way, such as `007`, is a text.
        let number = |name: &str| name.parse::<u64>().ok().filter(|number| number.to_string() == name);
        if names.iter().all(|name| number(name).is_some()) {
            names.sort_by_key(|name| number(name));
        }
    } else {
        let given: Vec<&str> = labelling.names.iter().map(String::as_str).collect();
        if let Some(other) = names.iter().find(|name| !given.contains(name)) {
            return Err(Error::input(format!(
                "cannot use the labels of `{}`: one is not named",
                labelling.source
            ))
            .expected(format!("labels of `dataset.source.label-names`: `{}`", given.join("`, `")))
            .found(format!("label `{other}`"))
            .hint("add it to `dataset.source.label-names`, or leave the names out"));
        }
        names = given;
    }
    let codes: std::collections::BTreeMap<&str, u32> = names.iter().copied().zip(0..).collect();
    Ok(Labels {
        codes: texts.iter().map(|text| text.map(|text| codes[text])).collect(),
        names: names.into_iter().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: LabelValues, names: &[&str], known: Option<&[&str]>) -> Result<Labels> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let names = owned(names);
        let labelling = Labelling { names: &names, known: known.map(owned), source: "s" };
        let count = match &values {
            LabelValues::Texts(texts) => texts.len(),
            LabelValues::Numbers(numbers) => numbers.len(),
        };
        labels(Some(values), &(0..count).collect::<Vec<_>>(), &labelling)
    }

    fn texts(texts: &[&str]) -> LabelValues {
        LabelValues::Texts(texts.iter().map(|&text| (!text.is_empty()).then(|| text.to_owned())).collect())
    }

    #[test]
    fn texts_are_numbered_in_their_order() {
        let labels = of(texts(&["b", "", "a", "b"]), &[], None).unwrap();
        assert_eq!(
            (labels.codes, labels.names),
            (vec![Some(1), None, Some(0), Some(1)], vec!["a".to_owned(), "b".into()])
        );
        assert_eq!(of(texts(&["10", "9", "2"]), &[], None).unwrap().names, ["2", "9", "10"]);
        assert_eq!(of(texts(&["10", "09", "2"]), &[], None).unwrap().names, ["09", "10", "2"]);
        assert_eq!(of(texts(&["b", "a"]), &["b", "c", "a"], None).unwrap().codes, [Some(0), Some(2)]);
        let error = of(texts(&["b", "x"]), &["b"], None).unwrap_err().to_string();
        assert!(error.contains("label `x`"), "{error}");
    }

    #[test]
    fn numbers_have_given_or_known_names_or_their_own() {
        let numbers = || LabelValues::Numbers(vec![Some(2), None, Some(0), Some(-1)]);
        let labels = of(numbers(), &[], Some(&["a", "b", "c"])).unwrap();
        assert_eq!((labels.codes, labels.names.len()), (vec![Some(2), None, Some(0), None], 3));
        assert_eq!(of(numbers(), &["x", "y", "z"], Some(&["a"])).unwrap().names[2], "z");
        let error = of(numbers(), &["x", "y"], None).unwrap_err().to_string();
        assert!(error.contains("labels 0 to 1") && error.contains("label `2`"), "{error}");
        assert_eq!(of(numbers(), &[], None).unwrap().names, ["-1", "0", "2"]);
    }
}
