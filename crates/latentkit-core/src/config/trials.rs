//! The trials of a sweep: one for each combination of the values that the overrides list.
//!
//! An override of a sweep is `section.key=VALUES`, and its values are separated by commas. A comma inside of brackets,
//! braces or quotes separates nothing, so a TOML array or table is one value. `FROM..TO`, both whole numbers, stands for
//! every whole number from the first to the second, both included. Anything else is a value as an override has it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value as Json;
use toml::Value;

use super::document::{Document, parse_override};
use super::experiment::Config;
use super::name::Name;
use super::section::SectionType;
use crate::{Error, Result, hash};

/// Upper limit on the number of trials; more are a typing error.
const MOST_TRIALS: usize = 10_000;

/// A sweep whose trials have all been checked.
#[derive(Clone, Debug)]
pub struct SweepPlan {
    /// Name of the experiment that is swept over.
    pub experiment: Name,
    /// The trials; the values of the last override vary fastest.
    pub trials: Vec<Trial>,
}

/// One combination of values.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its number, from 1.
    pub number: usize,
    /// Names the values, in the order of their keys, as in `learning-rate=0.001,seed=0`. The same values have the same
    /// name in every sweep over the same keys; no two trials of a sweep share one.
    pub name: Name,
    /// The overrides as [`Config::load`] takes them, without the name.
    pub overrides: Vec<String>,
    /// The dotted keys of the overrides and their values.
    pub values: Vec<(String, Json)>,
    /// The config of the trial, under the name of the trial.
    pub config: Config,
}

/// A key and the values that it takes.
struct Axis {
    key: Vec<String>,
    values: Vec<Setting>,
}

/// One value of a key.
struct Setting {
    /// As in `seed=3`.
    argument: String,
    value: Value,
}

impl SweepPlan {
    /// Reads the config and checks it with the overrides of every trial.
    ///
    /// # Errors
    /// Of kind config when an override cannot be read, lists a value twice or is given twice, when a trial's config is
    /// wrong, and when there are more than 10 000 trials; of kind usage when there is no override.
    pub fn load(path: &Path, overrides: &[String], sections: &[SectionType]) -> Result<Self> {
        let mut axes = overrides.iter().map(|argument| Axis::parse(argument)).collect::<Result<Vec<_>>>()?;
        for (place, axis) in axes.iter().enumerate() {
            if axes[..place].iter().any(|other| other.key == axis.key) {
                return Err(Error::config("", format!("`--set` gives `{}` twice", axis.dotted()))
                    .hint("list its values in one `--set`, separated by commas"));
            }
        }
        // The name is the sweep's own: trials are named by what they differ in.
        let name = axes.iter().position(|axis| axis.key == ["name"]).map(|place| axes.remove(place));
        if let Some(name) = name.as_ref().filter(|name| name.values.len() > 1) {
            return Err(Error::config("name", "a sweep has one name")
                .expected("one value")
                .found(format!("{} values", name.values.len()))
                .hint("trials are named by their overrides"));
        }
        if axes.is_empty() {
            return Err(Error::usage("nothing to sweep over")
                .expected("`--set section.key=VALUES`, at least once")
                .hint("`--set seed=0..4` runs five seeds"));
        }
        let count = axes.iter().try_fold(1usize, |count, axis| count.checked_mul(axis.values.len()));
        if count.is_none_or(|count| count > MOST_TRIALS) {
            let counts: Vec<_> = axes.iter().map(|axis| axis.values.len().to_string()).collect();
            return Err(Error::config("", "the sweep has too many trials")
                .expected(format!("at most {MOST_TRIALS}"))
                .found(counts.join(" x ")));
        }

        let mut document = Document::read(path, &[])?;
        for setting in name.iter().flat_map(|axis| &axis.values) {
            document.apply(&setting.argument)?;
        }
        let combinations: Vec<Vec<&Setting>> =
            (0..count.unwrap_or(0)).map(|number| combination(&axes, number)).collect();
        let mut configs = combinations
            .iter()
            .map(|settings| checked(&document, settings, sections))
            .collect::<Result<Vec<_>>>()?;
        let experiment = configs[0].name().clone();

        let labels = labels(&axes, &configs);
        let mut names = BTreeSet::new();
        let mut trials = Vec::with_capacity(configs.len());
        for (place, (settings, config)) in combinations.iter().zip(configs.drain(..)).enumerate() {
            let name = name_of(&labels, settings)?;
            if !names.insert(name.as_str().to_owned()) {
                return Err(Error::config("", format!("two trials have the name `{}`", name.as_str()))
                    .hint("sweep over values that differ in more than their signs"));
            }
            trials.push(Trial {
                number: place + 1,
                config: config.renamed(name.clone()),
                name,
                overrides: settings.iter().map(|setting| setting.argument.clone()).collect(),
                values: axes
                    .iter()
                    .zip(settings)
                    .map(|(axis, setting)| (axis.dotted(), setting.json()))
                    .collect(),
            });
        }
        Ok(Self { experiment, trials })
    }
}

/// The values of the trial of this number, counted from 0.
fn combination(axes: &[Axis], number: usize) -> Vec<&Setting> {
    let mut rest = number;
    let mut settings: Vec<&Setting> = axes
        .iter()
        .rev()
        .map(|axis| {
            let setting = &axis.values[rest % axis.values.len()];
            rest /= axis.values.len();
            setting
        })
        .collect();
    settings.reverse();
    settings
}

/// The config with these values.
fn checked(document: &Document, settings: &[&Setting], sections: &[SectionType]) -> Result<Config> {
    let mut document = document.clone();
    for setting in settings {
        document.apply(&setting.argument)?;
    }
    Config::checked(document, sections).map_err(|error| {
        // Ranges that are none, as `0..=4` or `1e-3..1e-1`, are texts to every other rule.
        match settings.iter().find(|setting| setting.value.as_str().is_some_and(|text| text.contains(".."))) {
            Some(setting) if error.to_string().contains(&setting.argument) => {
                error.hint("`FROM..TO` is a range of whole numbers: `0..4` is 0, 1, 2, 3 and 4")
            }
            _ => error,
        }
    })
}

/// What stands for each key in the names of trials: its last part, where no other key of the config or of the overrides
/// ends in it, else the whole of it.
fn labels(axes: &[Axis], configs: &[Config]) -> Vec<String> {
    let mut keys: BTreeSet<Vec<String>> = axes.iter().map(|axis| axis.key.clone()).collect();
    for config in configs {
        let experiment = serde_json::to_value(config).expect("an experiment is JSON");
        collect_keys(&mut Vec::new(), &experiment, &mut keys);
    }
    let label = |axis: &Axis| match axis.key.last() {
        Some(last) if keys.iter().filter(|key| key.last() == Some(last)).count() == 1 => last.clone(),
        _ => axis.dotted(),
    };
    axes.iter().map(label).collect()
}

/// The keys of every value inside a table, and of the tables themselves.
fn collect_keys(parents: &mut Vec<String>, value: &Json, keys: &mut BTreeSet<Vec<String>>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        parents.push(name.clone());
        keys.insert(parents.clone());
        collect_keys(parents, value, keys);
        parents.pop();
    }
}

/// The name of the trial of these values.
fn name_of(labels: &[String], settings: &[&Setting]) -> Result<Name> {
    let mut parts: Vec<_> = labels.iter().zip(settings).collect();
    parts.sort_by_key(|(label, _)| *label);
    let parts: Vec<_> =
        parts.iter().map(|(label, setting)| format!("{label}={}", slug(&setting.value))).collect();
    let mut name = parts.join(",");
    if name.len() > Name::LONGEST {
        let digest = hash::of_bytes(name.as_bytes());
        // Keys and slugs are ASCII, as the config has no other keys.
        name.truncate(Name::LONGEST - 9);
        name = format!("{name}-{}", &digest[..8]);
    }
    Name::try_from(name).map_err(|problem| Error::config("", problem))
}

/// The value in characters that a name may have, without those that separate its parts. A text that loses characters,
/// and what is nested, end in a part of their hash, so that different values stay different.
fn slug(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => format!("{number:?}"),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("_"),
        Value::Table(table) => {
            table.iter().map(|(key, value)| format!("{key}_{}", plain(value))).collect::<Vec<_>>().join("_")
        }
        other => other.to_string(),
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let shown: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    let nested = match value {
        Value::Array(items) => items.iter().any(is_nested),
        Value::Table(table) => table.values().any(is_nested),
        _ => false,
    };
    if shown == text && !shown.is_empty() && !nested {
        shown
    } else {
        format!("{shown}-{}", &hash::of_bytes(value.to_string().as_bytes())[..6])
    }
}

/// The value with the keys of its tables in the order of the alphabet, so that its name does not depend on how it was
/// typed.
fn sorted(value: Value) -> Value {
    match value {
        Value::Table(table) => {
            let mut entries: Vec<_> = table.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Table(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

fn is_nested(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Table(_))
}

impl Axis {
    /// Reads one `section.key=VALUES`.
    fn parse(argument: &str) -> Result<Self> {
        let wrong = |problem: &str| {
            Error::config("", format!("cannot use `--set {argument}`: {problem}")).expected(
                "`section.key=VALUES`, the values as in TOML and separated by commas, or `FROM..TO`",
            )
        };
        let (key, values) = argument.split_once('=').ok_or_else(|| wrong("it has no `=`"))?;
        let mut axis = Self { key: Vec::new(), values: Vec::new() };
        for item in split(values).map_err(wrong)? {
            let items = match range(item) {
                Some((from, to)) if from > to => {
                    return Err(wrong(&format!("{from} is above {to}")));
                }
                Some((from, to)) if to.abs_diff(from) >= MOST_TRIALS as u64 => {
                    return Err(wrong(&format!("a range of more than {MOST_TRIALS} values")));
                }
                Some((from, to)) => (from..=to).map(|number| number.to_string()).collect(),
                None => vec![item.to_owned()],
            };
            for item in items {
                let argument = format!("{}={item}", key.trim());
                let (key, value) = parse_override(&argument)?;
                if axis.values.iter().any(|other| other.value == value) {
                    return Err(wrong(&format!("it lists `{item}` twice")));
                }
                axis.key = key;
                axis.values.push(Setting { argument, value: sorted(value) });
            }
        }
        Ok(axis)
    }

    fn dotted(&self) -> String {
        self.key.join(".")
    }
}

impl Setting {
    fn json(&self) -> Json {
        serde_json::to_value(&self.value).expect("a TOML value is JSON")
    }
}

/// The two ends of `FROM..TO`; none when it is not a range of whole numbers.
fn range(item: &str) -> Option<(i64, i64)> {
    let (from, to) = item.split_once("..")?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// The items between the commas that stand outside of brackets, braces and quotes, trimmed.
fn split(values: &str) -> std::result::Result<Vec<&str>, &'static str> {
    let mut items = Vec::new();
    let mut closers = Vec::new();
    let mut quote = None;
    let mut start = 0;
    let mut characters = values.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            // What a backslash escapes ends no text; between apostrophes it is a character like others.
            (Some('"'), '\\') => {
                characters.next();
            }
            (Some(open), _) => {
                if character == open {
                    quote = None;
                }
            }
            (None, '"' | '\'') => quote = Some(character),
            (None, '[') => closers.push(']'),
            (None, '{') => closers.push('}'),
            (None, ']' | '}') => {
                if closers.pop() != Some(character) {
                    return Err("a bracket or brace closes that did not open");
                }
            }
            (None, ',') if closers.is_empty() => {
                items.push(values[start..at].trim());
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    if quote.is_some() || !closers.is_empty() {
        return Err("a bracket, brace or quote does not close");
    }
    items.push(values[start..].trim());
    if items.contains(&"") { Err("a value is empty") } else { Ok(items) }
}

#[cfg(test)]
mod tests;
