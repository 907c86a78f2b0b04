//! The inner loops of the sparse backward pass: for each entry, a vector per tap.
//!
//! Taps are processed in groups, as many as the registers hold. Each element of a result adds its
//! terms in the same order whatever the groups, so that every instruction set gives the same bits.

use pulp::Simd;

/// Channels per pass: one, two or more vectors of every instruction set.
pub(super) const GROUP: usize = 32;

/// Channels that are read or written together. Offsets are counted in these, so that one comparison
/// checks the bounds of each.
pub(super) type Group = [f32; GROUP];

/// An argmax pixel: where its patch of the input starts, and its gradient.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    pub at: u32,
    pub grad: f32,
}

/// The input pixels under one window of a convolution, in a padded channels-last image.
#[derive(Clone, Copy)]
pub(super) struct Patch {
    pub kernel: [usize; 2],
    /// Groups from one row of the image to the next.
    pub row: usize,
    /// Groups from one pixel to the next.
    pub width: usize,
}

/// The start of a block of taps: in the weights and in the image.
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
                let patch = Patch {
                    kernel: [3, 3],
                    ..self
                };
                // The compiler knows the usual widths, and with them where all taps of a row are.
                match self.width {
                    1 => Patch { width: 1, ..patch }.whole(simd, block),
                    2 => Patch { width: 2, ..patch }.whole(simd, block),
                    _ => patch.whole(simd, block),
                }
            }
            2 => self.rows::<S, 2>(simd, block),
            4 => self.rows::<S, 4>(simd, block),
            8 => self.rows::<S, 8>(simd, block),
            _ => self.rows::<S, GROUP>(simd, block),
        }
    }

    /// Runs a block for a whole kernel of 3 × 3, which many registers hold.
    #[inline(always)]
    fn whole<S: Simd>(self, simd: S, block: &mut impl Block) {
        for image in 0..self.width {
            let start = Start {
                weight: image,
                image,
            };
            block.block::<S, 3, 3, 2>(simd, self, start);
        }
    }

    /// Runs a block for one row of the kernel at a time.
    #[inline(always)]
    fn rows<S: Simd, const V: usize>(self, simd: S, block: &mut impl Block) {
        let [kh, kw] = self.kernel;
        for group in 0..self.width {
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

    /// Groups from the first of `H` rows of `W` taps in the weights to behind the last.
    #[inline(always)]
    fn span<const H: usize, const W: usize>(self) -> usize {
        ((H - 1) * self.kernel[1] + W - 1) * self.width + 1
    }

    /// The same in one row of the image.
    #[inline(always)]
    fn row_span<const W: usize>(self) -> usize {
        (W - 1) * self.width + 1
    }
}

/// Taps, each of `V` vectors.
type Taps<S, const H: usize, const W: usize, const V: usize> = [[[<S as Simd>::f32s; V]; W]; H];

/// The vectors of a group.
#[inline(always)]
fn vectors<S: Simd>(group: &Group) -> &[S::f32s] {
    S::as_simd_f32s(group).0
}

/// The same, to write.
#[inline(always)]
fn vectors_mut<S: Simd>(group: &mut Group) -> &mut [S::f32s] {
    S::as_mut_simd_f32s(group).0
}

/// dw[tap][i] += Σ over entries of dz · x[at + tap][i], for one output channel.
pub(super) struct AddWeight<'a> {
    pub entries: &'a [Entry],
    /// `[padded pixels, width]`
    pub x: &'a [Group],
    /// `[taps, width]`
    pub dw: &'a mut [Group],
}

impl Block for AddWeight<'_> {
    #[inline(always)]
    fn block<S: Simd, const H: usize, const W: usize, const V: usize>(
        &mut self,
        simd: S,
        patch: Patch,
        start: Start,
    ) {
        let dw = &mut self.dw[start.weight..][..patch.span::<H, W>()];
        let tap = |h: usize, w: usize| (h * patch.kernel[1] + w) * patch.width;
        let mut acc: Taps<S, H, W, V> = [[[simd.splat_f32s(0.0); V]; W]; H];
        for (h, acc) in acc.iter_mut().enumerate() {
            for (w, acc) in acc.iter_mut().enumerate() {
                acc.copy_from_slice(vectors::<S>(&dw[tap(h, w)]));
            }
        }
        for entry in self.entries {
            let at = entry.at as usize + start.image;
            let grad = simd.splat_f32s(entry.grad);
            for (h, acc) in acc.iter_mut().enumerate() {
                let row = &self.x[at + h * patch.row..][..patch.row_span::<W>()];
                for (w, acc) in acc.iter_mut().enumerate() {
                    let x = vectors::<S>(&row[w * patch.width]);
                    for v in 0..V {
                        acc[v] = simd.mul_add_e_f32s(grad, x[v], acc[v]);
                    }
                }
            }
        }
        for (h, acc) in acc.iter().enumerate() {
            for (w, acc) in acc.iter().enumerate() {
                vectors_mut::<S>(&mut dw[tap(h, w)]).copy_from_slice(acc);
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
    pub weights: &'a [Group],
    pub at: usize,
    /// `[padded pixels, width]`
    pub dx: &'a mut [Group],
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
        let mut acc: Taps<S, H, W, V> = [[[simd.splat_f32s(0.0); V]; W]; H];
        let mut channels = self.channels;
        while channels != 0 {
            let o = channels.trailing_zeros() as usize;
            channels &= channels - 1;
            let grad = simd.splat_f32s(self.grads[o]);
            let weights = &self.weights[o * channel + start.weight..][..patch.span::<H, W>()];
            for (h, acc) in acc.iter_mut().enumerate() {
                for (w, acc) in acc.iter_mut().enumerate() {
                    let weight = vectors::<S>(&weights[(h * kw + w) * patch.width]);
                    for v in 0..V {
                        acc[v] = simd.mul_add_e_f32s(grad, weight[v], acc[v]);
                    }
                }
            }
        }
        let at = self.at + start.image;
        for (h, acc) in acc.iter().enumerate() {
            let row = &mut self.dx[at + h * patch.row..][..patch.row_span::<W>()];
            for (w, acc) in acc.iter().enumerate() {
                let to = vectors_mut::<S>(&mut row[w * patch.width]);
                for (to, acc) in to.iter_mut().zip(acc) {
                    *to = simd.add_f32s(*to, *acc);
                }
            }
        }
    }
}
