//! Names of clusters, which list labels: `Sneaker + Ankle boot + Sandal`.

use crate::style::Text;

const AND: &str = " + ";

/// The name, or as many of its labels as fit into so many logical pixels with an ellipsis after them.
pub(crate) fn fit(name: &str, style: Text, available: f64) -> String {
    let labels: Vec<&str> = name.split(AND).collect();
    let starts = (1..labels.len()).rev().map(|kept| format!("{}{AND}…", labels[..kept].join(AND)));
    std::iter::once(name.to_owned())
        .chain(starts)
        .find(|start| style.width(start) <= available)
        .unwrap_or_else(|| style.fit(name, available).into_owned())
}

/// The name in at most so many lines, broken between its labels; none where it is empty.
pub(crate) fn lines(name: &str, style: Text, available: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for label in name.split(AND).filter(|label| !label.is_empty()) {
        match lines.last_mut() {
            Some(line) if style.width(&format!("{line}{AND}{label} +")) <= available => {
                *line = format!("{line}{AND}{label}");
            }
            Some(line) => {
                line.push_str(" +");
                lines.push(label.to_owned());
            }
            None => lines.push(label.to_owned()),
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        lines[most - 1].push_str(" …");
    }
    lines.iter().map(|line| style.fit(line, available).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_do_not_fit_are_left_out() {
        let name = "Sneaker + Ankle boot + Sandal";
        assert_eq!(fit(name, Text::BODY, 300.0), name);
        assert_eq!(fit(name, Text::BODY, 170.0), "Sneaker + Ankle boot + …");
        assert!(fit("an extraordinarily long name", Text::BODY, 60.0).contains('…'));
    }

    #[test]
    fn names_break_between_labels() {
        let lines = |name| lines(name, Text::BODY, 126.0, 3);
        assert_eq!(lines("4 + 9"), ["4 + 9"]);
        assert_eq!(lines("Sneaker + Ankle boot + Sandal"), ["Sneaker +", "Ankle boot +", "Sandal"]);
        let long = lines("T-shirt/top + Pullover + Dress + Ankle boot + Sandal + Sneaker");
        assert_eq!((long.len(), long[2].ends_with('…')), (3, true), "{long:?}");
        assert!(lines("").is_empty());
    }
}
