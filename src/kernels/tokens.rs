//! Images as tokens, and tokens as one vector: what stands around the blocks of a transformer.

use super::buffers::buffer;
use super::conv::MemoryFormat;
use super::slice_op::{Context, SliceOp};
use super::tape::{self, PerSample};
use super::transpose::transpose;
use super::{threads, vector};
use candle_core::{Result, Shape, Tensor, bail};

/// Values of the positions' gradient per chunk of work.
const CHUNK: usize = 1 << 9;

/// Patches as tokens, a learned token before them, and a learned vector added to each place.
#[derive(Clone, Copy)]
struct EmbedTokens {
    n: usize,
    patches: usize,
    width: usize,
    has_class: bool,
    format: MemoryFormat,
}

impl EmbedTokens {
    fn tokens(&self) -> usize {
        self.patches + usize::from(self.has_class)
    }

    /// Values of the learned token.
    fn skipped(&self) -> usize {
        usize::from(self.has_class) * self.width
    }

    /// Writes the patches of an image as tokens.
    fn tokens_of(&self, image: &[f32], tokens: &mut [f32]) {
        match self.format {
            MemoryFormat::ChannelsFirst => {
                let size = (self.width, self.patches, self.patches);
                transpose(image, size, tokens, self.width);
            }
            MemoryFormat::ChannelsLast => tokens.copy_from_slice(image),
        }
    }

    /// Writes tokens as the patches of an image.
    fn image_of(&self, tokens: &[f32], image: &mut [f32]) {
        match self.format {
            MemoryFormat::ChannelsFirst => {
                let size = (self.patches, self.width, self.width);
                transpose(tokens, size, image, self.patches);
            }
            MemoryFormat::ChannelsLast => image.copy_from_slice(tokens),
        }
    }
}

impl SliceOp<3> for EmbedTokens {
    const NAME: &'static str = "embed tokens";
    type Saved = ();

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from((self.n, self.tokens(), self.width))
    }

    fn forward(&self, [image, positions, class]: [&[f32]; 3]) -> (Vec<f32>, ()) {
        let sample = self.tokens() * self.width;
        let mut tokens = buffer(self.n * sample);
        let samples = tokens.chunks_exact_mut(sample);
        let parts = image.chunks_exact(self.patches * self.width).zip(samples);
        threads::for_parts_of(image.len(), parts, |_, (image, tokens)| {
            let (first, rest) = tokens.split_at_mut(self.skipped());
            first.copy_from_slice(&class[..first.len()]);
            self.tokens_of(image, rest);
            vector::add_assign(tokens, positions);
        });
        (tokens, ())
    }

    fn backward(&self, context: Context<'_, 3, ()>) -> [Vec<f32>; 3] {
        let dy = context.gradient;
        let sample = self.tokens() * self.width;
        let mut dimage = buffer(self.n * self.patches * self.width);
        let images = dimage.chunks_exact_mut(self.patches * self.width);
        let parts = images.zip(dy.chunks_exact(sample));
        threads::for_parts_of(dy.len(), parts, |_, (dimage, dtokens)| {
            self.image_of(&dtokens[self.skipped()..], dimage);
        });
        let mut dpositions = vec![0.0; sample];
        let parts = dpositions.chunks_mut(CHUNK);
        threads::for_parts_of(dy.len(), parts, |chunk, sums| {
            for dtokens in dy.chunks_exact(sample) {
                let dtokens = &dtokens[chunk * CHUNK..][..sums.len()];
                vector::add_assign(sums, dtokens);
            }
        });
        // The learned token is added to the first place of every sample.
        let dclass = dpositions[..self.skipped()].to_vec();
        [dimage, dpositions, dclass]
    }
}

impl PerSample for EmbedTokens {
    fn of_one(self, n: usize) -> Option<Self> {
        (self.n == n).then_some(EmbedTokens { n: 1, ..self })
    }
}

/// Patches `[n, width, rows, columns]`, in `format`, as tokens `[n, tokens, width]`: those of an image row by row,
/// after the learned token `class` `[1, 1, width]` if there is one, each plus its row of
/// `positions`, `[1, tokens, width]`.
///
/// # Errors
/// When the shapes do not fit.
pub fn embed_tokens(
    patches: &Tensor,
    format: MemoryFormat,
    positions: &Tensor,
    class: Option<&Tensor>,
) -> Result<Tensor> {
    let (n, width, rows, columns) = format.dims(patches)?;
    let op = EmbedTokens {
        n,
        patches: rows * columns,
        width,
        has_class: class.is_some(),
        format,
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
        let parts = samples.zip(y.chunks_exact_mut(self.width));
        threads::for_parts_of(x.len(), parts, |_, (x, y)| {
            if !self.is_mean {
                return y.copy_from_slice(&x[..self.width]);
            }
            for token in x.chunks_exact(self.width) {
                vector::add_assign(y, token);
            }
            y.iter_mut().for_each(|y| *y *= self.scale());
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 1, ()>) -> [Vec<f32>; 1] {
        let mut dx = buffer(self.n * self.tokens * self.width);
        let samples = dx.chunks_exact_mut(self.tokens * self.width);
        let parts = samples.zip(context.gradient.chunks_exact(self.width));
        threads::for_parts_of(self.n * self.tokens * self.width, parts, |_, (dx, dy)| {
            let (first, rest) = dx.split_at_mut(self.width);
            if !self.is_mean {
                first.copy_from_slice(dy);
                return rest.fill(0.0);
            }
            first
                .iter_mut()
                .zip(dy)
                .for_each(|(dx, dy)| *dx = dy * self.scale());
            rest.chunks_exact_mut(self.width)
                .for_each(|dx| dx.copy_from_slice(first));
        });
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

    const FIRST: MemoryFormat = MemoryFormat::ChannelsFirst;

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
            let found = embed_tokens(
                &image,
                FIRST,
                &positions,
                has_class.then_some(class.as_tensor()),
            );
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
    fn channels_last_patches_give_the_same_tokens_and_gradients() {
        let (image, class) = (var(&[3, 8, 2, 5], 0.0), var(&[1, 1, 8], 1.0));
        let last = image.permute((0, 2, 3, 1)).unwrap().contiguous().unwrap();
        let last = Var::from_tensor(&last).unwrap();
        let positions = var(&[1, 11, 8], 2.0);
        let class = class.as_tensor();
        let first = embed_tokens(&image, FIRST, &positions, Some(class)).unwrap();
        let format = MemoryFormat::ChannelsLast;
        let found = embed_tokens(&last, format, &positions, Some(class)).unwrap();
        let vars = [&positions];
        assert_eq!(bits_of(&vars, &found), bits_of(&vars, &first));
        let gradient = |y: &Tensor, of: &Var| {
            let weights = var(y.dims(), 9.0).as_detached_tensor();
            let gradients = (y * weights)
                .unwrap()
                .sum_all()
                .unwrap()
                .backward()
                .unwrap();
            gradients.get(of).unwrap().clone()
        };
        let found = gradient(&found, &last).permute((0, 3, 1, 2)).unwrap();
        assert_eq!(bits(&found), bits(&gradient(&first, &image)));
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
        assert!(embed_tokens(&image, FIRST, &var(&[1, 9, 8], 1.0), None).is_err());
        let positions = var(&[1, 11, 8], 1.0);
        assert!(embed_tokens(&image, FIRST, &positions, Some(&var(&[1, 1, 7], 1.0))).is_err());
    }
}
