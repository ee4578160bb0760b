//! What follows from the data alone, whatever it is.

use std::path::Path;

use latentkit_core::config::Name;
use latentkit_core::{Error, Result};

/// The name of the experiment: the one that is given, else what its data is called, without what a name cannot have.
///
/// # Errors
/// Of kind usage when the given one is no name.
pub(super) fn name(given: Option<&str>, data: &Path) -> Result<Name> {
    if let Some(given) = given {
        return Name::try_from(given.to_owned()).map_err(Error::usage);
    }
    let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let stem = data.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let mut name = String::new();
    for c in stem.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        if c != '-' || !(name.is_empty() || name.ends_with('-')) {
            name.push(c);
        }
    }
    let name = name.trim_end_matches('-').chars().take(60).collect::<String>();
    let name = if name.is_empty() { "experiment".to_owned() } else { name };
    Ok(Name::try_from(name).expect("letters, digits, `-` and `_` name a folder"))
}

/// The largest number of clusters to try with so many points.
pub(super) fn largest_k(points: usize) -> usize {
    (points / 10).clamp(2, 20).min(points - 1)
}

/// A text as a shell takes it; a stand-in where it would not fit into the line of a comment.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(char::is_control) {
        return "FILE".to_owned();
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_files() {
        for (path, expected) in [
            ("My Photos", "my-photos"),
            ("embeddings.parquet", "embeddings"),
            ("a/b_c.d.npy", "b_c-d"),
            ("***", "experiment"),
            ("Ünï", "n"),
        ] {
            assert_eq!(name(None, Path::new(path)).unwrap().as_str(), expected, "{path}");
        }
        assert_eq!(name(Some("x=1"), Path::new("y")).unwrap().as_str(), "x=1");
        assert!(name(Some("a/b"), Path::new("y")).is_err());
    }
}
