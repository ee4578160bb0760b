//! How two tables of any columns differ.

use std::path::Path;

use latentkit_core::Result;

use crate::frame::{TableDifferences, TableReader, differences};

/// Compares the columns and the metadata of two Parquet files. NaN equals NaN, and a missing value a missing one.
///
/// # Errors
/// Of kind input when one of them cannot be read.
pub fn table_differences(first: &Path, second: &Path) -> Result<TableDifferences> {
    differences(&TableReader::open(first)?, &TableReader::open(second)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{ColumnDifference, Difference, Table};
    use crate::metadata::Metadata;
    use latentkit_core::ImageShape;

    fn write(folder: &Path, name: &str, table: Table, seed: &str) -> std::path::PathBuf {
        let path = folder.join(name);
        table.write(&path, &Metadata::from([("seed".to_owned(), seed.to_owned())])).unwrap();
        path
    }

    fn table(values: &[f32], other: f64) -> Table {
        let (rows, pixels) = (values.len(), [1, other as u8]);
        Table::new(rows)
            .u32("id", (0..rows as u32).collect())
            .f32("z0", values.to_vec())
            .f32_list("z", values.iter().flat_map(|&value| [value, -value]).collect(), 2)
            .text("name", values.iter().map(|&value| if value > 1.0 { "large" } else { "small" }))
            .images("image", ImageShape::grey(1, 2), &vec![&pixels[..]; rows])
            .f64("other", vec![other; rows])
    }

    #[test]
    fn a_table_does_not_differ_from_itself() {
        let folder = tempfile::tempdir().unwrap();
        let values = [0.0, f32::NAN, f32::INFINITY];
        let one = write(folder.path(), "one", table(&values, 1.0), "1");
        let two = write(folder.path(), "two", table(&values, 1.0), "1");
        assert_eq!(table_differences(&one, &two).unwrap(), TableDifferences::default());
        let empty = write(folder.path(), "empty", table(&[], 1.0), "1");
        assert_eq!(table_differences(&empty, &empty).unwrap(), TableDifferences::default());
    }

    #[test]
    fn the_largest_difference_of_each_column_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let one = write(folder.path(), "one", table(&[0.0, 1.0, 2.0], 1.0), "1");
        let two = write(folder.path(), "two", table(&[0.0, 1.25, 1.5], 3.0), "2");
        let found = table_differences(&one, &two).unwrap();
        let column = |name: &str, difference| ColumnDifference { name: name.to_owned(), difference };
        let expected = [
            column("z0", Difference::Largest(0.5)),
            column("z", Difference::Largest(0.5)),
            column("name", Difference::Rows(1)),
            column("image", Difference::Rows(3)),
            column("other", Difference::Largest(2.0)),
        ];
        assert_eq!(found.columns, expected);
        assert_eq!(found.metadata, ["seed"]);
    }

    #[test]
    fn a_number_that_is_lost_differs_without_bound() {
        let folder = tempfile::tempdir().unwrap();
        let one = write(folder.path(), "one", Table::new(2).f64("x", vec![1.0, 2.0]), "1");
        for lost in [f64::NAN, f64::INFINITY] {
            let two = write(folder.path(), "two", Table::new(2).f64("x", vec![1.0, lost]), "1");
            let found = table_differences(&one, &two).unwrap();
            assert_eq!(found.columns[0].difference, Difference::Largest(f64::INFINITY));
        }
    }

    #[test]
    fn columns_rows_and_types_that_do_not_match_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let one = write(folder.path(), "one", Table::new(1).f32("x", vec![1.0]).u32("y", vec![1]), "1");
        let two = write(folder.path(), "two", Table::new(1).f64("x", vec![1.0]).u32("w", vec![1]), "1");
        let kinds: Vec<_> = table_differences(&one, &two)
            .unwrap()
            .columns
            .into_iter()
            .map(|column| (column.name, column.difference))
            .collect();
        let kind = |text: &str| Difference::Kind(text.to_owned());
        assert_eq!(
            kinds,
            [
                ("x".to_owned(), kind("f32 there, f64 here")),
                ("y".to_owned(), kind("not here")),
                ("w".to_owned(), kind("only here")),
            ]
        );
        let two = write(folder.path(), "two", Table::new(2).f32("x", vec![1.0; 2]).u32("y", vec![1; 2]), "1");
        let found = table_differences(&one, &two).unwrap();
        assert_eq!(found.columns[0].difference, kind("1 row(s) there, 2 here"));
    }

    #[test]
    fn what_is_no_table_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs_err::write(&path, "id,x").unwrap();
        assert!(table_differences(&path, &path).unwrap_err().to_string().contains("a Parquet file"));
    }
}
