//! A path as a manifest records it, for serde's `with`: its text, or its bytes where they are no UTF-8, which JSON cannot
//! hold as text.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Recorded {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<&Path> for Recorded {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_encoded_bytes().to_vec()),
        }
    }
}

impl From<Recorded> for PathBuf {
    fn from(recorded: Recorded) -> Self {
        match recorded {
            Recorded::Text(text) => Self::from(text),
            Recorded::Bytes(bytes) => OsString::from_vec(bytes).into(),
        }
    }
}

/// Writes a path.
pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    Recorded::from(path).serialize(serializer)
}

/// Reads what [`serialize`] wrote.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    Recorded::deserialize(deserializer).map(PathBuf::from)
}

/// The same for a path that there may be.
pub mod option {
    use super::{Deserialize, Deserializer, PathBuf, Recorded, Serialize, Serializer};

    /// Writes a path, or nothing.
    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        path.as_deref().map(Recorded::from).serialize(serializer)
    }

    /// Reads what [`serialize`] wrote.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<Recorded>::deserialize(deserializer)?.map(PathBuf::from))
    }
}

/// The same for paths: nothing for none, as [`option`] for one, a list for several.
pub mod several {
    use super::{Deserialize, Deserializer, PathBuf, Recorded, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Several {
        None(()),
        One(Recorded),
        Many(Vec<Recorded>),
    }

    /// Writes paths.
    pub fn serialize<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
        let recorded = |path: &PathBuf| Recorded::from(path.as_path());
        match paths {
            [] => Several::None(()),
            [one] => Several::One(recorded(one)),
            many => Several::Many(many.iter().map(recorded).collect()),
        }
        .serialize(serializer)
    }

    /// Reads what [`serialize`] or that of [`option`](super::option) wrote.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
        Ok(match Several::deserialize(deserializer)? {
            Several::None(()) => Vec::new(),
            Several::One(path) => vec![path.into()],
            Several::Many(paths) => paths.into_iter().map(PathBuf::from).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Both {
        #[serde(with = "super")]
        one: PathBuf,
        #[serde(default, with = "super::option")]
        maybe: Option<PathBuf>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct All(#[serde(with = "super::several")] Vec<PathBuf>);

    #[test]
    fn paths_come_back_whatever_their_bytes() {
        let odd = PathBuf::from(OsString::from_vec(b"not \xff UTF-8".to_vec()));
        for (one, maybe) in [("a".into(), None), ("a b".into(), Some(odd.clone())), (odd, Some("c".into()))] {
            let both = Both { one, maybe };
            let text = serde_json::to_string(&both).unwrap();
            assert_eq!(serde_json::from_str::<Both>(&text).unwrap(), both, "{text}");
        }
        let odd = PathBuf::from(OsString::from_vec(b"\xff".to_vec()));
        for (paths, text) in [
            (vec![], "null"),
            (vec!["a".into()], "\"a\""),
            (vec![odd.clone()], "[255]"),
            (vec!["a".into(), odd], "[\"a\",[255]]"),
        ] {
            let all = All(paths);
            assert_eq!(serde_json::to_string(&all).unwrap(), text);
            assert_eq!(serde_json::from_str::<All>(text).unwrap(), all);
        }
        let text = serde_json::to_string(&Both { one: "a".into(), maybe: None }).unwrap();
        assert_eq!(text, "{\"one\":\"a\",\"maybe\":null}", "as it was recorded before");
        let old: Both = serde_json::from_str("{\"one\":\"a\"}").unwrap();
        assert_eq!(old.maybe, None);
    }
}
