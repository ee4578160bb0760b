//! What a Parquet file claims, compared with what it holds before polars allocates for it: a few bytes of a damaged or
//! malicious file can say that there are billions of values, and Parquet can say truthfully that a few bytes stand for
//! very many. The format: <https://github.com/apache/parquet-format>.

use std::io::{Read, Seek, SeekFrom};

use latentkit_core::Result;
use polars::prelude::{ArrowDataType, ArrowField};
use polars_io::prelude::FileMetadata;

use super::thrift::{Kind, Thrift};

/// What is wrong with a file, in words.
pub(super) type Checked<T> = std::result::Result<T, String>;

/// How many times as large as the file its values may be, beyond [`FREE`]. Equal numbers are packed as tightly as that.
const RATIO: u64 = 1000;

/// Bytes of values that any file may hold, however small.
const FREE: u64 = 1 << 28;

/// How deep the columns of a table may be nested; a list takes two levels.
pub(super) const DEPTH: usize = 32;

/// Bytes that the header of a page takes at most: a few numbers, and the least and the greatest value.
const MAX_HEADER: u64 = 1 << 20;

/// What the values of a file of so many bytes may take in memory.
pub(super) fn allowed(length: u64) -> u64 {
    length.saturating_mul(RATIO).saturating_add(FREE)
}

/// Checks that the schema in the footer is not nested so deeply that reading it overflows the stack.
///
/// A file that has no footer is left to polars, which says so.
pub(super) fn check_schema(file: &mut (impl Read + Seek)) -> Result<Checked<()>> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut tail = [0; 8];
    if length < 12 {
        return Ok(Ok(()));
    }
    file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, ..] = tail;
    let size = u64::from(u32::from_le_bytes([a, b, c, d]));
    if tail[4..] != *b"PAR1" || size + 8 > length {
        return Ok(Ok(()));
    }
    file.seek(SeekFrom::End(-8 - size.cast_signed()))?;
    let mut footer = Vec::new();
    file.by_ref().take(size).read_to_end(&mut footer)?;
    Ok(match schema_depth(&footer) {
        None => Err("its footer is damaged".to_owned()),
        Some(depth) if depth > DEPTH => {
            Err(format!("its columns are nested {depth} levels deep, over {DEPTH}"))
        }
        Some(_) => Ok(()),
    })
}

/// How deep the schema of a footer is nested; [`DEPTH`] + 1 for any that is deeper, none for a damaged footer.
fn schema_depth(footer: &[u8]) -> Option<usize> {
    let mut deepest = None;
    let whole = Thrift(footer).fields(|metadata, id, kind| {
        if id != 2 {
            return Some(false);
        }
        let (elements, Kind::Struct) = metadata.list()? else { return None };
        if kind != Kind::List {
            return None;
        }
        // How many children are still to come at each level.
        let mut open: Vec<i64> = Vec::new();
        for _ in 0..elements {
            let children = children(metadata)?;
            if let Some(last) = open.last_mut() {
                *last -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            while open.last() == Some(&0) {
                open.pop();
            }
            deepest = deepest.max(Some(open.len()));
            if open.len() > DEPTH {
                return None; // nobody looks at the rest
            }
        }
        Some(true)
    });
    if whole.is_some() { deepest } else { deepest.filter(|&depth| depth > DEPTH) }
}

/// How many children an element of the schema has.
fn children(schema: &mut Thrift<'_>) -> Option<i64> {
    let mut children = 0;
    schema.fields(|element, id, kind| match (id, kind) {
        (5, Kind::I32) => {
            children = element.integer()?;
            Some(true)
        }
        // The name is a text, the logical type a struct and all others are numbers; polars takes that for granted.
        (4, Kind::Binary) | (10, Kind::Struct) | (1..=3 | 6..=9, Kind::I32) | (11.., _) => Some(false),
        _ => None,
    })?;
    Some(children)
}

/// Checks that the rows of the footer add up.
pub(super) fn check_footer(metadata: &FileMetadata) -> Checked<()> {
    let rows = metadata.row_groups.iter().try_fold(0_usize, |sum, group| sum.checked_add(group.num_rows()));
    let rows = rows.filter(|&rows| rows == metadata.num_rows).ok_or("its row groups do not add up")?;
    if u32::try_from(rows).is_err() {
        return Err(format!("it claims {rows} rows, more than {}", u32::MAX));
    }
    Ok(())
}

/// Checks the numbers of the footer about a column: values that add up, chunks that lie in the file, and values that take no
/// more memory than [`allowed`].
pub(super) fn check_column(metadata: &FileMetadata, field: &ArrowField, length: u64) -> Checked<()> {
    let (mut bytes, width) = (0_u64, width(field.dtype()));
    for group in &metadata.row_groups {
        for chunk in group.columns_under_root_iter(&field.name).into_iter().flatten() {
            let values = u64::try_from(chunk.num_values())
                .map_err(|_| format!("column `{}` claims {} values", field.name, chunk.num_values()))?;
            let range = chunk.byte_range();
            if range.start > range.end || range.end > length {
                return Err(format!("column `{}` does not lie in the file", field.name));
            }
            let expected = group.num_rows() as u64;
            let nested = is_nested(field.dtype());
            if values < expected || (values > expected && !nested) {
                return Err(format!("column `{}` claims {values} values of {expected} rows", field.name));
            }
            let slots = values.max(expected.saturating_mul(slots(field.dtype())));
            bytes = bytes.saturating_add(slots.saturating_mul(width));
        }
    }
    check_size(bytes, length)
}

/// Checks that values of so many bytes are not too much for a file of `length` bytes.
pub(super) fn check_size(bytes: u64, length: u64) -> Checked<()> {
    let allowed = allowed(length);
    if bytes <= allowed {
        return Ok(());
    }
    Err(format!("it has {length} bytes and claims values of {bytes}, more than {allowed}"))
}

/// Checks the pages of a column: they lie in their chunk, have the values that the footer says, and unpack to no more than
/// [`allowed`].
pub(super) fn check_pages(
    file: &mut (impl Read + Seek),
    metadata: &FileMetadata,
    name: &str,
    length: u64,
) -> Result<Checked<()>> {
    let mut unpacked = 0_u64;
    for group in &metadata.row_groups {
        for chunk in group.columns_under_root_iter(name).into_iter().flatten() {
            let range = chunk.byte_range();
            let (mut at, mut values) = (range.start, 0);
            while values < chunk.num_values() {
                let Some(page) = read_page(file, at, range.end)? else {
                    return Ok(Err(format!("column `{name}` has a damaged page")));
                };
                values = values.saturating_add(page.values);
                unpacked = unpacked.saturating_add(page.unpacked);
                at += page.length;
            }
            if values != chunk.num_values() {
                return Ok(Err(format!("column `{name}` has {values} values, not {}", chunk.num_values())));
            }
        }
    }
    Ok(check_size(unpacked, length))
}

/// What the header of a page says.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    /// Values of a page of data; 0 for a dictionary.
    values: i64,
    /// Bytes that it takes when unpacked, and 16 beside them for each value of a dictionary.
    unpacked: u64,
    /// Bytes of the header and the page.
    length: u64,
}

/// The page at `at`, which must end before `limit`; none when it is damaged.
fn read_page(file: &mut (impl Read + Seek), at: u64, limit: u64) -> Result<Option<Page>> {
    // Headers are short, but for the least and the greatest of long values.
    let mut window = 256;
    loop {
        let most = limit.saturating_sub(at).min(window);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        file.by_ref().take(most).read_to_end(&mut bytes)?;
        if let Some(page) = page_header(&bytes) {
            return Ok((page.length <= limit - at).then_some(page));
        }
        if most < window || window >= MAX_HEADER {
            return Ok(None);
        }
        window *= 16;
    }
}

/// The page whose header is at the start of the bytes.
fn page_header(bytes: &[u8]) -> Option<Page> {
    let mut thrift = Thrift(bytes);
    let (mut sort, mut unpacked, mut packed, mut values, mut entries) = (None, None, None, None, None);
    let mut last = 0;
    thrift.fields(|header, id, kind| {
        // Whoever takes the last of two equal fields sees another page than whoever takes the first.
        if id <= last {
            return None;
        }
        last = id;
        match (id, kind) {
            (1, Kind::I32) => sort = Some(header.integer()?),
            (2, Kind::I32) => unpacked = Some(header.integer()?),
            (3, Kind::I32) => packed = Some(header.integer()?),
            (5 | 8, Kind::Struct) => values = Some(count(header)?),
            (7, Kind::Struct) => entries = Some(count(header)?),
            (1..=3 | 5 | 7 | 8, _) => return None,
            _ => return Some(false),
        }
        Some(true)
    })?;
    let (values, entries) = match sort? {
        0 | 3 => (values?, 0),
        2 => (0, u64::try_from(entries?).ok()?),
        _ => return None,
    };
    let header = (bytes.len() - thrift.0.len()) as u64;
    (values >= 0).then_some(Page {
        values,
        unpacked: u64::try_from(unpacked?).ok()?.saturating_add(entries.saturating_mul(16)),
        length: u64::try_from(packed?).ok()?.saturating_add(header),
    })
}

/// The number of values, the first field of every kind of page.
fn count(header: &mut Thrift<'_>) -> Option<i64> {
    let mut count = None;
    header.fields(|inside, id, kind| match (id, kind) {
        (1, Kind::I32) if count.is_none() => {
            count = Some(inside.integer()?);
            Some(true)
        }
        (1, _) => None,
        _ => Some(false),
    })?;
    count
}

/// Bytes that a value takes in memory; of texts and bytes what they take beside their content.
fn width(dtype: &ArrowDataType) -> u64 {
    use ArrowDataType as T;
    match dtype {
        T::Boolean | T::Int8 | T::UInt8 => 1,
        T::Int16 | T::UInt16 | T::Float16 => 2,
        T::Int32 | T::UInt32 | T::Float32 | T::Date32 | T::Time32(_) => 4,
        T::FixedSizeBinary(size) => *size as u64,
        T::List(inner) | T::LargeList(inner) | T::FixedSizeList(inner, _) => width(inner.dtype()),
        T::Int64 | T::UInt64 | T::Float64 => 8,
        _ => 16,
    }
}

/// Places that a row takes whatever it holds: lists of one length keep them for a null.
fn slots(dtype: &ArrowDataType) -> u64 {
    match dtype {
        ArrowDataType::FixedSizeList(inner, width) => (*width as u64).saturating_mul(slots(inner.dtype())),
        _ => 1,
    }
}

/// Whether a row may have several values.
fn is_nested(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    matches!(dtype, T::List(_) | T::LargeList(_) | T::FixedSizeList(..) | T::Struct(_) | T::Map(..))
}

#[cfg(test)]
mod tests;
