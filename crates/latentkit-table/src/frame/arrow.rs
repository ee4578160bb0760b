//! Columns of Arrow files (Feather version 2), whose footer lists their messages, and of streams, which are read through for them.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use polars::prelude::*;
use polars_arrow::io::ipc::format::ipc::planus::ReadAsRoot;
use polars_arrow::io::ipc::format::ipc::{self, MessageHeaderRef as Header};
use polars_arrow::io::ipc::read::{
    Dictionaries, FileMetadata, deserialize_footer, deserialize_schema, read_batch, read_dictionary_block,
};

use super::catch_panic::catch_panic;
use super::content::Content;
use super::limits::{self, Checked};

/// An Arrow file or stream.
pub(super) struct ArrowFile {
    path: PathBuf,
    /// The schema and where the batches lie.
    layout: FileMetadata,
    /// Rows of each batch.
    rows: Vec<usize>,
    /// Bytes of all batches and dictionaries when unpacked.
    unpacked: u64,
    /// Where the texts of dictionaries lie, each with the number of batches before it that they are not for.
    dictionaries: Vec<(usize, ipc::Block)>,
}

/// What messages begin with, but in files from before 2019.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// What a file begins and ends with.
const MAGIC: &[u8] = b"ARROW1";

impl ArrowFile {
    /// Finds the batches, and compares what they claim with what the file holds before anything is allocated for them.
    pub(super) fn open(path: &Path, length: u64, file: &mut fs_err::File) -> Checked<Self> {
        let mut messages = Messages { file, length };
        catch_panic(|| Ok(Self::scan(path, &mut messages))).unwrap_or_else(|error| Err(error.to_string()))
    }

    fn scan(path: &Path, messages: &mut Messages) -> Checked<Self> {
        let is_file = messages.bytes(0, MAGIC.len() as u64).is_some_and(|start| start == MAGIC);
        let (layout, all) = if is_file { messages.of_file()? } else { messages.of_stream()? };
        let mut found = Self {
            path: path.to_path_buf(),
            layout,
            rows: Vec::new(),
            unpacked: 0,
            dictionaries: Vec::new(),
        };

        for at in all {
            let message = messages.at(at)?.ok_or(CUT_OFF)?;
            let root = ipc::MessageRef::read_as_root(&message.bytes).map_err(|_| DAMAGED)?;
            let batch = match root.header() {
                Ok(Some(Header::RecordBatch(batch))) => {
                    let rows = batch.length().ok().and_then(|rows| usize::try_from(rows).ok());
                    found.rows.push(rows.ok_or(DAMAGED)?);
                    found.layout.blocks.push(message.block);
                    batch
                }
                Ok(Some(Header::DictionaryBatch(dictionary))) => {
                    found.dictionaries.push((found.rows.len(), message.block));
                    dictionary.data().ok().flatten().ok_or(DAMAGED)?
                }
                _ => return Err("an Arrow message that is no batch".to_owned()),
            };
            let size = messages.unpacked(&message, batch).ok_or(DAMAGED)?;
            found.unpacked = found.unpacked.saturating_add(size);
            limits::check_size(found.unpacked, messages.length)?;
        }
        let all = found.rows.iter().try_fold(0_usize, |sum, &rows| sum.checked_add(rows));
        if all.and_then(|all| u32::try_from(all).ok()).is_none() {
            return Err(format!("more than {} rows", u32::MAX));
        }
        Ok(found)
    }
}

const CUT_OFF: &str = "an Arrow file that is cut off";
const DAMAGED: &str = "a damaged Arrow message";

impl Content for ArrowFile {
    fn schema(&self) -> &ArrowSchema {
        &self.layout.schema
    }

    fn height(&self) -> usize {
        self.rows.iter().sum()
    }

    fn groups(&self, _name: &str) -> Vec<usize> {
        self.rows.clone()
    }

    /// As many as there could be of four bytes each, which is exact where the table has no other column.
    fn values(&self, _name: &str) -> usize {
        usize::try_from(self.unpacked / 4).unwrap_or(usize::MAX)
    }

    fn read(&self, name: &str, first: usize, height: usize) -> PolarsResult<Series> {
        let (column, _, field) = self.layout.schema.get_full(name).expect("the table has the column");
        let mut file = fs_err::File::open(&self.path)?;
        let (mut message, mut data) = (Vec::new(), Vec::new());
        let mut dictionaries = Dictionaries::default();
        let mut later = self.dictionaries.iter().peekable();
        let mut found = Series::new_empty(name.into(), &DataType::from_arrow_field(field));
        let mut start = 0;
        for (batch, &rows) in self.rows.iter().enumerate() {
            while has_dictionary(field.dtype())
                && let Some((_, block)) = later.next_if(|(before, _)| *before <= batch)
            {
                read_dictionary_block(
                    &mut file,
                    &self.layout,
                    block,
                    false,
                    &mut dictionaries,
                    &mut message,
                    &mut data,
                    checked(),
                )?;
            }
            let (from, to) = (first.max(start), (first + height).min(start + rows));
            if from < to {
                let chunk = read_batch(
                    &mut file,
                    &dictionaries,
                    &self.layout,
                    Some(&[column]),
                    None,
                    batch,
                    false,
                    &mut message,
                    &mut data,
                    checked(),
                )?;
                let array = chunk.into_arrays().remove(0);
                let series = Series::try_from((field, array))?;
                found.append_owned(series.slice((from - start) as i64, to - from))?;
            }
            start += rows;
        }
        Ok(found.rechunk())
    }
}

/// A message, without its body.
struct Message {
    block: ipc::Block,
    bytes: Vec<u8>,
    /// Where the next one begins.
    end: u64,
}

/// The messages of a file or stream.
struct Messages<'a> {
    file: &'a mut fs_err::File,
    /// Bytes of the file.
    length: u64,
}

impl Messages<'_> {
    /// The schema of a file, without batches, and where its messages begin, those of dictionaries first.
    fn of_file(&mut self) -> Checked<(FileMetadata, Vec<u64>)> {
        let tail = MAGIC.len() as u64 + 4;
        let start = self.length.checked_sub(tail).ok_or(CUT_OFF)?;
        let end = self.bytes(start, tail).filter(|end| end.ends_with(MAGIC)).ok_or(CUT_OFF)?;
        let size = end.first_chunk().map_or(0, |size| u32::from_le_bytes(*size));
        let footer =
            start.checked_sub(size.into()).and_then(|at| self.bytes(at, size.into())).ok_or(CUT_OFF)?;
        let root = ipc::FooterRef::read_as_root(&footer).map_err(|_| DAMAGED)?;
        check_schema(root.schema().ok().flatten().ok_or(DAMAGED)?, footer.len())?;
        let mut layout = deserialize_footer(&footer, self.length).map_err(|error| error.to_string())?;
        let blocks =
            layout.dictionaries.take().into_iter().flatten().chain(std::mem::take(&mut layout.blocks));
        let all = blocks.map(|block| u64::try_from(block.offset).map_err(|_| DAMAGED.to_owned()));
        let all = all.collect::<Checked<_>>()?;
        layout.schema = Arc::new(plain(&layout.schema));
        Ok((layout, all))
    }

    /// The schema of a stream and where its messages begin, in their order.
    fn of_stream(&mut self) -> Checked<(FileMetadata, Vec<u64>)> {
        let first = self.at(0)?.ok_or("an Arrow stream without a schema")?;
        let root = ipc::MessageRef::read_as_root(&first.bytes).map_err(|_| DAMAGED)?;
        let Ok(Some(Header::Schema(schema))) = root.header() else {
            return Err("an Arrow stream without a schema".to_owned());
        };
        check_schema(schema, first.bytes.len())?;
        let (schema, ipc_schema, _) = deserialize_schema(&first.bytes).map_err(|error| error.to_string())?;
        let (mut all, mut next) = (Vec::new(), first.end);
        while let Some(message) = self.at(next)? {
            all.push(next);
            next = message.end;
        }
        let layout = FileMetadata {
            schema: Arc::new(plain(&schema)),
            custom_schema_metadata: None,
            custom_metadata: None,
            ipc_schema,
            blocks: Vec::new(),
            dictionaries: None,
            size: self.length,
        };
        Ok((layout, all))
    }

    /// The message that begins at a place, whose body lies in the file; none at the end.
    fn at(&mut self, at: u64) -> Checked<Option<Message>> {
        let mut prefix = 4;
        let Some(mut size) = self.bytes(at, 4) else { return Ok(None) };
        if size == CONTINUATION {
            prefix = 8;
            size = self.bytes(at + 4, 4).ok_or(CUT_OFF)?;
        }
        let size = size.first_chunk().map_or(0, |size| u32::from_le_bytes(*size));
        if size == 0 {
            return Ok(None);
        }
        let start = at + prefix + u64::from(size);
        let bytes = self.bytes(at + prefix, size.into()).ok_or(CUT_OFF)?;
        let body = ipc::MessageRef::read_as_root(&bytes).and_then(|message| message.body_length());
        let body_length = body.map_err(|_| DAMAGED)?;
        let block = ipc::Block {
            offset: at.cast_signed(),
            meta_data_length: i32::try_from(start - at).map_err(|_| CUT_OFF)?,
            body_length,
        };
        let end = u64::try_from(body_length).ok().and_then(|body| start.checked_add(body));
        let end = end.filter(|&end| end <= self.length).ok_or(CUT_OFF)?;
        Ok(Some(Message { block, bytes, end }))
    }

    /// Bytes of the file; none where it ends before.
    fn bytes(&mut self, at: u64, count: u64) -> Option<Vec<u8>> {
        if at.checked_add(count)? > self.length {
            return None;
        }
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.by_ref().take(count).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 == count).then_some(bytes)
    }

    /// Bytes that the buffers of a batch take when unpacked; none where one does not lie in the body of its message.
    fn unpacked(&mut self, message: &Message, batch: ipc::RecordBatchRef<'_>) -> Option<u64> {
        let body = (message.block.offset + i64::from(message.block.meta_data_length)).cast_unsigned();
        let is_packed = batch.compression().ok()?.is_some();
        let mut sum = 0_u64;
        for buffer in batch.buffers().ok()?? {
            let (offset, length) =
                (u64::try_from(buffer.offset()).ok()?, u64::try_from(buffer.length()).ok()?);
            if offset.checked_add(length)? > message.block.body_length.cast_unsigned() {
                return None;
            }
            let mut size = length;
            if is_packed && length > 0 {
                let claimed = self.bytes(body + offset, 8).filter(|_| length >= 8)?;
                size = match i64::from_le_bytes(*claimed.first_chunk()?) {
                    -1 => length - 8, // not packed after all
                    claimed => u64::try_from(claimed).ok()?,
                };
            }
            sum = sum.saturating_add(size);
        }
        Some(sum)
    }
}

/// Has offsets and texts checked, which is the default of a type of polars.
fn checked<T: Default>() -> T {
    T::default()
}

/// Checks that the fields of a schema of so many bytes can be read.
fn check_schema(schema: ipc::SchemaRef<'_>, length: usize) -> Checked<()> {
    // Each field takes some bytes, but several may be said to lie at one place.
    let mut budget = length / 4;
    for field in schema.fields().map_err(|_| DAMAGED)?.into_iter().flatten() {
        check_field(field.map_err(|_| DAMAGED)?, limits::DEPTH, &mut budget)?;
    }
    Ok(())
}

/// Checks that a field is not nested so deeply that reading it overflows the stack, and is of a type that is known.
fn check_field(field: ipc::FieldRef<'_>, depth: usize, budget: &mut usize) -> Checked<()> {
    *budget = budget.checked_sub(1).ok_or(DAMAGED)?;
    if let Ok(Some(ipc::TypeRef::ListView(_) | ipc::TypeRef::LargeListView(_))) = field.type_() {
        let name = field.name().ok().flatten().unwrap_or_default();
        return Err(format!("a column of views of lists, `{name}`, which Parquet files alone may have"));
    }
    let depth = depth
        .checked_sub(1)
        .ok_or_else(|| format!("columns that are nested more than {} levels deep", limits::DEPTH))?;
    for child in field.children().map_err(|_| DAMAGED)?.into_iter().flatten() {
        check_field(child.map_err(|_| DAMAGED)?, depth, budget)?;
    }
    Ok(())
}

/// The columns as they are stored.
fn plain(schema: &ArrowSchema) -> ArrowSchema {
    let plain = |field: &ArrowField| ArrowField { dtype: storage(field.dtype.clone()), ..field.clone() };
    schema.iter_values().map(|field| (field.name.clone(), plain(field))).collect()
}

/// What values of a type are stored as: tensors as lists, and so on.
fn storage(dtype: ArrowDataType) -> ArrowDataType {
    use ArrowDataType as T;
    let inner = |field: Box<ArrowField>| {
        let ArrowField { dtype, .. } = *field;
        Box::new(ArrowField { dtype: storage(dtype), ..*field })
    };
    match dtype {
        T::Extension(extension) => storage(extension.inner),
        T::List(field) => T::List(inner(field)),
        T::LargeList(field) => T::LargeList(inner(field)),
        T::FixedSizeList(field, width) => T::FixedSizeList(inner(field), width),
        T::Struct(fields) => {
            let plain = |field: ArrowField| ArrowField { dtype: storage(field.dtype), ..field };
            T::Struct(fields.into_iter().map(plain).collect())
        }
        other => other,
    }
}

fn has_dictionary(dtype: &ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::Dictionary(..) => true,
        ArrowDataType::List(inner)
        | ArrowDataType::LargeList(inner)
        | ArrowDataType::FixedSizeList(inner, _) => has_dictionary(inner.dtype()),
        ArrowDataType::Struct(fields) => fields.iter().any(|field| has_dictionary(field.dtype())),
        _ => false,
    }
}
