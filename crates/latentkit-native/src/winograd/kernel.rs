//! Kernels between taps and positions.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use super::active::{ALL, Active, NOT_FIRST, NOT_LAST, NOT_THIRD, has, position};
use crate::line::Line;
use crate::simd::{Routine, Vector};

/// G g Gᵀ: taps, [9, channels in, blocks out], to positions, [positions, channels in, blocks out].
pub(crate) struct FromKernel<'a> {
    pub(crate) active: Active,
    pub(crate) taps: &'a [Line],
    pub(crate) positions: &'a mut [Line],
}

impl Routine for FromKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        match self.active {
            Active::All => self.transform::<V, ALL>(),
            Active::NotFirst => self.transform::<V, NOT_FIRST>(),
            Active::NotLast => self.transform::<V, NOT_LAST>(),
            Active::NotThird => self.transform::<V, NOT_THIRD>(),
        }
    }
}

impl FromKernel<'_> {
    #[inline(always)]
    fn transform<V: Vector, const ACTIVE: u8>(self) {
        let lines = self.taps.len() / 9;
        let half = V::splat(0.5);
        for line in 0..lines {
            let mut down = [[V::zero(); 4]; 3];
            for (column, down) in down.iter_mut().enumerate() {
                let tap = |row: usize| V::load(&self.taps[(row * 3 + column) * lines + line]);
                *down = kernel_transform([tap(0), tap(1), tap(2)], half);
            }
            for i in 0..4 {
                if !has(ACTIVE, i) {
                    continue;
                }
                let [first, second, third] = &down;
                let across = kernel_transform([first[i], second[i], third[i]], half);
                for (j, value) in across.into_iter().enumerate() {
                    if has(ACTIVE, j) {
                        value.store(&mut self.positions[position(ACTIVE, i, j) * lines + line]);
                    }
                }
            }
        }
    }
}

/// G g.
#[inline(always)]
fn kernel_transform<V: Vector>(g: [V; 3], half: V) -> [V; 4] {
    let ends = g[0].add(g[2]);
    [g[0], ends.add(g[1]).mul(half), ends.sub(g[1]).mul(half), g[2]]
}

/// Gᵀ u G: the gradient by positions to that by taps, which is overwritten.
pub(crate) struct ToKernel<'a> {
    pub(crate) active: Active,
    pub(crate) positions: &'a [Line],
    pub(crate) taps: &'a mut [Line],
}

impl Routine for ToKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        match self.active {
            Active::All => self.transform::<V, ALL>(),
            Active::NotFirst => self.transform::<V, NOT_FIRST>(),
            Active::NotLast => self.transform::<V, NOT_LAST>(),
            Active::NotThird => self.transform::<V, NOT_THIRD>(),
        }
    }
}

impl ToKernel<'_> {
    #[inline(always)]
    fn transform<V: Vector, const ACTIVE: u8>(self) {
        let lines = self.taps.len() / 9;
        let half = V::splat(0.5);
        for line in 0..lines {
            let mut across = [[V::zero(); 3]; 4];
            for (i, across) in across.iter_mut().enumerate() {
                if !has(ACTIVE, i) {
                    continue;
                }
                let mut row = [V::zero(); 4];
                for (j, value) in row.iter_mut().enumerate() {
                    if has(ACTIVE, j) {
                        *value = V::load(&self.positions[position(ACTIVE, i, j) * lines + line]);
                    }
                }
                *across = tap_transform(row, half);
            }
            for column in 0..3 {
                let [first, second, third, fourth] = &across;
                let down =
                    tap_transform([first[column], second[column], third[column], fourth[column]], half);
                for (row, value) in down.into_iter().enumerate() {
                    value.store(&mut self.taps[(row * 3 + column) * lines + line]);
                }
            }
        }
    }
}

/// Gᵀ u.
#[inline(always)]
fn tap_transform<V: Vector>(u: [V; 4], half: V) -> [V; 3] {
    let sum = u[1].add(u[2]).mul(half);
    [u[0].add(sum), u[1].sub(u[2]).mul(half), u[3].add(sum)]
}
