//! Images as sequences of tokens: patch embedding with learned positions (Dosovitskiy et al. 2021,
//! section 3.1), and pooling of the tokens, to one of them or to their mean.

use candle_core::{Result, Tensor};

use super::super::{Layer, Shape, TokenChoice};
use super::Blueprint;
use super::blueprint::{InitRule, ParamPlan, image, positive, product};
use super::conv;
use super::plan::Pass;
use super::pool::square;

/// Positions and class token are drawn uniformly from minus to plus this: √3 times the paper's
/// standard deviation of 0.02.
const POSITION_BOUND: f32 = 0.035;

pub(super) fn blueprint(layer: &Layer, input: Shape) -> std::result::Result<Blueprint, String> {
    let Layer::PatchEmbedding {
        patch,
        width,
        class_token,
    } = *layer
    else {
        return Err(format!("{} makes no patches", layer.label()));
    };
    let [c, h, w] = image(layer, input)?;
    positive(patch, "patch")?;
    positive(width, "width")?;
    if h % patch != 0 || w % patch != 0 {
        return Err(format!(
            "patches of {patch}×{patch} do not fill {h}×{w} pixels: choose a divisor of both"
        ));
    }
    let n_patches = product(&[h / patch, w / patch])?;
    let filter = product(&[c, patch, patch, width])?;
    let tokens = n_patches as usize + usize::from(class_token);
    product(&[tokens, width])?;
    let projection = conv::params(width, c, patch, 1).into_iter();
    let mut params: Vec<ParamPlan> = projection.map(|p| p.within("proj")).collect();
    let learned = |name: &str, n: usize| ParamPlan {
        init: InitRule::Uniform(POSITION_BOUND),
        ..ParamPlan::constant(name, vec![1, n, width], 0.0)
    };
    if class_token {
        params.push(learned("cls_token", 1));
    }
    params.push(learned("pos_embed", tokens));
    Ok(Blueprint {
        multiply_adds: filter.saturating_mul(n_patches),
        n_saved: 2 * (tokens * width) as u64,
        params,
        ..Blueprint::plain(Shape::Sequence([tokens, width]))
    })
}

/// `[n, c, h, w]` → `[n, tokens, width]`.
#[derive(Clone, Debug)]
pub(in crate::model) struct PatchEmbedding {
    conv: conv::Conv,
    class_token: Option<usize>,
    positions: usize,
}

impl PatchEmbedding {
    pub fn new(patch: usize, class_token: bool, first: usize) -> PatchEmbedding {
        PatchEmbedding {
            conv: conv::Conv::plain(first, square(patch, patch, 0), 1),
            class_token: class_token.then_some(first + 2),
            positions: first + 2 + usize::from(class_token),
        }
    }

    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let patches = self.conv.forward(x, pass)?.flatten_from(2)?;
        let mut tokens = patches.transpose(1, 2)?.contiguous()?;
        if let Some(idx) = self.class_token {
            let (n, _, width) = tokens.dims3()?;
            let class_token = pass.tensor(idx).broadcast_as((n, 1, width))?.contiguous()?;
            tokens = Tensor::cat(&[class_token, tokens], 1)?;
        }
        tokens.broadcast_add(&pass.tensor(self.positions))
    }
}

pub(super) fn pool_blueprint(
    layer: &Layer,
    input: Shape,
) -> std::result::Result<Blueprint, String> {
    match input {
        Shape::Sequence([_, width]) => Ok(Blueprint::plain(Shape::Vector(width))),
        _ => Err(format!(
            "{} needs a sequence of tokens but gets {input}: put it after a patch embedding",
            layer.label().to_lowercase()
        )),
    }
}

/// `[n, tokens, width]` → `[n, width]`.
pub(super) fn pool(x: &Tensor, take: TokenChoice) -> Result<Tensor> {
    match take {
        TokenChoice::First => x.narrow(1, 0, 1)?.squeeze(1)?.contiguous(),
        TokenChoice::Mean => x.mean(1),
    }
}
