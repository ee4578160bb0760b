//! Flattens JSON into values with keys that do not depend on the other values.

use serde_json::Value;

/// What names an item of a list, by the first of these that it has. A criterion has a k, too: the one that it suggests.
const NAMES: [&str; 7] = ["criterion", "k", "seed", "split", "labels", "label", "name"];

/// The values inside of a config with their dotted keys. Lists are values; null is none.
pub(super) fn of_config(value: &Value) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    descend("", value, false, &mut leaves);
    leaves
}

/// The values inside of a summary. The items of a list have its key and in brackets what names them: `sweep[k=5].inertia`,
/// `splits[test].bce`. Lists of whole numbers, of texts and of truths are values.
pub(super) fn of_summary(value: &Value) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    descend("", value, true, &mut leaves);
    leaves
}

fn descend(key: &str, value: &Value, into_lists: bool, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Null => {}
        Value::Object(entries) => {
            for (name, value) in entries {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                descend(&key, value, into_lists, leaves);
            }
        }
        Value::Array(items) if into_lists && items.iter().any(|item| item.is_object() || item.is_f64()) => {
            for (place, item) in items.iter().enumerate() {
                let (name, used) = name_of(place, item);
                let mut item = item.clone();
                for field in used {
                    if let Some(entries) = item.as_object_mut() {
                        entries.remove(field);
                    }
                }
                descend(&format!("{key}[{name}]"), &item, into_lists, leaves);
            }
        }
        value => leaves.push((key.to_owned(), value.clone())),
    }
}

/// What names an item of a list, and the fields that say so: its method and one of [`NAMES`] as far as it has them, else
/// its place.
fn name_of(place: usize, item: &Value) -> (String, Vec<&'static str>) {
    let method = item.get("method").and_then(Value::as_str);
    let Some(field) = NAMES.into_iter().find(|name| item.get(name).is_some_and(|value| !value.is_null()))
    else {
        return match method {
            Some(method) => (method.to_owned(), vec!["method"]),
            None => (place.to_string(), Vec::new()),
        };
    };
    let name = match &item[field] {
        Value::Array(parts) => parts.iter().map(shown).collect::<Vec<_>>().join(", "),
        number @ Value::Number(_) => format!("{field}={number}"),
        other => shown(other),
    };
    match method {
        Some(method) => (format!("{method}, {name}"), vec![field, "method"]),
        None => (name, vec![field]),
    }
}

/// A value as text: a text without quotes, others as JSON.
pub(super) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(leaves: &[(String, Value)]) -> Vec<&str> {
        leaves.iter().map(|(key, _)| key.as_str()).collect()
    }

    #[test]
    fn lists_of_a_config_are_values() {
        let config = json!({ "cluster": { "k": [2, 3], "batch-size": null }, "seed": 1 });
        let expected = [("cluster.k".to_owned(), json!([2, 3])), ("seed".to_owned(), json!(1))];
        assert_eq!(of_config(&config), expected);
    }

    #[test]
    fn items_are_named_by_what_they_are_of() {
        let summary = json!({
            "sweep": [{ "k": 5, "inertia": 1.5, "silhouette": 0.5 }, { "k": 6, "inertia": 1.0, "silhouette": 0.25 }],
            "splits": [{ "split": "test", "bce": 0.125 }],
            "label_pairs": [{ "labels": ["4", "9"], "share": 0.5 }],
            "explained_variance": [0.5, 0.25],
            "rivals": [],
            "seeds": [42, 43],
        });
        let expected = [
            "explained_variance[0]",
            "explained_variance[1]",
            "label_pairs[4, 9].share",
            "rivals",
            "seeds",
            "splits[test].bce",
            "sweep[k=5].inertia",
            "sweep[k=5].silhouette",
            "sweep[k=6].inertia",
            "sweep[k=6].silhouette",
        ];
        assert_eq!(keys(&of_summary(&summary)), expected);
        let criterion = json!({ "criteria": [{ "method": "k-means", "criterion": "gap", "k": 9, "values": [{ "k": 5, "value": 0.5 }] }] });
        assert_eq!(
            keys(&of_summary(&criterion)),
            ["criteria[k-means, gap].k", "criteria[k-means, gap].values[k=5].value"]
        );
        let density = json!({ "density": [{ "method": "dbscan", "noise": 3 }] });
        assert_eq!(keys(&of_summary(&density)), ["density[dbscan].noise"]);
        let methods = json!({ "sweep": [{ "method": "k-means", "k": 5, "x": 1.5 }, { "method": "mixture", "k": 5, "x": 2.5 }] });
        assert_eq!(keys(&of_summary(&methods)), ["sweep[k-means, k=5].x", "sweep[mixture, k=5].x"]);
    }
}
