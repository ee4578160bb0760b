//! Columns of PNG files to pixels.

use latentkit_core::{Cancellation, ImageShape, Result};
use polars::prelude::*;
use rayon::prelude::*;

use super::reader::TableReader;
use super::types::{is_picture, type_name};
use crate::picture;

/// Rows that are read together where only some are wanted.
const WINDOW: usize = 1024;

impl TableReader {
    /// The pixels of a column of images, one image after the other. Asks between row groups whether to stop.
    pub(crate) fn images(&self, name: &str, shape: ImageShape, cancel: Cancellation) -> Result<Vec<u8>> {
        let _entered = self.reading(name).entered();
        self.check_pictures(name, shape, self.height)?;
        let mut pixels = Vec::with_capacity(shape.len() * self.height);
        for group in self.groups(name)? {
            cancel.check()?;
            let (first, series) = group;
            let series = series?;
            let start = pixels.len();
            pixels.resize(start + series.len() * shape.len(), 0);
            let images: Vec<_> = pixels[start..].chunks_exact_mut(shape.len()).enumerate().collect();
            self.decode(name, &series, shape, images, |row| first + row)?;
        }
        Ok(pixels)
    }

    /// The pixels of the images of these rows, which the table has, one after the other. No more than [`WINDOW`] other rows are
    /// in memory at once.
    pub(crate) fn images_of(&self, name: &str, shape: ImageShape, rows: &[usize]) -> Result<Vec<u8>> {
        let _entered = self.reading(name).entered();
        self.check_pictures(name, shape, rows.len())?;
        let mut pixels = vec![0; shape.len() * rows.len()];
        let mut images: Vec<_> = pixels.chunks_exact_mut(shape.len()).zip(rows).collect();
        images.sort_by_key(|&(_, row)| row);
        for window in images.chunk_by_mut(|(_, a), (_, b)| *a / WINDOW == *b / WINDOW) {
            let [first, last] = [*window[0].1, *window[window.len() - 1].1];
            let series = self.read_rows(name, self.first + first, last - first + 1)?;
            let images = window.iter_mut().map(|(image, row)| (**row - first, &mut **image)).collect();
            self.decode(name, &series, shape, images, |row| first + row)?;
        }
        Ok(pixels)
    }

    /// Fails where the column holds no PNG files, or so many images would be larger than the file gives reason for.
    fn check_pictures(&self, name: &str, shape: ImageShape, count: usize) -> Result<()> {
        if let Some(field) = self.schema.get(name)
            && !is_picture(field.dtype())
        {
            return Err(self
                .wrong(format!("column `{name}` holds no PNG files"))
                .expected("`struct` of `bytes` and `path`")
                .found(format!("`{}`", type_name(field.dtype())))
                .hint("an older latentkit may have written it: run `latentkit ingest`, or the stage that wrote it, again"));
        }
        self.check_column(name)?;
        self.within_reason(name, std::iter::repeat_n(shape.len(), count))
    }

    /// Decodes files of a column, each by its place in `series`, into the pixels of an image. `row` is the row of a place.
    fn decode(
        &self,
        name: &str,
        series: &Series,
        shape: ImageShape,
        images: Vec<(usize, &mut [u8])>,
        row: impl Fn(usize) -> usize + Sync,
    ) -> Result<()> {
        let files = bytes_of(series).map_err(|error| self.wrong(error))?;
        let files = files.binary().map_err(|error| self.wrong(error))?;
        images.into_par_iter().try_for_each(|(place, pixels)| {
            let file = files.get(place).ok_or_else(|| self.null_at(name, row(place)))?;
            picture::decode(file, shape, pixels)
                .map_err(|problem| self.wrong(format!("column `{name}`, row {} {problem}", row(place))))
        })
    }
}

/// The bytes of files.
pub(super) fn bytes_of(series: &Series) -> PolarsResult<Series> {
    series.struct_()?.field_by_name("bytes")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use polars_arrow::array::{BinaryViewArray, MutableBinaryViewArray};

    use super::*;
    use crate::frame::column::Column;
    use crate::frame::output::RowGroups;
    use crate::metadata::Metadata;

    const SHAPE: ImageShape = ImageShape { height: 1, width: 2, channels: 1 };

    /// What is said of a file whose column `image` holds these files, in row groups of two rows.
    fn read(folder: &Path, files: &[Option<Vec<u8>>], shape: ImageShape) -> Result<Vec<u8>> {
        let path = folder.join("table.parquet");
        let array: BinaryViewArray = MutableBinaryViewArray::from_iterator(files.iter().cloned()).into();
        let columns = [Column::files("image", array)];
        let mut file = RowGroups::start(fs_err::File::create(&path)?, &columns, &Metadata::new()).unwrap();
        for first in (0..files.len()).step_by(2) {
            file.write(&columns, first, 2.min(files.len() - first)).unwrap();
        }
        file.finish().unwrap();
        let table = TableReader::open(&path)?;
        let rows: Vec<usize> = (0..files.len()).rev().collect();
        let all = table.images("image", shape, Cancellation::never());
        match (&all, table.images_of("image", shape, &rows)) {
            (Ok(all), Ok(some)) => {
                let turned: Vec<u8> = some.rchunks_exact(shape.len()).flatten().copied().collect();
                assert_eq!(all, &turned);
            }
            (all, some) => assert!(all.is_err() && some.is_err()),
        }
        all
    }

    fn picture(value: u8) -> Vec<u8> {
        picture::encode(&[value, 0], SHAPE)
    }

    #[test]
    fn images_of_several_row_groups_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = (1..6).map(|value| Some(picture(value))).collect();
        assert_eq!(read(folder.path(), &files, SHAPE).unwrap(), [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
        assert!(read(folder.path(), &[], SHAPE).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_such_picture_is_named_by_its_row() {
        let folder = tempfile::tempdir().unwrap();
        let large = ImageShape::grey(3, 2);
        for (file, expected) in [
            (Some(picture::encode(&[0; 6], large)), "row 3 is a picture of 3x2 pixels"),
            (Some(b"GIF89a".to_vec()), "row 3 is no PNG file"),
            (Some(Vec::new()), "row 3 is no PNG file"),
            (None, "row 3 (counted from 0) is null"),
        ] {
            let files = [Some(picture(1)), Some(picture(2)), Some(picture(3)), file];
            let error = read(folder.path(), &files, SHAPE).unwrap_err().to_string();
            assert!(error.contains("table.parquet") && error.contains("column `image`"), "{error}");
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn more_pixels_than_a_file_gives_reason_for_are_refused_before_they_are_allocated() {
        let folder = tempfile::tempdir().unwrap();
        let files = vec![Some(picture(1)); 100];
        let error = read(folder.path(), &files, ImageShape::grey(1 << 15, 1 << 15)).unwrap_err().to_string();
        assert!(error.contains("column `image` is too large"), "{error}");
    }

    #[test]
    fn reading_ends_when_the_user_asks() {
        let folder = tempfile::tempdir().unwrap();
        read(folder.path(), &[Some(picture(1))], SHAPE).unwrap();
        let table = TableReader::open(&folder.path().join("table.parquet")).unwrap();
        let asked = std::sync::atomic::AtomicBool::new(true);
        let error = table.images("image", SHAPE, Cancellation::new(&asked)).unwrap_err();
        assert_eq!(error.kind(), latentkit_core::ErrorKind::Interrupted);
    }
}
