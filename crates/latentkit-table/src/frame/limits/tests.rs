//! Files made byte by byte, whose claims are right or wrong.

use std::path::Path;

use latentkit_core::ErrorKind;

use crate::read_embeddings;

/// A file of one required column `z0` of f32, and what it claims.
#[derive(Clone)]
struct Crafted {
    /// Rows, in the footer and in the row group.
    rows: [i64; 2],
    /// Values, in the footer and in the page.
    values: [i64; 2],
    /// Where the page is, in the footer.
    offset: i64,
    /// Bytes of the page, in the footer and in its header, and when unpacked.
    sizes: [i64; 3],
    /// 0 for none, 6 for zstd.
    codec: i64,
    /// Groups around the column.
    depth: usize,
}

/// Three honest values.
const HONEST: Crafted =
    Crafted { rows: [3; 2], values: [3; 2], offset: 4, sizes: [12; 3], codec: 0, depth: 0 };

/// A field after the one whose number is lower by `delta`.
fn field(bytes: &mut Vec<u8>, delta: u8, kind: u8) {
    bytes.push(delta << 4 | kind);
}

fn integer(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

fn number(bytes: &mut Vec<u8>, delta: u8, kind: u8, value: i64) {
    field(bytes, delta, kind);
    integer(bytes, value);
}

fn text(bytes: &mut Vec<u8>, value: &str) {
    bytes.push(value.len() as u8);
    bytes.extend(value.bytes());
}

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl Crafted {
    fn page(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        number(&mut bytes, 1, I32, 0);
        number(&mut bytes, 1, I32, self.sizes[2]);
        number(&mut bytes, 1, I32, self.sizes[1]);
        field(&mut bytes, 2, STRUCT);
        for value in [self.values[1], 0, 3, 3] {
            number(&mut bytes, 1, I32, value);
        }
        bytes.extend([0, 0]);
        bytes.extend([1.0_f32, 2.0, 3.0].iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    fn footer(&self, page: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        number(&mut bytes, 1, I32, 1);
        field(&mut bytes, 1, LIST);
        bytes.push(0xf0 | STRUCT);
        let elements = self.depth + 2;
        bytes.extend([elements as u8 | 0x80, (elements >> 7) as u8 | 0x80, (elements >> 14) as u8]);
        for level in 0..=self.depth {
            if level > 0 {
                number(&mut bytes, 3, I32, 0); // required
            }
            field(&mut bytes, if level > 0 { 1 } else { 4 }, BINARY);
            text(&mut bytes, if level > 0 { "z0" } else { "root" });
            number(&mut bytes, 1, I32, 1);
            bytes.push(0);
        }
        number(&mut bytes, 1, I32, 4); // f32
        number(&mut bytes, 2, I32, 0); // required
        field(&mut bytes, 1, BINARY);
        text(&mut bytes, "z0");
        bytes.push(0);
        number(&mut bytes, 1, I64, self.rows[0]);
        field(&mut bytes, 1, LIST);
        bytes.extend([1 << 4 | STRUCT, 1 << 4 | LIST, 1 << 4 | STRUCT]);
        number(&mut bytes, 2, I64, 4);
        field(&mut bytes, 1, STRUCT);
        number(&mut bytes, 1, I32, 4);
        field(&mut bytes, 1, LIST);
        bytes.extend([1 << 4 | I32, 0]);
        field(&mut bytes, 1, LIST);
        bytes.push(1 << 4 | BINARY);
        text(&mut bytes, "z0");
        number(&mut bytes, 1, I32, self.codec);
        number(&mut bytes, 1, I64, self.values[0]);
        let header = page as i64 - 12;
        number(&mut bytes, 1, I64, header + self.sizes[2]);
        number(&mut bytes, 1, I64, header + self.sizes[0]);
        number(&mut bytes, 2, I64, self.offset);
        bytes.extend([0, 0]);
        number(&mut bytes, 1, I64, page as i64);
        number(&mut bytes, 1, I64, self.rows[1]);
        bytes.extend([0, 0]);
        bytes
    }

    fn write(&self, path: &Path) {
        let page = self.page();
        let footer = self.footer(page.len());
        let length = (footer.len() as u32).to_le_bytes();
        fs_err::write(path, [b"PAR1", &page[..], &footer, &length, b"PAR1"].concat()).unwrap();
    }
}

/// What reading the file says.
#[track_caller]
fn refusal(crafted: &Crafted) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    crafted.write(&path);
    let error = read_embeddings(&[crate::Part::file(&path)], &crate::Columns::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    error.to_string()
}

#[track_caller]
fn refused(crafted: &Crafted, why: &str) {
    let text = refusal(crafted);
    assert!(text.contains(why), "{text}");
}

#[test]
fn honest_claims_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    HONEST.write(&path);
    let points = read_embeddings(&[crate::Part::file(&path)], &crate::Columns::default()).unwrap();
    assert_eq!(points.values.rounded(), ndarray::array![[1.0], [2.0], [3.0]]);
}

#[test]
fn more_rows_than_there_can_be() {
    let most = 1 << 62;
    refused(&Crafted { rows: [most, 3], ..HONEST }, "do not add up");
    refused(&Crafted { rows: [most; 2], values: [most, 3], ..HONEST }, "more than 4294967295");
    refused(&Crafted { rows: [1 << 30; 2], ..HONEST }, "claims 3 values of 1073741824 rows");
    refused(&Crafted { values: [1 << 30, 3], ..HONEST }, "claims 1073741824 values of 3 rows");
    refused(&Crafted { values: [-1, 3], ..HONEST }, "claims -1 values");
    // 2^30 values may be packed into a few bytes, and would take 4 GiB.
    let many = Crafted { rows: [1 << 30; 2], values: [1 << 30; 2], ..HONEST };
    refused(&many, "claims values of 4294967296, more than");
}

#[test]
fn pages_that_are_not_as_the_footer_says() {
    refused(&Crafted { values: [3, i64::from(i32::MAX)], ..HONEST }, "has 2147483647 values, not 3");
    refused(&Crafted { values: [3, -1], ..HONEST }, "damaged page");
    refused(&Crafted { values: [3, 2], ..HONEST }, "damaged page");
    refused(&Crafted { sizes: [12, 13, 12], ..HONEST }, "damaged page");
    refused(&Crafted { sizes: [12, -1, 12], ..HONEST }, "damaged page");
    refused(&Crafted { sizes: [12, 12, -1], ..HONEST }, "damaged page");
    let bomb = Crafted { sizes: [12, 12, i64::from(i32::MAX)], codec: 6, ..HONEST };
    refused(&bomb, "claims values of 2147483647");
}

#[test]
fn chunks_outside_the_file() {
    refused(&Crafted { offset: 1 << 40, ..HONEST }, "does not lie in the file");
    refused(&Crafted { sizes: [1 << 40, 12, 12], ..HONEST }, "does not lie in the file");
    // The sum of the two does not fit, which polars takes for impossible.
    refused(&Crafted { offset: -1, ..HONEST }, "cannot read");
    refused(&Crafted { sizes: [-30, 12, 12], ..HONEST }, "cannot");
}

#[test]
fn a_schema_that_would_overflow_the_stack() {
    refused(&Crafted { depth: 200_000, ..HONEST }, "nested 33 levels deep");
    // As deep as is allowed, and no column that can be read.
    refused(&Crafted { depth: 20, ..HONEST }, "has the wrong type");
}

#[test]
fn every_byte_changed_and_every_length_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    HONEST.write(&path);
    let whole = fs_err::read(&path).unwrap();
    for at in 0..whole.len() {
        fs_err::write(&path, &whole[..at]).unwrap();
        assert_eq!(
            read_embeddings(&[crate::Part::file(&path)], &crate::Columns::default()).unwrap_err().kind(),
            ErrorKind::Input,
            "cut off at {at}"
        );
        for flip in [1, 0x10, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            fs_err::write(&path, &changed).unwrap();
            if let Err(error) = read_embeddings(&[crate::Part::file(&path)], &crate::Columns::default()) {
                assert_eq!(error.kind(), ErrorKind::Input, "byte {at}: {error}");
            }
        }
    }
}
