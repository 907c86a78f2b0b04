//! Normalization: over a batch, channel by channel (Ioffe and Szegedy 2015; `nn.BatchNorm2d` and
//! `nn.BatchNorm1d`), or over each sample (Ba, Kiros and Hinton 2016; `nn.LayerNorm`).

use candle_core::{Result, Tensor};

use super::blueprint::{Blueprint, ParamPlan};
use super::kind::{About, LayerKind};
use super::memory_format::ImageResult;
use super::plan::{Pass, Planner};
use crate::kernels::{self, BatchMoments, BatchNormOptions};
use crate::model::network::Mode;
use crate::model::param::ParamKind;
use crate::model::shape::Shape;

/// PyTorch's default, added to the variance.
pub(crate) const EPSILON: f32 = 1e-5;

/// PyTorch's default: the share of a batch's statistics in the running ones.
const MOMENTUM: f32 = 0.1;

/// `[n, channels, h, w]` or `[n, features]` → the same.
///
/// While training each channel is normalized by its mean and (biased) variance in the batch, which
/// also update the running estimates (with the unbiased variance, like PyTorch); otherwise, and if
/// it is frozen, by the running estimates.
pub(in crate::model) struct BatchNorm;

/// Any shape → the same, each sample, or each token of a sequence, normalized by its own mean
/// and (biased) variance.
pub(in crate::model) struct LayerNorm;

impl LayerKind for BatchNorm {
    fn about(&self) -> About {
        About {
            name: "norm",
            label: "Batch norm",
            explanation: "Normalizes each channel over the batch, so that deep networks train \
                          faster; small batches make it noisy.",
        }
    }

    fn short_detail(&self) -> String {
        "batch".to_owned()
    }

    fn blueprint(&self, input: Shape) -> std::result::Result<Blueprint, String> {
        let n = match input {
            Shape::Image([channels, _, _]) => channels,
            Shape::Vector(n) => n,
            Shape::Sequence(_) => {
                return Err(format!(
                    "batch norm needs an image or a list of values but gets {input}, a sequence of \
                     tokens: use layer norm"
                ));
            }
        };
        Ok(blueprint(input, batch_params(n)))
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let first = planner.first_param;
        let relu = planner.fused_relu();
        if planner.fused_conv().is_some_and(|conv| conv.can_add_norm()) {
            let pool = planner.fused_max_pool();
            if let Some(conv) = planner.fused_conv() {
                conv.add_norm(first, relu, pool);
            }
            return;
        }
        planner.add_image(ImageResult::Image, move |x, format, pass| {
            let options = BatchNormOptions {
                epsilon: EPSILON,
                relu,
                format,
            };
            batch_norm(x, first, options, pass)
        });
    }
}

impl LayerKind for LayerNorm {
    fn about(&self) -> About {
        About {
            name: "norm",
            label: "Layer norm",
            explanation: "Normalizes each image's values, independent of the batch; transformers \
                          need it.",
        }
    }

    fn short_detail(&self) -> String {
        "layer".to_owned()
    }

    fn blueprint(&self, input: Shape) -> std::result::Result<Blueprint, String> {
        let dims = match input {
            Shape::Image(chw) => chw.to_vec(),
            Shape::Sequence([_, width]) => vec![width],
            Shape::Vector(n) => vec![n],
        };
        Ok(blueprint(input, layer_params(dims)))
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let first = planner.first_param;
        planner.add(move |x, pass| {
            let [weight, bias] = pass.tensors(first);
            kernels::layer_norm(x, &weight, &bias, EPSILON)
        });
    }
}

fn blueprint(input: Shape, params: Vec<ParamPlan>) -> Blueprint {
    Blueprint {
        multiply_adds: 2 * input.n_values() as u64,
        params,
        ..Blueprint::plain(input)
    }
}

fn batch_params(n: usize) -> Vec<ParamPlan> {
    let buffer = |name: &str, dims, value, kind| ParamPlan {
        kind,
        ..ParamPlan::constant(name, dims, value)
    };
    vec![
        ParamPlan::constant("weight", vec![n], 1.0),
        ParamPlan::bias("bias", n),
        buffer("running_mean", vec![n], 0.0, ParamKind::Statistic),
        buffer("running_var", vec![n], 1.0, ParamKind::Statistic),
        buffer("num_batches_tracked", vec![], 0.0, ParamKind::Count),
    ]
}

/// Scale and shift of a layer norm over `dims`.
pub(super) fn layer_params(dims: Vec<usize>) -> Vec<ParamPlan> {
    vec![
        ParamPlan::constant("weight", dims.clone(), 1.0),
        ParamPlan::constant("bias", dims, 0.0),
    ]
}

/// `first` is the index of the weight; bias, running mean, running variance and count follow.
fn batch_norm(
    x: &Tensor,
    first: usize,
    options: BatchNormOptions,
    pass: &Pass<'_>,
) -> Result<Tensor> {
    let [weight, bias] = pass.tensors(first);
    if !uses_batch(first, pass) {
        let [mean, variance] = running(first, pass);
        return kernels::batch_norm_fixed(x, &weight, &bias, [&mean, &variance], options);
    }
    let (y, of_batch) = kernels::batch_norm(x, &weight, &bias, options)?;
    update_running(first, of_batch, pass)?;
    Ok(y)
}

/// Whether it normalizes by the batch, and not by the running estimates.
pub(super) fn uses_batch(first: usize, pass: &Pass<'_>) -> bool {
    pass.mode != Mode::Eval && !pass.params[first].is_frozen
}

/// The running mean and variance.
pub(super) fn running(first: usize, pass: &Pass<'_>) -> [Tensor; 2] {
    [2, 3].map(|i| pass.params[first + i].var.as_detached_tensor())
}

/// Moves the running estimates toward the moments of a batch.
pub(super) fn update_running(first: usize, of_batch: BatchMoments, pass: &Pass<'_>) -> Result<()> {
    let [mean, variance, count] = [2, 3, 4].map(|i| &pass.params[first + i].var);
    for (running, of_batch) in [(mean, of_batch.mean), (variance, of_batch.variance)] {
        let old: Vec<f32> = running.as_detached_tensor().to_vec1()?;
        let moved = |(old, new): (&f32, &f32)| old + MOMENTUM * (new - old);
        let new: Vec<f32> = old.iter().zip(&of_batch).map(moved).collect();
        running.set(&Tensor::from_vec(new, old.len(), running.device())?)?;
    }
    count.set(&(count.as_detached_tensor() + 1.0)?)
}
