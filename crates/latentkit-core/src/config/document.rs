//! The text of a config file: parsing, overrides, and errors that show the line they are about.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::nested;
use crate::{Error, Result, input};

/// Bytes of a config at most.
const MAX_BYTES: u64 = 1 << 20;

/// Bytes of a line, or of an override, that are shown at most.
const MAX_LINE: usize = 300;

/// Parts that the key of an override may have.
const MAX_PARTS: usize = 16;

/// A config file that is valid TOML, with the overrides of the command line.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) path: PathBuf,
    text: String,
    pub(super) table: Table,
    overrides: Vec<Override>,
}

/// A value of the command line that replaces or adds one of the file.
#[derive(Clone, Debug)]
struct Override {
    key: Vec<String>,
    argument: String,
}

impl Document {
    pub(super) fn read(path: &Path, overrides: &[String]) -> Result<Self> {
        let text = input::read(path, MAX_BYTES).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::input(format!("cannot find the config `{}`", path.display()))
                .hint("the examples are in `configs/`, such as `configs/quickstart.toml`"),
            io::ErrorKind::FileTooLarge => {
                Error::config("", format!("cannot read the config `{}`", path.display()))
                    .expected(format!("at most {MAX_BYTES} bytes"))
            }
            _ => Error::from(error).into_input(),
        })?;
        let text = String::from_utf8(text).map_err(|_| {
            Error::config("", format!("cannot read the config `{}`", path.display()))
                .expected("UTF-8 text")
                .found("bytes that are not UTF-8")
        })?;
        let table = text.parse::<Table>().map_err(|error| {
            let message = format!("cannot parse `{}`: {}", path.display(), first_line(error.message()));
            let wrong = Error::config("", message);
            match error.span() {
                Some(span) => wrong.excerpt(excerpt(path, &text, span)),
                None => wrong,
            }
        })?;
        let mut document = Self { path: path.to_path_buf(), text, table, overrides: Vec::new() };
        for argument in overrides {
            document.apply(argument)?;
        }
        Ok(document)
    }

    /// A config that was not read from a text; `path` is for errors and relative paths.
    pub(super) fn without_text(path: PathBuf, table: Table) -> Self {
        Self { path, text: String::new(), table, overrides: Vec::new() }
    }

    /// Applies one `section.key=value`.
    pub(super) fn apply(&mut self, argument: &str) -> Result<()> {
        let (key, value) = parse_override(argument)?;
        let (last, parents) = key.split_last().ok_or_else(|| malformed(argument))?;
        let mut table = &mut self.table;
        for parent in parents {
            let entry = table.entry(parent.clone()).or_insert_with(|| Value::Table(Table::new()));
            table = entry.as_table_mut().ok_or_else(|| {
                Error::config("", format!("cannot use `--set {}`", shortened(argument)))
                    .found(format!("`{parent}` is a value, not a section"))
            })?;
        }
        table.insert(last.clone(), value);
        self.overrides.push(Override { key, argument: argument.to_owned() });
        Ok(())
    }

    /// The error about a key that is neither the name of a section nor one of the others that a config has.
    pub(super) fn unknown_key(&self, key: &str, known: &[&str]) -> Error {
        let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("unknown field `{key}`, expected one of {}", known.join(", "));
        let key = [key.to_owned()];
        describe(&key, &message, self.excerpt(&key))
    }

    /// The error about a value at the place `parents`, in which there may be `tables` that were checked apart.
    pub(super) fn wrong_value(
        &self,
        parents: &[&str],
        tables: &[&str],
        error: &serde_path_to_error::Error<toml::de::Error>,
    ) -> Error {
        let inside = nested::keys(error.path());
        let (nested, message) = nested::split(error.inner().message());
        let key: Vec<String> =
            parents.iter().copied().chain(inside).map(str::to_owned).chain(nested).collect();
        let mut message = first_line(message).to_owned();
        if message.starts_with("unknown field") && key.len() == parents.len() + 1 {
            for table in tables {
                let _ = write!(message, ", `{table}`");
            }
        }
        describe(&key, &message, self.excerpt(&key))
    }

    /// The lines that hold `key`, or its nearest parent that the file has.
    pub(super) fn excerpt(&self, key: &[String]) -> Option<String> {
        // The command line outranks the file, so an error about a key that it sets is about it.
        let set =
            self.overrides.iter().rev().find(|set| key.starts_with(&set.key) || set.key.starts_with(key));
        if let Some(set) = set.filter(|_| !key.is_empty()) {
            return Some(format!("  --> --set {}", shortened(&set.argument)));
        }
        let root = DeTable::parse(&self.text).ok()?;
        let mut table = root.get_ref();
        let mut span = None;
        for part in key {
            let Some((name, value)) = table.get_key_value(part.as_str()) else { break };
            // A section spans many lines, of which its name is the one to show.
            let whole = value.span();
            let one_line = !self.text.get(whole.clone()).is_some_and(|text| text.contains('\n'));
            let is_section = self.text[..name.span().start].trim_end_matches([' ', '.']).ends_with('[');
            span = Some(if one_line && !is_section { name.span().start..whole.end } else { name.span() });
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        Some(excerpt(&self.path, &self.text, span?))
    }
}

/// The parts of the key and the value of one `section.key=value`.
pub(super) fn parse_override(argument: &str) -> Result<(Vec<String>, Value)> {
    let (key, value) = argument.split_once('=').ok_or_else(|| malformed(argument))?;
    let key: Vec<String> = key.split('.').map(|part| part.trim().to_owned()).collect();
    // No key of a config has as many parts as this, and endless nesting would overflow the stack.
    if key.iter().any(String::is_empty) || key.len() > MAX_PARTS {
        return Err(malformed(argument));
    }
    // A bare word is no TOML value; taken as text it spares the shell's second pair of quotes.
    let value = match format!("value = {value}").parse::<Table>() {
        Ok(mut table) if table.len() == 1 => table.remove("value").ok_or_else(|| malformed(argument))?,
        _ => Value::String(value.trim().to_owned()),
    };
    Ok((key, value))
}

fn malformed(argument: &str) -> Error {
    Error::config("", format!("cannot use `--set {}`", shortened(argument)))
        .expected("`section.key=value`, the value as in TOML")
}

/// The line of `span`, numbered, with the span underlined.
fn excerpt(path: &Path, text: &str, span: Range<usize>) -> String {
    let start = span.start.min(text.len());
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    let number = text[..line_start].matches('\n').count() + 1;
    let column = text[line_start..start].chars().count();
    let end = span.end.clamp(start, line_start + line.len().max(start - line_start));
    let width = text[start..end].chars().count().max(1);
    let margin = number.to_string().len();
    let mut shown = format!("{:margin$}--> {}:{number}:{}", "", path.display(), column + 1);
    // A line that no screen holds is not shown.
    if line.len() > MAX_LINE {
        return shown;
    }
    shown.push('\n');
    let _ = writeln!(shown, "{:margin$} |", "");
    let _ = writeln!(shown, "{number} | {line}");
    let _ = write!(shown, "{:margin$} | {:column$}{}", "", "", "^".repeat(width));
    shown
}

/// The start of a text that is too long to show.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_LINE) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

pub(super) fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or(message)
}

/// An error of serde's in the words of this project: what is wrong with which key, what was expected, what was found.
fn describe(key: &[String], message: &str, excerpt: Option<String>) -> Error {
    let dotted = key.join(".");
    let (problem, expected) = match message.split_once(", expected ") {
        Some((problem, expected)) => (problem, Some(expected)),
        None => (message, None),
    };
    // serde names the Rust type where a table or a whole number should stand.
    let expected = expected.map(|expected| match expected {
        rust if rust.starts_with("struct ") || rust.contains("internally tagged") => "a table",
        "u32" => "a whole number of at least 0",
        words => words,
    });
    let found = problem.strip_prefix("invalid type: ").or_else(|| problem.strip_prefix("invalid value: "));
    let name = problem.split('`').nth(1).unwrap_or_default();
    let summary = if problem.starts_with("unknown field") {
        // Inside a table with a `kind`, serde tells the name of the key but its path ends at the table.
        let inside = key.last().is_some_and(|last| last != name);
        let full = if inside { format!("{dotted}.{name}") } else { dotted.clone() };
        format!("the config has an unknown key `{full}`")
    } else if problem.starts_with("missing field") {
        let section = if key.is_empty() { String::new() } else { format!(" in `[{dotted}]`") };
        format!("the config lacks the key `{name}`{section}")
    } else if found.is_some() || problem.starts_with("unknown variant") {
        format!("the config has a wrong value for `{dotted}`")
    } else {
        format!("the config has a wrong value for `{dotted}`: {problem}")
    };
    let mut wrong = Error::config(dotted, shortened(&summary));
    if let Some(excerpt) = excerpt {
        wrong = wrong.excerpt(excerpt);
    }
    if let Some(expected) = expected {
        wrong = wrong.expected(expected);
    }
    if let Some(found) = found {
        wrong = wrong.found(shortened(found));
    }
    match expected.and_then(|expected| nearest(name, expected)) {
        Some(nearest) if problem.starts_with("unknown ") => wrong.hint(format!("did you mean `{nearest}`?")),
        _ => wrong,
    }
}

/// The name in backticks of `expected` that is most like `found`, when one is.
fn nearest<'a>(found: &str, expected: &'a str) -> Option<&'a str> {
    let score = |candidate: &str| strsim::jaro_winkler(&found.to_lowercase(), candidate);
    let candidates = expected.split('`').skip(1).step_by(2);
    candidates.max_by(|a, b| score(a).total_cmp(&score(b))).filter(|nearest| score(nearest) > 0.75)
}
