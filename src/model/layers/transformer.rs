//! Transformer encoder blocks, pre-norm (Vaswani et al. 2017; Xiong et al. 2020): the same numbers
//! as `nn.TransformerEncoder` of `nn.TransformerEncoderLayer(norm_first=True, activation="gelu",
//! dropout=0)`. Each block is x += attention(norm₁ x), x += W₂ gelu(W₁ norm₂ x).

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, ParamPlan, positive, product};
use super::kind::{About, LayerField, LayerKind, LayerValue, one};
use super::norm::{EPSILON, layer_params};
use super::plan::{Pass, Planner};
use crate::kernels::{self, Activation, LANES, SmoothActivation};
use crate::model::shape::Shape;

/// Parameters of one block.
const N_PARAMS: usize = 12;

/// Most blocks in one layer of the list.
const MAX_DEPTH: usize = 64;

/// Blocks of self-attention over the tokens, each followed by an MLP per token:
/// `[tokens, width]` → the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformerEncoder {
    /// Number of blocks.
    #[serde(default = "one")]
    pub depth: usize,
    /// Attention heads; must divide the width.
    pub heads: usize,
    /// Hidden size of the MLP, as a multiple of the token width.
    pub mlp_ratio: usize,
}

impl LayerKind for TransformerEncoder {
    fn about(&self) -> About {
        About {
            name: "transformer",
            label: "Transformer encoder",
            explanation: "Every token attends to all others; has no built-in knowledge of images, \
                          so it needs many of them.",
        }
    }

    fn detail(&self) -> String {
        let (depth, heads, ratio) = (self.depth, self.heads, self.mlp_ratio);
        format!("{depth} × {heads} heads, MLP ×{ratio}")
    }

    fn short_detail(&self) -> String {
        format!("{}·{}", self.depth, self.heads)
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        vec![
            LayerValue::Count(&mut self.depth).field(
                "Blocks",
                "Number of blocks: more can learn more, but are harder to train.",
            ),
            LayerValue::Count(&mut self.heads).field(
                "Heads",
                "Attention heads, each with an equal part of the width; must divide the width.",
            ),
            LayerValue::Count(&mut self.mlp_ratio).field(
                "MLP ratio",
                "Hidden size of each block's MLP, as a multiple of the token width.",
            ),
        ]
    }

    fn blueprint(&self, input: Shape) -> std::result::Result<Blueprint, String> {
        let &TransformerEncoder {
            depth,
            heads,
            mlp_ratio,
        } = self;
        let Shape::Sequence([tokens, width]) = input else {
            return Err(format!(
                "transformer encoder needs a sequence of tokens but gets {input}: put a patch embedding \
                 before it"
            ));
        };
        for (value, name) in [(depth, "depth"), (heads, "heads"), (mlp_ratio, "MLP ratio")] {
            positive(value, name)?;
        }
        if depth > MAX_DEPTH {
            return Err(format!("depth must be at most {MAX_DEPTH}, found {depth}"));
        }
        if width % heads != 0 {
            return Err(format!(
                "{heads} heads do not divide a width of {width}: choose a divisor"
            ));
        }
        let hidden = product(&[mlp_ratio, width])? as usize;
        let weights = product(&[width, 4 * width])?.saturating_add(2 * product(&[width, hidden])?);
        let scores = product(&[2, tokens, tokens, width])?;
        let block = weights.saturating_mul(tokens as u64).saturating_add(scores);
        // Norms, queries, keys, values, attention, sums and the hidden layer twice, and its
        // derivative; and the attention weights, in rows of whole vectors.
        let kept = product(&[tokens, 14 * width + 5 * hidden])?
            + product(&[heads, tokens, tokens.next_multiple_of(LANES)])?;
        let params = (0..depth).flat_map(|idx| {
            let prefix = format!("layers.{idx}");
            block_params(width, hidden)
                .into_iter()
                .map(move |p| p.within(&prefix))
        });
        Ok(Blueprint {
            multiply_adds: block.saturating_mul(depth as u64),
            n_saved: kept.saturating_mul(depth as u64),
            params: params.collect(),
            ..Blueprint::plain(input)
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let (first, depth, heads) = (planner.first_param, self.depth, self.heads);
        planner.add(move |x, pass| {
            let (n, tokens, width) = x.dims3()?;
            let mut rows = kernels::view(x, x.reshape((n * tokens, width))?);
            for idx in 0..depth {
                let first = first + idx * N_PARAMS;
                rows = block(&rows, [tokens, heads], first, pass)?;
            }
            let result = rows.reshape((n, tokens, width))?;
            Ok(kernels::view(&rows, result))
        });
    }
}

/// In PyTorch's order.
fn block_params(width: usize, hidden: usize) -> Vec<ParamPlan> {
    let linear = |name: &str, inputs, outputs| {
        [
            ParamPlan::matrix("weight", inputs, outputs).within(name),
            ParamPlan::bias("bias", outputs).within(name),
        ]
    };
    let norm = |name: &'static str| {
        layer_params(vec![width])
            .into_iter()
            .map(|p| p.within(name))
    };
    let mut params = vec![
        ParamPlan::matrix("in_proj_weight", width, 3 * width).within("self_attn"),
        ParamPlan::bias("in_proj_bias", 3 * width).within("self_attn"),
    ];
    params.extend(linear("self_attn.out_proj", width, width));
    params.extend(linear("linear1", width, hidden));
    params.extend(linear("linear2", hidden, width));
    params.extend(norm("norm1"));
    params.extend(norm("norm2"));
    params
}

/// One block, whose parameters start at index `first`, in the order of [`block_params`].
fn block(x: &Tensor, [tokens, heads]: [usize; 2], first: usize, pass: &Pass<'_>) -> Result<Tensor> {
    let param = |i: usize| pass.tensor(first + i);
    let norm = |x: &Tensor, i: usize| kernels::layer_norm(x, &param(i), &param(i + 1), EPSILON);
    let linear =
        |x: &Tensor, i: usize| kernels::dense(x, &param(i), &param(i + 1), Activation::Identity);
    // One step of the block; what it read is not read again.
    let step = |x: Tensor, step: &dyn Fn(&Tensor) -> Result<Tensor>| {
        let y = step(&x)?;
        pass.done_with(&x, &[&y]);
        Ok::<_, candle_core::Error>(y)
    };
    let qkv = step(norm(x, 8)?, &|x| linear(x, 0))?;
    pass.show(&qkv)?;
    let mixed = step(qkv, &|qkv| kernels::attention(qkv, tokens, heads))?;
    let x = pass.sum(step(mixed, &|x| linear(x, 2))?, x)?;
    let hidden = step(norm(&x, 10)?, &|x| linear(x, 4))?;
    let hidden = step(hidden, &|x| {
        kernels::smooth_activation(x, SmoothActivation::Gelu)
    })?;
    let y = pass.sum(step(hidden, &|x| linear(x, 6))?, &x)?;
    pass.done_with(&x, &[&y]);
    Ok(y)
}
