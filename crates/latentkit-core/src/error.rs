//! The one error type of the workspace.

use std::fmt;
use std::io;

/// The result of every fallible function of the workspace.
pub type Result<T> = std::result::Result<T, Error>;

/// What an error means to the caller; the program turns it into an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The work failed (exit code 1).
    Failed,
    /// The command line asks for something that does not exist (exit code 2).
    Usage,
    /// The config is wrong (exit code 3).
    Config,
    /// An input file is missing or corrupt (exit code 4).
    Input,
    /// The user interrupted the work (exit code 130).
    Interrupted,
}

/// An error as the user reads it: what was done, what was expected, what was found, and a way out.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    key: Option<String>,
    excerpt: Option<String>,
    expected: Option<String>,
    found: Option<String>,
    hint: Option<String>,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            key: None,
            excerpt: None,
            expected: None,
            found: None,
            hint: None,
        }))
    }

    /// The work failed for a reason that is neither the config's nor an input's.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, message)
    }

    /// The command line asks for something that does not exist.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// The value of `key` (dotted, as in `cluster.k`) in the config is wrong.
    pub fn config(key: impl Into<String>, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::Config, message);
        error.0.key = Some(key.into());
        error
    }

    /// An input is missing or is not what it should be.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// The user asked to stop.
    pub fn interrupted() -> Self {
        Self::new(ErrorKind::Interrupted, "interrupted")
    }

    /// Adds what the value should have been.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    /// Adds what the value was.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.0.found = Some(found.into());
        self
    }

    /// Adds a way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the place in the config file, shown between the message and the rest.
    #[must_use]
    pub fn excerpt(mut self, excerpt: impl Into<String>) -> Self {
        self.0.excerpt = Some(excerpt.into());
        self
    }

    /// Says what was being done when the error arose.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.0.message = format!("{doing}: {}", self.0.message);
        self
    }

    /// The same error as one about an input file.
    #[must_use]
    pub fn into_input(mut self) -> Self {
        self.0.kind = ErrorKind::Input;
        if self.0.hint.as_deref() == Some(NOT_ALLOWED) {
            self.0.hint = Some("check that this user may read the file".to_owned());
        }
        self
    }

    /// What the error means to the caller.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The dotted config key that the error is about, for errors of kind [`ErrorKind::Config`].
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// Whether the place in the config file is already part of the error.
    pub fn has_excerpt(&self) -> bool {
        self.0.excerpt.is_some()
    }

    /// Whether there is already a way out.
    pub fn has_hint(&self) -> bool {
        self.0.hint.is_some()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.write_str(&inner.message)?;
        if let Some(excerpt) = &inner.excerpt {
            write!(f, "\n{excerpt}")?;
        }
        if let Some(expected) = &inner.expected {
            write!(f, "\n  expected: {expected}")?;
        }
        if let Some(found) = &inner.found {
            write!(f, "\n  found: {found}")?;
        }
        if let Some(hint) = &inner.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// The way out when a folder cannot be written to.
const NOT_ALLOWED: &str = "change the permissions, or choose another folder with `--artifacts DIR`";

/// An I/O error, whose message names the path when it comes from `fs_err`.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        // fs-err wraps the system's error: its own text names the path, its source says what went wrong.
        let message = match std::error::Error::source(&error) {
            Some(source) if !error.to_string().contains(&source.to_string()) => format!("{error}: {source}"),
            _ => error.to_string(),
        };
        let failed = Self::failed(message);
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                failed.hint("free some space on that disk, or choose another with `--artifacts DIR`")
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => failed.hint(NOT_ALLOWED),
            _ => failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_every_part_in_order() {
        let error = Error::input("cannot read `a.idx`").expected("two").found("one").hint("fetch it again");
        assert_eq!(
            error.to_string(),
            "cannot read `a.idx`\n  expected: two\n  found: one\nhint: fetch it again"
        );
    }

    #[test]
    fn an_io_error_names_its_path() {
        let error = Error::from(fs_err::read("no/such/file").unwrap_err());
        assert!(error.to_string().contains("no/such/file"), "{error}");
        assert!(error.to_string().contains("No such file"), "{error}");
    }
}
