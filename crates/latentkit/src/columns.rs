//! Tables of text in columns, as a terminal and as Markdown show them.

use std::fmt::Write as _;

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table: its columns, and rows of as many cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    names: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn column(mut self, name: impl Into<String>, align: Align) -> Self {
        self.names.push((name.into(), align));
        self
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.names.len(), "a cell for each column");
        self.rows.push(cells);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// The lines of the table: the names, then the rows, each column as wide as its widest cell.
    pub(crate) fn lines(&self) -> Vec<String> {
        let names = self.names();
        let width = |index: usize| {
            let cells = self.rows.iter().map(|row| row[index].chars().count());
            cells.chain([names[index].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..names.len()).map(width).collect();
        let line = |cells: &[String]| {
            let mut line = String::new();
            for ((cell, (_, align)), &width) in cells.iter().zip(&self.names).zip(&widths) {
                // Writing to a text never fails.
                let _ = match align {
                    Align::Left => write!(line, "{cell:<width$}  "),
                    Align::Right => write!(line, "{cell:>width$}  "),
                };
            }
            line.trim_end().to_owned()
        };
        std::iter::once(&names).chain(&self.rows).map(|cells| line(cells)).collect()
    }

    /// The table as GitHub's Markdown has it.
    pub(crate) fn markdown(&self) -> Vec<String> {
        let line = |cells: &[String]| {
            let cells: Vec<_> = cells.iter().map(|cell| escape(cell)).collect();
            format!("| {} |", cells.join(" | "))
        };
        let rule = self.names.iter().map(|(_, align)| match align {
            Align::Left => "---",
            Align::Right => "---:",
        });
        let rule = format!("| {} |", rule.collect::<Vec<_>>().join(" | "));
        [line(&self.names()), rule].into_iter().chain(self.rows.iter().map(|cells| line(cells))).collect()
    }
}

/// Escapes a text for a cell of a Markdown table.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Columns {
        let mut table = Columns::new().column("name", Align::Left).column("BCE", Align::Right);
        table.row(vec!["a|b".to_owned(), "0.1".to_owned()]);
        table.row(vec!["größer".to_owned(), String::new()]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        assert_eq!(table().lines(), ["name    BCE", "a|b     0.1", "größer"]);
    }

    #[test]
    fn a_bar_in_a_cell_is_no_border() {
        let expected = ["| name | BCE |", "| --- | ---: |", "| a\\|b | 0.1 |", "| größer |  |"];
        assert_eq!(table().markdown(), expected);
    }
}
