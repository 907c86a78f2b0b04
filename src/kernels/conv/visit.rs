//! The inner loops of the sparse backward pass: for each entry, a vector per tap.
//!
//! Taps are taken in groups, as many as the registers hold. An element of dx is added to once per
//! group, so there the groups are the same for every instruction set; an element of dw belongs to
//! one tap, so there they may differ.

use pulp::{Simd, WithSimd};

/// Channels per pass: one, two or more vectors of every instruction set.
pub(super) const GROUP: usize = 32;

/// A winning pixel: where its patch of the input starts, in elements, and its slope.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    pub at: u32,
    pub slope: f32,
}

/// The input pixels under one window of a convolution, in a padded channels-last image.
#[derive(Clone, Copy)]
pub(super) struct Patch {
    pub kernel: [usize; 2],
    /// Elements from one row of the image to the next.
    pub row: usize,
    /// Elements from one pixel to the next.
    pub width: usize,
}

/// Where a block of taps starts: in the weights and in the image, in elements.
#[derive(Clone, Copy)]
pub(super) struct Start {
    weight: usize,
    image: usize,
}

/// What to do with `H` by `W` taps and `V` vectors of channels.
pub(super) trait Block {
    /// Whether a 3 × 3 kernel may be taken at once where there are registers enough.
    const WHOLE: bool;

    fn block<S: Simd, const H: usize, const W: usize, const V: usize>(
        &mut self,
        simd: S,
        patch: Patch,
        start: Start,
    );
}

/// Runs a block over all taps and channels of a patch.
pub(super) struct Visit<B>(pub Patch, pub B);

impl<B: Block> WithSimd for Visit<B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        match GROUP / S::F32_LANES {
            2 if B::WHOLE && S::REGISTER_COUNT >= 32 && self.0.kernel == [3, 3] => {
                for image in (0..self.0.width).step_by(GROUP) {
                    let start = Start {
                        weight: image,
                        image,
                    };
                    self.1.block::<S, 3, 3, 2>(simd, self.0, start);
                }
            }
            2 => self.rows::<S, 2>(simd),
            4 => self.rows::<S, 4>(simd),
            8 => self.rows::<S, 8>(simd),
            _ => self.rows::<S, GROUP>(simd),
        }
    }
}

impl<B: Block> Visit<B> {
    /// Row by row of the kernel.
    #[inline(always)]
    fn rows<S: Simd, const V: usize>(&mut self, simd: S) {
        let Self(patch, block) = self;
        let [kh, kw] = patch.kernel;
        for group in (0..patch.width).step_by(GROUP) {
            for ky in 0..kh {
                let mut kx = 0;
                while kx < kw {
                    let start = Start {
                        weight: (ky * kw + kx) * patch.width + group,
                        image: ky * patch.row + kx * patch.width + group,
                    };
                    match kw - kx {
                        1 => block.block::<S, 1, 1, V>(simd, *patch, start),
                        2 => block.block::<S, 1, 2, V>(simd, *patch, start),
                        _ => block.block::<S, 1, 3, V>(simd, *patch, start),
                    }
                    kx += 3;
                }
            }
        }
    }
}

/// Taps, each of `V` vectors.
type Taps<S, const H: usize, const W: usize, const V: usize> = [[[<S as Simd>::f32s; V]; W]; H];

/// The weights of a block, from `[taps, width]`.
#[inline(always)]
fn load<S: Simd, const H: usize, const W: usize, const V: usize>(
    simd: S,
    patch: Patch,
    weights: &[f32],
) -> Taps<S, H, W, V> {
    let mut taps = [[[simd.splat_f32s(0.0); V]; W]; H];
    for (h, taps) in taps.iter_mut().enumerate() {
        for (w, taps) in taps.iter_mut().enumerate() {
            let from = &weights[(h * patch.kernel[1] + w) * patch.width..][..GROUP];
            taps.copy_from_slice(S::as_simd_f32s(from).0);
        }
    }
    taps
}

/// dw[tap][i] += Σ over entries of slope · x[at + tap][i], for one output channel.
pub(super) struct AddWeight<'a> {
    pub entries: &'a [Entry],
    /// `[padded pixels, width]`
    pub x: &'a [f32],
    /// `[taps, width]`
    pub dw: &'a mut [f32],
}

impl Block for AddWeight<'_> {
    const WHOLE: bool = true;

    #[inline(always)]
    fn block<S: Simd, const H: usize, const W: usize, const V: usize>(
        &mut self,
        simd: S,
        patch: Patch,
        start: Start,
    ) {
        let mut acc: Taps<S, H, W, V> = load(simd, patch, &self.dw[start.weight..]);
        for entry in self.entries {
            let x = &self.x[entry.at as usize + start.image..];
            let slope = simd.splat_f32s(entry.slope);
            for h in 0..H {
                for w in 0..W {
                    let x = S::as_simd_f32s(&x[h * patch.row + w * patch.width..][..GROUP]).0;
                    for v in 0..V {
                        acc[h][w][v] = simd.mul_add_e_f32s(slope, x[v], acc[h][w][v]);
                    }
                }
            }
        }
        for (h, acc) in acc.iter().enumerate() {
            for (w, acc) in acc.iter().enumerate() {
                let at = start.weight + (h * patch.kernel[1] + w) * patch.width;
                let to = &mut self.dw[at..at + GROUP];
                S::as_mut_simd_f32s(to).0.copy_from_slice(acc);
            }
        }
    }
}

/// dx[at + tap][i] += slope · w[tap][i] for each entry, for one output channel.
pub(super) struct AddInput<'a> {
    pub entries: &'a [Entry],
    /// `[taps, width]`
    pub weight: &'a [f32],
    /// `[padded pixels, width]`
    pub dx: &'a mut [f32],
}

impl Block for AddInput<'_> {
    const WHOLE: bool = false;

    #[inline(always)]
    fn block<S: Simd, const H: usize, const W: usize, const V: usize>(
        &mut self,
        simd: S,
        patch: Patch,
        start: Start,
    ) {
        let weight: Taps<S, H, W, V> = load(simd, patch, &self.weight[start.weight..]);
        for entry in self.entries {
            let dx = &mut self.dx[entry.at as usize + start.image..];
            let slope = simd.splat_f32s(entry.slope);
            for h in 0..H {
                for w in 0..W {
                    let to = &mut dx[h * patch.row + w * patch.width..][..GROUP];
                    for (to, weight) in S::as_mut_simd_f32s(to).0.iter_mut().zip(&weight[h][w]) {
                        *to = simd.mul_add_e_f32s(slope, *weight, *to);
                    }
                }
            }
        }
    }
}
