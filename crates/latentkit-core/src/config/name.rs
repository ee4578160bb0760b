//! The name of an experiment.

use serde::{Deserialize, Serialize};

/// The name of an experiment: letters, digits, `-`, `_`, `.`, `=` and `,`, so that it is one folder on every system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// Bytes of the longest name.
    pub(super) const LONGEST: usize = 100;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=' | ',');
        if name.is_empty()
            || name.len() > Self::LONGEST
            || name.starts_with('.')
            || !name.chars().all(allowed)
        {
            return Err(format!(
                "`{name}` cannot name a folder, expected up to 100 letters, digits, `-`, `_`, `.`, `=` and `,`, not starting with `.`"
            ));
        }
        Ok(Self(name))
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}
