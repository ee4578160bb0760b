//! The IDX format: two zero bytes, a byte for the type of the elements, a byte for the number of dimensions, the size
//! of each dimension as a big-endian 32-bit number, then the elements, the last dimension fastest.
//!
//! Pure functions over bytes. They borrow what they return, so no header makes them allocate.

use latentkit_core::{Error, ImageShape, Result};
use latentkit_table::Numbers;

/// The longest side of an image in pixels.
const MAX_SIDE: u32 = 1 << 15;

/// The type code of unsigned bytes.
const UNSIGNED_BYTES: u8 = 0x08;

/// The content of an image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Images<'a> {
    /// Number of images, at least 1.
    pub count: usize,
    /// The shape of an image, 1 to 32 768 pixels a side.
    pub shape: ImageShape,
    /// `count * height * width` pixels, image by image, row by row.
    pub pixels: &'a [u8],
}

/// A dimension of a file: what it counts, and how many there may be.
struct Dimension {
    what: &'static str,
    max: u32,
}

const IMAGES: [Dimension; 3] = [
    Dimension { what: "images", max: i32::MAX as u32 },
    Dimension { what: "rows", max: MAX_SIDE },
    Dimension { what: "columns", max: MAX_SIDE },
];

/// Dimensions of a file of elements of any type at most.
const MAX_RANK: u8 = 8;

/// Bytes of the header of a file of up to four dimensions.
pub(crate) const HEADER: u64 = 20;

/// Reads a file of grey images: unsigned bytes of the shape count x rows x columns.
///
/// ```
/// let file = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 11, 20, 21];
/// let images = latentkit_ingest::idx::images(&file)?;
/// assert_eq!((images.count, images.shape.height, images.shape.width), (2, 1, 2));
/// assert_eq!(images.pixels, [10, 11, 20, 21]);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
///
/// # Errors
/// Of kind input for anything else; the message does not name the file.
pub fn images(bytes: &[u8]) -> Result<Images<'_>> {
    let ([count, height, width], pixels) = elements(bytes, &IMAGES)?;
    Ok(Images { count: count as usize, shape: ImageShape::grey(height as usize, width as usize), pixels })
}

/// Reads a file of labels: a row of unsigned bytes, at least one.
///
/// # Errors
/// Of kind input for anything else; the message does not name the file.
pub fn labels(bytes: &[u8]) -> Result<&[u8]> {
    let (_, labels) = elements(bytes, &[Dimension { what: "labels", max: i32::MAX as u32 }])?;
    Ok(labels)
}

/// The content of a file of elements of any type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array<'a> {
    /// The type of the elements.
    pub element: Element,
    /// The size of each dimension.
    pub sizes: Vec<usize>,
    /// The elements, the most significant byte of each first.
    pub elements: &'a [u8],
}

/// The type of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Unsigned bytes.
    U8,
    /// Signed bytes.
    I8,
    /// 16-bit integers.
    I16,
    /// 32-bit integers.
    I32,
    /// 32-bit floats.
    F32,
    /// 64-bit floats.
    F64,
}

impl Element {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            0x08 => Self::U8,
            0x09 => Self::I8,
            0x0b => Self::I16,
            0x0c => Self::I32,
            0x0d => Self::F32,
            0x0e => Self::F64,
            _ => return None,
        })
    }

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl Array<'_> {
    /// The elements as numbers.
    pub(crate) fn numbers(&self) -> Numbers {
        fn all<const N: usize>(bytes: &[u8], of: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            bytes.as_chunks::<N>().0.iter().map(|&bytes| of(bytes)).collect()
        }
        let bytes = self.elements;
        match self.element {
            Element::U8 => Numbers::Bytes(bytes.to_vec()),
            Element::I8 => Numbers::Whole(all(bytes, |bytes| i8::from_be_bytes(bytes).into())),
            Element::I16 => Numbers::Whole(all(bytes, |bytes| i16::from_be_bytes(bytes).into())),
            Element::I32 => Numbers::Whole(all(bytes, |bytes| i32::from_be_bytes(bytes).into())),
            Element::F32 => Numbers::Floats(all(bytes, |bytes| f32::from_be_bytes(bytes).into())),
            Element::F64 => Numbers::Floats(all(bytes, f64::from_be_bytes)),
        }
    }
}

/// Reads a file of elements of any type and any number of dimensions.
///
/// # Errors
/// Of kind input when it is none, or holds more or fewer elements than its header says; the message does not name the file.
pub fn array(bytes: &[u8]) -> Result<Array<'_>> {
    let (element, sizes, elements) = array_header(bytes)?;
    let claimed =
        sizes.iter().try_fold(element.size() as u64, |product, &size| product.checked_mul(size as u64));
    let held = elements.len() as u64;
    if claimed == Some(held) {
        return Ok(Array { element, sizes, elements });
    }
    let message = if claimed.is_some_and(|claimed| held > claimed) {
        "bytes follow the last element"
    } else {
        "the file ends early"
    };
    let shape: Vec<_> = sizes.iter().map(usize::to_string).collect();
    let claimed = claimed.map_or("over 2^64".to_owned(), |claimed| claimed.to_string());
    Err(Error::input(message)
        .expected(format!(
            "{claimed} byte(s) after the header, which says {} elements of {} byte(s)",
            shape.join(" x "),
            element.size()
        ))
        .found(format!("{held} byte(s)")))
}

/// The type, the sizes, and what follows the header.
pub(crate) fn array_header(bytes: &[u8]) -> Result<(Element, Vec<usize>, &[u8])> {
    let cut_off = || Error::input("the header is cut off").found(format!("{} byte(s)", bytes.len()));
    let (&[zero, zero_too, code, rank], rest) = bytes.split_first_chunk::<4>().ok_or_else(cut_off)?;
    check_zeros(zero, zero_too)?;
    let element = Element::of(code).ok_or_else(|| {
        Error::input("this is no IDX file")
            .expected("an element type from `0x08` to `0x0e`")
            .found(format!("element type `0x{code:02x}`, {}", type_name(code)))
    })?;
    if rank > MAX_RANK {
        return Err(Error::input("the file has too many dimensions")
            .expected(format!("at most {MAX_RANK}"))
            .found(rank.to_string()));
    }
    let (sizes, elements) = rest.split_at_checked(4 * usize::from(rank)).ok_or_else(cut_off)?;
    let sizes = sizes.as_chunks::<4>().0.iter().map(|&bytes| u32::from_be_bytes(bytes) as usize).collect();
    Ok((element, sizes, elements))
}

/// The sizes that the header of a file of unsigned bytes claims for these dimensions, and what follows it.
fn header<'a, const RANK: usize>(
    bytes: &'a [u8],
    dimensions: &[Dimension; RANK],
) -> Result<([u32; RANK], &'a [u8])> {
    let header = 4 + 4 * RANK;
    let cut_off = || {
        Error::input("the header is cut off")
            .expected(format!("{header} bytes: a magic number and {RANK} size(s)"))
            .found(format!("{} byte(s)", bytes.len()))
    };
    let (magic, rest) = bytes.split_first_chunk::<4>().ok_or_else(cut_off)?;
    check_magic(*magic, dimensions)?;

    let (sizes, elements) = rest.split_at_checked(4 * RANK).ok_or_else(cut_off)?;
    let (sizes, _) = sizes.as_chunks::<4>();
    let mut checked = [0; RANK];
    for ((checked, bytes), dimension) in checked.iter_mut().zip(sizes).zip(dimensions) {
        *checked = size(u32::from_be_bytes(*bytes), dimension)?;
    }
    Ok((checked, elements))
}

/// The sizes and the elements of a file of unsigned bytes that has these dimensions.
fn elements<'a, const RANK: usize>(
    bytes: &'a [u8],
    dimensions: &[Dimension; RANK],
) -> Result<([u32; RANK], &'a [u8])> {
    let (checked, elements) = header(bytes, dimensions)?;
    // At most 2^31 * 2^15 * 2^15, so the product fits.
    let claimed = checked.iter().map(|&size| u64::from(size)).product::<u64>();
    let held = elements.len() as u64;
    if held == claimed {
        return Ok((checked, elements));
    }
    let message = if held < claimed { "the file ends early" } else { "bytes follow the last element" };
    let shape: Vec<String> = checked
        .iter()
        .zip(dimensions)
        .map(|(size, dimension)| format!("{size} {}", dimension.what))
        .collect();
    Err(Error::input(message)
        .expected(format!("{claimed} byte(s) after the header, which says {}", shape.join(" x ")))
        .found(format!("{held} byte(s)")))
}

/// Checks the first four bytes.
fn check_magic<const RANK: usize>(magic: [u8; 4], dimensions: &[Dimension; RANK]) -> Result<()> {
    let what = dimensions[0].what;
    let [zero, zero_too, element, rank] = magic;
    check_zeros(zero, zero_too)?;
    if element != UNSIGNED_BYTES {
        return Err(Error::input(format!("the {what} are not stored as unsigned bytes"))
            .expected("element type `0x08`, values 0 to 255")
            .found(format!("element type `0x{element:02x}`, {}", type_name(element)))
            .hint(format!(
                "write the {what} as unsigned bytes; values below 0 or over 255 are not supported"
            )));
    }
    if usize::from(rank) != RANK {
        let names: Vec<&str> = dimensions.iter().map(|dimension| dimension.what).collect();
        return Err(Error::input(format!("this is no file of {what}"))
            .expected(format!("{RANK} dimension(s): {}", names.join(", ")))
            .found(format!("{rank} dimension(s)"))
            .hint("a file of images has 3 dimensions, a file of labels has 1; are the two swapped?"));
    }
    Ok(())
}

/// Checks the first two bytes.
fn check_zeros(zero: u8, zero_too: u8) -> Result<()> {
    if (zero, zero_too) == (0, 0) {
        return Ok(());
    }
    Err(Error::input("this is no IDX file")
        .expected("`00 00` as the first two bytes, in the file itself or in the gzip file")
        .found(format!("`{zero:02x} {zero_too:02x}`")))
}

/// Checks the size of a dimension.
fn size(value: u32, dimension: &Dimension) -> Result<u32> {
    let Dimension { what, max } = *dimension;
    if (1..=max).contains(&value) {
        return Ok(value);
    }
    // The format's numbers are signed: a set high bit is a minus.
    Err(Error::input(format!("the number of {what} is out of range"))
        .expected(format!("1 to {max} {what}"))
        .found(format!("`{}`", value.cast_signed())))
}

/// What a type code stands for.
fn type_name(code: u8) -> &'static str {
    match code {
        0x09 => "signed bytes",
        0x0b => "16-bit integers",
        0x0c => "32-bit integers",
        0x0d => "32-bit floats",
        0x0e => "64-bit floats",
        _ => "which the format does not know",
    }
}

#[cfg(test)]
mod tests;
