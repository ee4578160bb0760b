//! Arrays of `NumPy` as columns: one of rows is a column of lists, one of a dimension less a column of numbers or texts.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use half::f16;
use latentkit_core::{Error, Result};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use polars::prelude::*;
use zip::ZipArchive;

use super::catch_panic::catch_panic;
use super::content::Content;
use super::limits::{self, Checked};
use crate::npy::{Element, Header, Refused};

/// What the array of a .npy file is called.
const NAME: &str = "array";

/// Bytes of the rows that are read together.
const GROUP: usize = 1 << 24;

/// The arrays of a .npy or .npz file.
pub(super) struct Arrays {
    path: PathBuf,
    all: Vec<Array>,
    schema: ArrowSchema,
}

struct Array {
    name: String,
    /// Its place in an archive.
    member: Option<usize>,
    /// What it is, or why it cannot be read.
    header: std::result::Result<Header, Refused>,
}

/// The name and the shape of an array, or what it is that cannot be read.
pub(super) type Shape = (String, std::result::Result<Vec<usize>, String>);

impl Arrays {
    /// A .npy file, of an array of whatever dimensions, or a .npz file.
    pub(super) fn open(path: &Path, length: u64, file: &mut fs_err::File) -> Result<Checked<Self>> {
        let mut magic = [0; 2];
        let read = file.read(&mut magic).and_then(|read| file.rewind().map(|()| read));
        match read.map_err(|error| Error::from(error).into_input())? {
            2 if magic == *b"PK" => return Ok(Self::npz(path, length)),
            2 if magic == [0x93, b'N'] => {}
            0 => return Ok(Err("an empty file".to_owned())),
            _ => return Ok(Err("neither of them".to_owned())),
        }
        let header = Header::read(&mut BufReader::new(&mut *file));
        let header = match header.map_err(|error| Error::from(error).into_input())? {
            Ok(header) => header,
            Err(refused) => return Ok(Err(format!("{}; {}", refused.found, refused.hint))),
        };
        Ok(Self::whole(length, &header).map(|()| Self::alone(path, header)))
    }

    /// The names and the shapes of all arrays.
    pub(super) fn shapes(&self) -> Vec<Shape> {
        let shape = |array: &Array| match &array.header {
            Ok(header) => Ok(header.shape.clone()),
            Err(refused) => Err(refused.found.clone()),
        };
        self.all.iter().map(|array| (array.name.clone(), shape(array))).collect()
    }

    fn alone(path: &Path, header: Header) -> Self {
        Self::of(path, vec![Array { name: NAME.to_owned(), member: None, header: Ok(header) }])
    }

    /// Whether a file of one array has all of its elements.
    fn whole(length: u64, header: &Header) -> Checked<()> {
        if header.size().is_none_or(|claimed| claimed > length.saturating_sub(header.length)) {
            return Err(format!("{length} bytes, which do not hold the shape {}", header.shape_text()));
        }
        Ok(())
    }

    /// A .npy file, an array of points.
    pub(super) fn npy(path: &Path, length: u64, file: &mut fs_err::File) -> Result<Self> {
        let refused = |Refused { found, hint }| {
            Error::input(format!("cannot use `{}`", path.display()))
                .expected("an array of numbers, points by columns")
                .found(found)
                .hint(hint)
        };
        let header = Header::read(&mut BufReader::new(&mut *file));
        let header = header.map_err(|error| Error::from(error).into_input())?.map_err(refused)?;
        if header.element.is_text() {
            return Err(refused(Refused {
                found: "texts".to_owned(),
                hint: "texts are labels or ids, in a .npz file beside the points",
            }));
        }
        if header.shape.len() < 2 {
            return Err(refused(Refused {
                found: format!("the shape {}", header.shape_text()),
                hint: "save `array.reshape(-1, 1)` where each number is a point",
            }));
        }
        if header.size().is_none_or(|claimed| claimed > length.saturating_sub(header.length)) {
            return Err(Error::input(format!("cannot use `{}`: it is cut off", path.display()))
                .expected(format!("all elements of the shape {}", header.shape_text()))
                .found(format!("{length} bytes")));
        }
        Ok(Self::alone(path, header))
    }

    /// The arrays of a .npz file, which is a ZIP archive.
    pub(super) fn npz(path: &Path, length: u64) -> Checked<Self> {
        catch_panic(|| Ok(Self::members(path, length))).unwrap_or_else(|error| Err(error.to_string()))
    }

    fn members(path: &Path, length: u64) -> Checked<Self> {
        let damaged = |error: &dyn std::fmt::Display| format!("a damaged archive ({error})");
        let file = fs_err::File::open(path).map_err(|error| error.to_string())?;
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
        let mut all = Vec::new();
        for index in 0..archive.len() {
            let mut member = archive.by_index(index).map_err(|error| damaged(&error))?;
            let name = member.name().map_err(|error| damaged(&error))?.into_owned();
            let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
            let header = Header::read(&mut member).map_err(|error| damaged(&error))?;
            if let Ok(header) = &header {
                limits::check_size(header.memory(), length)
                    .map_err(|problem| format!("an archive whose array `{name}` is too large: {problem}"))?;
            }
            all.push(Array { name, member: Some(index), header });
        }
        if all.is_empty() {
            return Err("a ZIP file without arrays of NumPy".to_owned());
        }
        Ok(Self::of(path, all))
    }

    fn of(path: &Path, all: Vec<Array>) -> Self {
        let field = |array: &Array| {
            let name = PlSmallStr::from(array.name.as_str());
            let dtype = array.header.as_ref().map_or(ArrowDataType::Null, dtype);
            (name.clone(), ArrowField::new(name, dtype, false))
        };
        Self { path: path.to_path_buf(), schema: all.iter().map(field).collect(), all }
    }

    /// An array that can be read, and its place in an archive.
    fn array(&self, name: &str) -> Option<(&Header, Option<usize>)> {
        let array = self.all.iter().find(|array| array.name == name)?;
        Some((array.header.as_ref().ok()?, array.member))
    }
}

impl Content for Arrays {
    fn schema(&self) -> &ArrowSchema {
        &self.schema
    }

    fn height(&self) -> usize {
        self.all.iter().find_map(|array| Some(array.header.as_ref().ok()?.rows())).unwrap_or(0)
    }

    fn rows(&self, name: &str) -> usize {
        self.array(name).map_or(self.height(), |(header, _)| header.rows())
    }

    fn unsupported(&self, name: &str) -> Option<String> {
        let array = self.all.iter().find(|array| array.name == name)?;
        array.header.as_ref().err().map(|refused| refused.found.clone())
    }

    /// Rows of an array lie one after the other, but in an archive or in the order of Fortran.
    fn groups(&self, name: &str) -> Vec<usize> {
        let Some((header, member)) = self.array(name) else { return Vec::new() };
        let rows = header.rows();
        if member.is_some() || header.is_fortran {
            return vec![rows];
        }
        let row = header.width().unwrap_or(0).saturating_mul(header.element.size()).max(1);
        let group = (GROUP / row).max(1);
        (0..rows).step_by(group).map(|first| group.min(rows - first)).collect()
    }

    fn values(&self, name: &str) -> usize {
        self.array(name).and_then(|(header, _)| header.width()?.checked_mul(header.rows())).unwrap_or(0)
    }

    fn read(&self, name: &str, first: usize, height: usize) -> PolarsResult<Series> {
        let (header, member) = self.array(name).expect("the table has the column");
        let mut file = BufReader::new(fs_err::File::open(&self.path)?.into_file());
        if let Some(index) = member {
            let mut archive = ZipArchive::new(file).map_err(io::Error::from)?;
            let mut member = archive.by_index(index).map_err(io::Error::from)?;
            io::copy(&mut member.by_ref().take(header.length), &mut io::sink())?;
            let whole = column(name, header, header.rows(), &mut member)?;
            return Ok(whole.slice(first as i64, height));
        }
        let row = header.width().unwrap_or(0) * header.element.size();
        if header.is_fortran {
            file.seek(SeekFrom::Start(header.length))?;
            return Ok(column(name, header, header.rows(), &mut file)?.slice(first as i64, height));
        }
        file.seek(SeekFrom::Start(header.length + (first * row) as u64))?;
        column(name, header, height, &mut file)
    }
}

/// The type of the column that an array is.
fn dtype(header: &Header) -> ArrowDataType {
    use ArrowDataType as T;
    let element = match header.element {
        Element::Bool => T::Boolean,
        Element::I8 => T::Int8,
        Element::I16 => T::Int16,
        Element::I32 => T::Int32,
        Element::I64 => T::Int64,
        Element::U8 => T::UInt8,
        Element::U16 => T::UInt16,
        Element::U32 => T::UInt32,
        Element::U64 => T::UInt64,
        Element::F16 | Element::F32 => T::Float32,
        Element::F64 => T::Float64,
        Element::Unicode(_) | Element::Bytes(_) => T::Utf8View,
    };
    if header.shape.len() < 2 {
        return element;
    }
    T::FixedSizeList(Box::new(ArrowField::new("item".into(), element, false)), header.width().unwrap_or(0))
}

/// `rows` rows of an array, whose elements are next.
fn column(name: &str, header: &Header, rows: usize, source: &mut impl Read) -> PolarsResult<Series> {
    let width = header.width().unwrap_or(0);
    let mut elements = Elements { header, rows, count: rows * width, source };
    let name = PlSmallStr::from(name);
    let series = match header.element {
        Element::Bool => BooleanChunked::new(name, elements.numbers(|[byte]| byte != 0)?).into_series(),
        Element::I8 => Int8Chunked::from_vec(name, elements.numbers(i8::from_le_bytes)?).into_series(),
        Element::I16 => Int16Chunked::from_vec(name, elements.numbers(i16::from_le_bytes)?).into_series(),
        Element::I32 => Int32Chunked::from_vec(name, elements.numbers(i32::from_le_bytes)?).into_series(),
        Element::I64 => Int64Chunked::from_vec(name, elements.numbers(i64::from_le_bytes)?).into_series(),
        Element::U8 => UInt8Chunked::from_vec(name, elements.numbers(u8::from_le_bytes)?).into_series(),
        Element::U16 => UInt16Chunked::from_vec(name, elements.numbers(u16::from_le_bytes)?).into_series(),
        Element::U32 => UInt32Chunked::from_vec(name, elements.numbers(u32::from_le_bytes)?).into_series(),
        Element::U64 => UInt64Chunked::from_vec(name, elements.numbers(u64::from_le_bytes)?).into_series(),
        Element::F16 => {
            let halves = elements.numbers(|bytes| f16::from_le_bytes(bytes).to_f32())?;
            Float32Chunked::from_vec(name, halves).into_series()
        }
        Element::F32 => Float32Chunked::from_vec(name, elements.numbers(f32::from_le_bytes)?).into_series(),
        Element::F64 => Float64Chunked::from_vec(name, elements.numbers(f64::from_le_bytes)?).into_series(),
        Element::Unicode(_) | Element::Bytes(_) => {
            StringChunked::from_iter_values(name, elements.texts()?.into_iter()).into_series()
        }
    };
    if header.shape.len() < 2 {
        return Ok(series);
    }
    series.reshape_array(&[
        ReshapeDimension::new_dimension(rows as u64),
        ReshapeDimension::new_dimension(width as u64),
    ])
}

/// Elements of an array that are next.
struct Elements<'a, R> {
    header: &'a Header,
    rows: usize,
    count: usize,
    source: &'a mut R,
}

impl<R: Read> Elements<'_, R> {
    /// Numbers, row by row; `of` takes their bytes, the least significant first.
    fn numbers<T: Copy, const N: usize>(&mut self, of: impl Fn([u8; N]) -> T) -> io::Result<Vec<T>> {
        let mut numbers = Vec::with_capacity(self.count);
        let mut bytes = vec![0; N * 8192.min(self.count)];
        while numbers.len() < self.count {
            let next = &mut bytes[..N * 8192.min(self.count - numbers.len())];
            self.source.read_exact(next)?;
            let (elements, _) = next.as_chunks_mut::<N>();
            numbers.extend(elements.iter_mut().map(|element| {
                if self.header.is_big_endian {
                    element.reverse();
                }
                of(*element)
            }));
        }
        if !self.header.is_fortran || self.header.shape.len() < 2 {
            return Ok(numbers);
        }
        let mut shape = self.header.shape.clone();
        shape[0] = self.rows;
        let array = ArrayD::from_shape_vec(IxDyn(&shape).f(), numbers).map_err(io::Error::other)?;
        Ok(array.iter().copied().collect())
    }

    /// Texts, without the zeros that fill them up.
    fn texts(&mut self) -> io::Result<Vec<String>> {
        let no_text = || io::Error::new(io::ErrorKind::InvalidData, "its bytes are no text");
        let mut bytes = vec![0; self.header.element.size()];
        let mut text = || {
            self.source.read_exact(&mut bytes)?;
            if let Element::Bytes(_) = self.header.element {
                let text = std::str::from_utf8(&bytes).map_err(|_| no_text())?;
                return Ok(text.trim_end_matches('\0').to_owned());
            }
            let character = |code: &[u8; 4]| {
                let code = if self.header.is_big_endian {
                    u32::from_be_bytes(*code)
                } else {
                    u32::from_le_bytes(*code)
                };
                char::from_u32(code).ok_or_else(no_text)
            };
            let text: io::Result<String> = bytes.as_chunks().0.iter().map(character).collect();
            Ok(text?.trim_end_matches('\0').to_owned())
        };
        (0..self.count).map(|_| text()).collect()
    }
}
