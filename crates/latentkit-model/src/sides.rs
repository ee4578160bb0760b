//! A number for rows and one for columns, in the layers of files: one number where both are the same.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<S: Serializer>(sides: &[usize; 2], serializer: S) -> Result<S::Ok, S::Error> {
    let [rows, columns] = sides;
    if rows == columns { rows.serialize(serializer) } else { sides.serialize(serializer) }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[usize; 2], D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a whole number, or one for rows and one for columns")]
    enum Sides {
        Both(usize),
        Each([usize; 2]),
    }
    Ok(match Sides::deserialize(deserializer)? {
        Sides::Both(both) => [both; 2],
        Sides::Each(each) => each,
    })
}
