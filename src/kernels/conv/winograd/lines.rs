//! Lines of channels, a vector at a time: pixels, sums and results lie so, and every transform goes over
//! whole lines.

use pulp::Simd;

/// Computes the vectors of some lines from those of others; all are equally long.
#[inline(always)]
pub(super) fn transform<V: Copy, const A: usize, const B: usize>(
    mut from: [&[V]; A],
    mut to: [&mut [V]; B],
    f: impl Fn(usize, [V; A]) -> [V; B],
) {
    // So that no index needs a check.
    let n = from[0].len();
    for from in &mut from {
        *from = &from[..n];
    }
    for to in &mut to {
        *to = &mut std::mem::take(to)[..n];
    }
    for i in 0..n {
        put(&mut to, i, f(i, column(&from, i)));
    }
}

/// The vector `i` of each line.
#[inline(always)]
pub(super) fn column<V: Copy, const N: usize>(lines: &[&[V]; N], i: usize) -> [V; N] {
    let mut column = [lines[0][i]; N];
    for n in 1..N {
        column[n] = lines[n][i];
    }
    column
}

/// The reverse.
#[inline(always)]
fn put<V: Copy, const N: usize>(lines: &mut [&mut [V]; N], i: usize, column: [V; N]) {
    for n in 0..N {
        lines[n][i] = column[n];
    }
}

/// The vectors of `N` lines of so many floats, each `stride` floats after the one before.
#[inline(always)]
pub(super) fn lines<S: Simd, const N: usize>(
    data: &[f32],
    stride: usize,
    len: usize,
) -> [&[S::f32s]; N] {
    // Not chunks: finding out how many there are takes a division.
    let mut lines = [[].as_slice(); N];
    for (n, line) in lines.iter_mut().enumerate() {
        *line = S::as_simd_f32s(&data[n * stride..][..len]).0;
    }
    lines
}

/// The same to write to; lines for which there is no data are empty.
#[inline(always)]
pub(super) fn lines_mut<S: Simd, const N: usize>(
    data: &mut [f32],
    stride: usize,
    len: usize,
) -> [&mut [S::f32s]; N] {
    let mut lines = [const { [].as_mut_slice() }; N];
    let mut rest = data;
    for line in &mut lines {
        if rest.len() < len {
            break;
        }
        let (now, later) = rest.split_at_mut(stride.min(rest.len()));
        *line = S::as_mut_simd_f32s(&mut now[..len]).0;
        rest = later;
    }
    lines
}
