//! Memory in lines of sixteen numbers, aligned as the widest registers want it.

/// Numbers of a line.
pub(crate) const LANES: usize = 16;

/// Sixteen numbers that start at a multiple of their size.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [f32; LANES]);

impl Line {
    /// All zeros.
    pub(crate) const ZERO: Self = Self([0.0; LANES]);
}

/// So many lines of zeros.
pub(crate) fn zeros(lines: usize) -> Vec<Line> {
    vec![Line::ZERO; lines]
}

/// Lines as single numbers.
#[expect(unsafe_code, reason = "a line is sixteen numbers and nothing else")]
pub(crate) fn flat(lines: &[Line]) -> &[f32] {
    // SAFETY: a `Line` is an array of LANES f32 without padding, of stricter alignment; the memory and its lifetime are
    // those of `lines`.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * LANES) }
}

/// As [`flat`], to write.
#[expect(unsafe_code, reason = "a line is sixteen numbers and nothing else")]
pub(crate) fn flat_mut(lines: &mut [Line]) -> &mut [f32] {
    // SAFETY: as in `flat`, and the borrow of `lines` is unique.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * LANES) }
}
