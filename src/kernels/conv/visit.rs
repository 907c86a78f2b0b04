//! The inner loops of the sparse backward pass: for each entry, a vector per tap.
//!
//! Taps are processed in groups, as many as the registers hold. Each element of a result adds its
//! terms in the same order whatever the groups, so that every instruction set gives the same bits.

use pulp::Simd;

/// Channels per pass: one, two or more vectors of every instruction set.
pub(super) const GROUP: usize = 32;

/// An argmax pixel: where its patch of the input starts, in elements, and its gradient.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    pub at: u32,
    pub grad: f32,
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

/// The start of a block of taps: in the weights and in the image, in elements.
#[derive(Clone, Copy)]
pub(super) struct Start {
    weight: usize,
    image: usize,
}

/// An operation on `H` by `W` taps and `V` vectors of channels.
pub(super) trait Block {
    fn block<S: Simd, const H: usize, const W: usize, const V: usize>(
        &mut self,
        simd: S,
        patch: Patch,
        start: Start,
    );
}

impl Patch {
    /// Runs a block over all taps and channels.
    #[inline(always)]
    pub fn visit<S: Simd>(self, simd: S, block: &mut impl Block) {
        match GROUP / S::F32_LANES {
            2 if S::REGISTER_COUNT >= 32 && self.kernel == [3, 3] => {
                // The registers hold a whole kernel.
                for image in (0..self.width).step_by(GROUP) {
                    let start = Start {
                        weight: image,
                        image,
                    };
                    block.block::<S, 3, 3, 2>(simd, self, start);
                }
            }
            2 => self.rows::<S, 2>(simd, block),
            4 => self.rows::<S, 4>(simd, block),
            8 => self.rows::<S, 8>(simd, block),
            _ => self.rows::<S, GROUP>(simd, block),
        }
    }

    /// Runs a block for one row of the kernel at a time.
    #[inline(always)]
    fn rows<S: Simd, const V: usize>(self, simd: S, block: &mut impl Block) {
        let [kh, kw] = self.kernel;
        for group in (0..self.width).step_by(GROUP) {
            for ky in 0..kh {
                for kx in (0..kw).step_by(3) {
                    let start = Start {
                        weight: (ky * kw + kx) * self.width + group,
                        image: ky * self.row + kx * self.width + group,
                    };
                    match kw - kx {
                        1 => block.block::<S, 1, 1, V>(simd, self, start),
                        2 => block.block::<S, 1, 2, V>(simd, self, start),
                        _ => block.block::<S, 1, 3, V>(simd, self, start),
                    }
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

/// dw[tap][i] += Σ over entries of dz · x[at + tap][i], for one output channel.
pub(super) struct AddWeight<'a> {
    pub entries: &'a [Entry],
    /// `[padded pixels, width]`
    pub x: &'a [f32],
    /// `[taps, width]`
    pub dw: &'a mut [f32],
}

impl Block for AddWeight<'_> {
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
            let grad = simd.splat_f32s(entry.grad);
            for h in 0..H {
                for w in 0..W {
                    let x = S::as_simd_f32s(&x[h * patch.row + w * patch.width..][..GROUP]).0;
                    for v in 0..V {
                        acc[h][w][v] = simd.mul_add_e_f32s(grad, x[v], acc[h][w][v]);
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

/// dx[at + tap][i] += Σ over channels o of dz[o] · w[o][tap][i], for one argmax pixel.
pub(super) struct AddInput<'a> {
    /// The output channels with their argmax here, one bit each.
    pub channels: u64,
    /// dz, one per such channel.
    pub grads: &'a [f32],
    /// `[channels, taps, width]`
    pub weights: &'a [f32],
    pub at: usize,
    /// `[padded pixels, width]`
    pub dx: &'a mut [f32],
}

impl Block for AddInput<'_> {
    #[inline(always)]
    fn block<S: Simd, const H: usize, const W: usize, const V: usize>(
        &mut self,
        simd: S,
        patch: Patch,
        start: Start,
    ) {
        let [kh, kw] = patch.kernel;
        let channel = kh * kw * patch.width;
        let mut acc = [[[simd.splat_f32s(0.0); V]; W]; H];
        let mut channels = self.channels;
        while channels != 0 {
            let o = channels.trailing_zeros() as usize;
            channels &= channels - 1;
            let grad = simd.splat_f32s(self.grads[o]);
            let weights = &self.weights[o * channel + start.weight..];
            for h in 0..H {
                for w in 0..W {
                    let weight = &weights[(h * kw + w) * patch.width..][..GROUP];
                    let weight = S::as_simd_f32s(weight).0;
                    for v in 0..V {
                        acc[h][w][v] = simd.mul_add_e_f32s(grad, weight[v], acc[h][w][v]);
                    }
                }
            }
        }
        let dx = &mut self.dx[self.at + start.image..];
        for (h, acc) in acc.iter().enumerate() {
            for (w, acc) in acc.iter().enumerate() {
                let to = &mut dx[h * patch.row + w * patch.width..][..GROUP];
                for (to, acc) in S::as_mut_simd_f32s(to).0.iter_mut().zip(acc) {
                    *to = simd.add_f32s(*to, *acc);
                }
            }
        }
    }
}
