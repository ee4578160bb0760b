//! The header of `NumPy`'s arrays: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. The crates that read
//! it bring a dozen others, a parser generator among them, for three keys.

use std::io::{self, Read};

/// What a file of an array begins with.
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Bytes of a header at most; those of plain arrays take 118.
const MAX_HEADER: u32 = 1 << 16;

/// What an array is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) element: Element,
    /// Whether elements have their most significant byte first.
    pub(crate) is_big_endian: bool,
    /// Whether elements of the first dimension lie side by side.
    pub(crate) is_fortran: bool,
    pub(crate) shape: Vec<usize>,
    /// Bytes before the elements.
    pub(crate) length: u64,
}

/// The type of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
    /// Text of so many characters of four bytes.
    Unicode(usize),
    /// Text of so many bytes.
    Bytes(usize),
}

/// What an array holds that cannot be read, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) found: String,
    pub(crate) hint: &'static str,
}

impl Header {
    /// Reads a header, up to the first element.
    pub(crate) fn read(source: &mut impl Read) -> io::Result<Result<Self, Refused>> {
        match Self::read_whole(source) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Err(damaged())),
            read => read,
        }
    }

    fn read_whole(source: &mut impl Read) -> io::Result<Result<Self, Refused>> {
        let mut start = [0; 8];
        source.read_exact(&mut start)?;
        let [magic @ .., major, _] = start;
        let mut size = [0; 4];
        let prefix = if major == 1 { 2 } else { 4 };
        source.read_exact(&mut size[..prefix])?;
        let size = u32::from_le_bytes(size);
        if magic != *MAGIC || !(1..=3).contains(&major) || size > MAX_HEADER {
            return Ok(Err(damaged()));
        }
        let mut bytes = vec![0; size as usize];
        source.read_exact(&mut bytes)?;
        let length = 8 + prefix as u64 + u64::from(size);
        Ok(std::str::from_utf8(&bytes).map_err(|_| damaged()).and_then(|text| Self::parse(text, length)))
    }

    /// Parses `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
    fn parse(text: &str, length: u64) -> Result<Self, Refused> {
        let value = |key: &str| {
            let (_, after) = text.split_once(&format!("'{key}':")).ok_or_else(damaged)?;
            Ok(after.trim_start())
        };
        let descr = value("descr")?;
        if descr.starts_with('[') {
            return Err(Refused {
                found: "a structured array".to_owned(),
                hint: "`numpy.lib.recfunctions.structured_to_unstructured` makes plain columns of it",
            });
        }
        let descr =
            descr.strip_prefix('\'').and_then(|rest| Some(rest.split_once('\'')?.0)).ok_or_else(damaged)?;
        let (order, name) = descr.split_at_checked(1).ok_or_else(damaged)?;
        let shape = value("shape")?.strip_prefix('(').and_then(|rest| Some(rest.split_once(')')?.0));
        let sizes = shape.ok_or_else(damaged)?.split(',').map(|size| size.trim().trim_end_matches('L'));
        let sizes = sizes.filter(|size| !size.is_empty()).map(|size| size.parse().map_err(|_| damaged()));
        Ok(Self {
            element: Element::named(name)?,
            is_big_endian: order == ">",
            is_fortran: value("fortran_order")?.starts_with("True"),
            shape: sizes.collect::<Result<_, _>>()?,
            length,
        })
    }

    /// Number of rows; that of an array without dimensions is 1.
    pub(crate) fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Elements of a row; none where no number holds those of the array.
    pub(crate) fn width(&self) -> Option<usize> {
        let mut sizes = self.shape.iter().skip(1);
        let width = sizes.try_fold(1_usize, |product, &size| product.checked_mul(size))?;
        width.checked_mul(self.rows())?.checked_mul(self.element.size()).and(Some(width))
    }

    /// Bytes of all elements in the file; none where no number holds them.
    pub(crate) fn size(&self) -> Option<u64> {
        self.width().map(|width| (width * self.rows() * self.element.size()) as u64)
    }

    /// Bytes of all elements in memory, where texts take more than in the file.
    pub(crate) fn memory(&self) -> u64 {
        let beside = if self.element.is_text() { size_of::<String>() } else { 0 };
        let elements = self.width().map_or(u64::MAX, |width| (width * self.rows()) as u64);
        elements.saturating_mul(self.element.size().saturating_add(beside) as u64)
    }

    /// The shape as Python writes it.
    pub(crate) fn shape_text(&self) -> String {
        let sizes: Vec<_> = self.shape.iter().map(usize::to_string).collect();
        if sizes.len() == 1 { format!("({},)", sizes[0]) } else { format!("({})", sizes.join(", ")) }
    }
}

impl Element {
    /// That of a kind and a size, such as `f8`.
    fn named(name: &str) -> Result<Self, Refused> {
        let refused = |what: &str, hint| Err(Refused { found: format!("{what} (`{name}`)"), hint });
        let (kind, size) = name.split_at_checked(1).ok_or_else(damaged)?;
        Ok(match (kind, size) {
            ("b", "1") => Self::Bool,
            ("i", "1") => Self::I8,
            ("i", "2") => Self::I16,
            ("i", "4") => Self::I32,
            ("i", "8") => Self::I64,
            ("u", "1") => Self::U8,
            ("u", "2") => Self::U16,
            ("u", "4") => Self::U32,
            ("u", "8") => Self::U64,
            ("f", "2") => Self::F16,
            ("f", "4") => Self::F32,
            ("f", "8") => Self::F64,
            ("U", count) => Self::Unicode(count.parse().map_err(|_| damaged())?),
            ("S", count) => Self::Bytes(count.parse().map_err(|_| damaged())?),
            ("O", _) => {
                return refused(
                    "Python objects, pickled",
                    "rows of one length make an array of numbers: `numpy.stack`",
                );
            }
            ("c", _) => return refused("complex numbers", "save `array.real`, or both parts as columns"),
            ("f", _) => {
                return refused("numbers of extended precision", "save `array.astype(numpy.float64)`");
            }
            ("V", _) => {
                return refused("values of no type of NumPy's own", "save `array.astype(numpy.float32)`");
            }
            _ => {
                return refused(
                    "no numbers",
                    "save an array of numbers, such as `array.astype(numpy.float64)`",
                );
            }
        })
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Unicode(_) | Self::Bytes(_))
    }

    /// Bytes of an element.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
            Self::Unicode(count) => count.saturating_mul(4),
            Self::Bytes(count) => count,
        }
    }
}

fn damaged() -> Refused {
    Refused { found: "a damaged header of an array".to_owned(), hint: "write it again with `numpy.save`" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Header, Refused> {
        let bytes = [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes()].concat();
        Header::read(&mut bytes.as_slice()).unwrap()
    }

    #[test]
    fn headers_of_numpy() {
        let header = parsed("{'descr': '>f8', 'fortran_order': True, 'shape': (3, 4), }         \n").unwrap();
        assert_eq!((header.element, header.is_big_endian, header.is_fortran), (Element::F64, true, true));
        assert_eq!((header.rows(), header.width(), header.shape_text()), (3, Some(4), "(3, 4)".to_owned()));
        let header = parsed("{'descr': '|b1', 'fortran_order': False, 'shape': (7L,), }").unwrap();
        assert_eq!((header.element, header.shape_text()), (Element::Bool, "(7,)".to_owned()));
        let header = parsed("{'descr': '<U3', 'fortran_order': False, 'shape': (), }").unwrap();
        assert_eq!((header.element.size(), header.rows(), header.width()), (12, 1, Some(1)));
        let huge = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({0}, {0}), }}", u64::MAX);
        assert_eq!(parsed(&huge).unwrap().width(), None);
    }

    #[test]
    fn what_is_no_array_of_numbers_says_what_it_is() {
        for (descr, found) in [
            ("'|O'", "pickled"),
            ("'<c16'", "complex"),
            ("'<f16'", "extended precision"),
            ("[('x', '<f8'), ('y', '<f8')]", "structured"),
            ("'<M8[ns]'", "no numbers"),
            ("'|V2'", "no type of NumPy's own"),
            ("x", "damaged"),
        ] {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2, 2), }}");
            let refused = parsed(&text).unwrap_err();
            assert!(refused.found.contains(found), "{descr}: {refused:?}");
        }
        for text in [
            "",
            "{}",
            "{'descr': '<f8', 'fortran_order': False}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2)}",
        ] {
            assert!(parsed(text).unwrap_err().found.contains("damaged"), "{text}");
        }
        assert!(Header::read(&mut &b"\x93NUMPY\x02\x00\xff\xff\xff\xff"[..]).unwrap().is_err());
        assert!(Header::read(&mut &b"\x93NUM"[..]).unwrap().is_err());
    }
}
