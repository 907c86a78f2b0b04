//! Images as tokens, and tokens as one vector: what stands around the blocks of a transformer.

use super::buffers::buffer;
use super::slice_op::{Context, SliceOp};
use super::tape::{self, PerSample};
use candle_core::{Result, Shape, Tensor, bail};

/// Patches as tokens, a learned token before them, and a learned vector added to each place.
#[derive(Clone, Copy)]
struct EmbedTokens {
    n: usize,
    patches: usize,
    width: usize,
    has_class: bool,
}

impl EmbedTokens {
    fn tokens(&self) -> usize {
        self.patches + usize::from(self.has_class)
    }
}

impl SliceOp<3> for EmbedTokens {
    const NAME: &'static str = "embed tokens";
    type Saved = ();

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from((self.n, self.tokens(), self.width))
    }

    fn forward(&self, [image, positions, class]: [&[f32]; 3]) -> (Vec<f32>, ()) {
        let (patches, width) = (self.patches, self.width);
        let mut tokens = buffer(self.n * self.tokens() * width);
        let samples = tokens.chunks_exact_mut(self.tokens() * width);
        for (image, mut tokens) in image.chunks_exact(patches * width).zip(samples) {
            let mut positions = positions;
            if self.has_class {
                let (first, rest) = tokens.split_at_mut(width);
                let (at, others) = positions.split_at(width);
                for ((token, class), at) in first.iter_mut().zip(class).zip(at) {
                    *token = class + at;
                }
                (tokens, positions) = (rest, others);
            }
            let places = tokens
                .chunks_exact_mut(width)
                .zip(positions.chunks_exact(width));
            for (patch, (token, at)) in places.enumerate() {
                for (channel, (token, at)) in token.iter_mut().zip(at).enumerate() {
                    *token = image[channel * patches + patch] + at;
                }
            }
        }
        (tokens, ())
    }

    fn backward(&self, context: Context<'_, 3, ()>) -> [Vec<f32>; 3] {
        let (patches, width) = (self.patches, self.width);
        let skipped = usize::from(self.has_class) * width;
        let mut dimage = buffer(self.n * patches * width);
        let mut dpositions = vec![0.0; self.tokens() * width];
        let samples = context.gradient.chunks_exact(self.tokens() * width);
        for (dimage, dtokens) in dimage.chunks_exact_mut(patches * width).zip(samples) {
            for (sum, d) in dpositions.iter_mut().zip(dtokens) {
                *sum += d;
            }
            for (patch, token) in dtokens[skipped..].chunks_exact(width).enumerate() {
                for (channel, d) in token.iter().enumerate() {
                    dimage[channel * patches + patch] = *d;
                }
            }
        }
        // The learned token is added to the first place of every sample.
        let dclass = dpositions[..skipped].to_vec();
        [dimage, dpositions, dclass]
    }
}

impl PerSample for EmbedTokens {
    fn of_one(self, n: usize) -> Option<Self> {
        (self.n == n).then_some(EmbedTokens { n: 1, ..self })
    }
}

/// Patches `[n, width, rows, columns]` as tokens `[n, tokens, width]`: those of an image row by row,
/// after the learned token `class` `[1, 1, width]` if there is one, each plus its row of
/// `positions`, `[1, tokens, width]`.
///
/// # Errors
/// When the shapes do not fit.
pub fn embed_tokens(
    patches: &Tensor,
    positions: &Tensor,
    class: Option<&Tensor>,
) -> Result<Tensor> {
    let (n, width, rows, columns) = patches.dims4()?;
    let op = EmbedTokens {
        n,
        patches: rows * columns,
        width,
        has_class: class.is_some(),
    };
    let is_class = |class: &Tensor| class.elem_count() == width;
    if positions.elem_count() != op.tokens() * width || !class.is_none_or(is_class) {
        bail!(
            "embed tokens: positions {:?} do not fit patches {:?}",
            positions.dims(),
            patches.dims()
        );
    }
    let none = Tensor::zeros(1, patches.dtype(), patches.device())?;
    tape::apply3_per_sample([patches, positions, class.unwrap_or(&none)], op)
}

/// Tokens as one vector: the first, or the mean of all.
struct PoolTokens {
    n: usize,
    tokens: usize,
    width: usize,
    is_mean: bool,
}

impl PoolTokens {
    fn scale(&self) -> f32 {
        (1.0 / self.tokens as f64) as f32
    }
}

impl SliceOp<1> for PoolTokens {
    const NAME: &'static str = "pool tokens";
    type Saved = ();

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from((self.n, self.width))
    }

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, ()) {
        let mut y = vec![0.0; self.n * self.width];
        let samples = x.chunks_exact(self.tokens * self.width);
        for (x, y) in samples.zip(y.chunks_exact_mut(self.width)) {
            if !self.is_mean {
                y.copy_from_slice(&x[..self.width]);
                continue;
            }
            for token in x.chunks_exact(self.width) {
                y.iter_mut().zip(token).for_each(|(y, x)| *y += x);
            }
            y.iter_mut().for_each(|y| *y *= self.scale());
        }
        (y, ())
    }

    fn backward(&self, context: Context<'_, 1, ()>) -> [Vec<f32>; 1] {
        let mut dx = buffer(self.n * self.tokens * self.width);
        let samples = dx.chunks_exact_mut(self.tokens * self.width);
        for (dx, dy) in samples.zip(context.gradient.chunks_exact(self.width)) {
            let (first, rest) = dx.split_at_mut(self.width);
            if !self.is_mean {
                first.copy_from_slice(dy);
                rest.fill(0.0);
                continue;
            }
            first
                .iter_mut()
                .zip(dy)
                .for_each(|(dx, dy)| *dx = dy * self.scale());
            rest.chunks_exact_mut(self.width)
                .for_each(|dx| dx.copy_from_slice(first));
        }
        [dx]
    }
}

/// The first of the tokens `[n, tokens, width]`, or the mean of all: `[n, width]`.
///
/// # Errors
/// When there are no tokens.
pub fn pool_tokens(x: &Tensor, is_mean: bool) -> Result<Tensor> {
    let (n, tokens, width) = x.dims3()?;
    if tokens == 0 {
        bail!("pool tokens: there are none in {:?}", x.dims());
    }
    let op = PoolTokens {
        n,
        tokens,
        width,
        is_mean,
    };
    tape::apply1(x, op)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::fixture::var;
    use candle_core::Var;

    fn bits(tensor: &Tensor) -> Vec<u32> {
        let values: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
        values.into_iter().map(f32::to_bits).collect()
    }

    /// The result and the gradients of `vars`, with a different gradient for each value.
    fn bits_of(vars: &[&Var], y: &Tensor) -> Vec<Vec<u32>> {
        let weights = var(y.dims(), 9.0).as_detached_tensor();
        let loss = (y * weights).unwrap().sum_all().unwrap();
        let gradients = loss.backward().unwrap();
        let gradient = |var: &&Var| bits(gradients.get(var).unwrap());
        std::iter::once(bits(y))
            .chain(vars.iter().map(gradient))
            .collect()
    }

    #[test]
    fn tokens_are_those_of_candles_own_ops_bit_for_bit() {
        let (image, class) = (var(&[3, 8, 2, 5], 0.0), var(&[1, 1, 8], 1.0));
        for has_class in [false, true] {
            let positions = var(&[1, 10 + usize::from(has_class), 8], 2.0);
            let mut vars = vec![&image, &positions];
            vars.extend(has_class.then_some(&class));
            let found = embed_tokens(&image, &positions, has_class.then_some(class.as_tensor()));
            let patches = image.flatten_from(2).unwrap();
            let mut tokens = patches.transpose(1, 2).unwrap().contiguous().unwrap();
            if has_class {
                let class = class.broadcast_as((3, 1, 8)).unwrap().contiguous().unwrap();
                tokens = Tensor::cat(&[class, tokens], 1).unwrap();
            }
            let expected = tokens.broadcast_add(&positions).unwrap();
            assert_eq!(bits_of(&vars, &found.unwrap()), bits_of(&vars, &expected));
        }
    }

    #[test]
    fn pooled_tokens_are_those_of_candles_own_ops_bit_for_bit() {
        let x = var(&[3, 7, 8], 0.0);
        let mean = pool_tokens(&x, true).unwrap();
        assert_eq!(bits_of(&[&x], &mean), bits_of(&[&x], &x.mean(1).unwrap()));
        let first = pool_tokens(&x, false).unwrap();
        let expected = x.narrow(1, 0, 1).unwrap().squeeze(1).unwrap();
        assert_eq!(bits_of(&[&x], &first), bits_of(&[&x], &expected));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let image = var(&[3, 8, 2, 5], 0.0);
        assert!(embed_tokens(&image, &var(&[1, 9, 8], 1.0), None).is_err());
        let positions = var(&[1, 11, 8], 1.0);
        assert!(embed_tokens(&image, &positions, Some(&var(&[1, 1, 7], 1.0))).is_err());
    }
}
