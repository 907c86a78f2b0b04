//! The residual block: layers with a shortcut around them, y = body(x) + shortcut(x) (He et al.
//! 2016).
//!
//! One rule for the shortcut: where the body keeps the shape it is x itself; where the body changes
//! an image's channels or size it is a 1×1 convolution with the smallest stride that gives the
//! same size; anything else does not fit.

use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, ParamPlan, blueprints, product};
use super::conv::{self, Conv};
use super::kind::{About, LayerKind};
use super::plan::{Planner, plan, trained_values};
use super::pool::square;
use super::shortcut::Shortcut;
use crate::model::limits::MAX_NESTING;
use crate::model::names;
use crate::model::shape::Shape;
use crate::model::spec::Layer;
use crate::text::count;

/// Adds the input to the output of the layers inside; if they change the shape of an image, a
/// 1×1 convolution of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residual {
    /// The layers inside.
    pub layers: Vec<Layer>,
}

impl Residual {
    /// The stride of the 1×1 convolution around a block that turns `input` into `output`; `None` if
    /// the input is added as it is.
    pub(crate) fn shortcut_stride(input: Shape, output: Shape) -> Option<usize> {
        let projection = projection(input, output).ok().flatten()?;
        Some(projection.stride)
    }
}

impl LayerKind for Residual {
    fn about(&self) -> About {
        About {
            name: "residual",
            label: "Residual block",
            explanation: "Adds its input to the output of its layers, so that even very deep \
                          networks can be trained; a few layers inside are enough.",
        }
    }

    fn detail(&self) -> String {
        let labels = self.layers.iter().map(Layer::label).collect::<Vec<_>>();
        labels.join(", ")
    }

    fn short_detail(&self) -> String {
        count(self.layers.len(), "layer")
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        let layers = &self.layers;
        if layers.is_empty() {
            return Err("a residual block needs at least one layer inside".to_owned());
        }
        if depth(layers) > MAX_NESTING {
            return Err(format!(
                "residual blocks can be nested at most {MAX_NESTING} deep"
            ));
        }
        let (inner, misfit) = blueprints(layers, input);
        if let Some((idx, reason)) = misfit {
            let name = names::within(layers).nth(idx).unwrap_or_default();
            return Err(format!("inside, {name}: {reason}"));
        }
        let output = inner.last().map_or(input, |b| b.output);
        let mut whole = Blueprint {
            multiply_adds: inner
                .iter()
                .fold(0, |sum, b| sum.saturating_add(b.multiply_adds)),
            n_saved: trained_values(layers, &inner).iter().sum(),
            params: Vec::new(),
            ..Blueprint::plain(output)
        };
        for (idx, part) in inner.iter().enumerate() {
            let prefix = format!("body.{idx}");
            let params = part.params.iter().cloned();
            whole.params.extend(params.map(|p| p.within(&prefix)));
        }
        if let Some(projection) = projection(input, output)? {
            whole.multiply_adds = whole.multiply_adds.saturating_add(projection.multiply_adds);
            whole.params.extend(projection.params);
        }
        Ok(whole)
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let (input, first) = (planner.input, planner.first_param);
        let (inner, _) = blueprints(&self.layers, input);
        let n_params: usize = inner.iter().map(|b| b.params.len()).sum();
        let output = inner.last().map_or(input, |b| b.output);
        let projection = projection(input, output).ok().flatten();
        let projection = projection
            .map(|projection| Conv::plain(first + n_params, square(1, projection.stride, 0), 1));
        // A network has fewer than 2¹⁶ layers side by side.
        let inside = (planner.stream + 1) << 16;
        let body = plan(
            &self.layers,
            input,
            first,
            planner.is_fused,
            inside,
            planner.tap,
        );
        let relu = planner.fused_relu();
        planner.add_shortcut(Shortcut {
            body,
            projection,
            relu,
        });
    }
}

/// Nesting depth of residual blocks, this one included.
fn depth(layers: &[Layer]) -> usize {
    let inside = layers.iter().map(|layer| match layer {
        Layer::Residual(block) => depth(&block.layers),
        _ => 0,
    });
    1 + inside.max().unwrap_or(0)
}

/// The convolution of the shortcut, if it needs one.
struct Projection {
    stride: usize,
    multiply_adds: u64,
    params: Vec<ParamPlan>,
}

fn projection(from: Shape, to: Shape) -> std::result::Result<Option<Projection>, String> {
    if from == to {
        return Ok(None);
    }
    let (Shape::Image([c, h, w]), Shape::Image([channels, oh, ow])) = (from, to) else {
        return Err(format!(
            "the layers inside turn {from} into {to}, which cannot be added to the input"
        ));
    };
    let side = |size: usize, stride: usize| size.saturating_sub(1) / stride + 1;
    let arrives = |&stride: &usize| [side(h, stride), side(w, stride)] == [oh, ow];
    let Some(stride) = (1..=h.max(w)).find(arrives) else {
        return Err(format!(
            "the layers inside turn {from} into {to}, and no stride takes {h}×{w} to {oh}×{ow}: \
             add padding inside"
        ));
    };
    product(&[c, channels])?;
    let params = conv::params(channels, c, 1, 1).into_iter();
    Ok(Some(Projection {
        stride,
        multiply_adds: product(&[channels, oh, ow])?.saturating_mul(c as u64),
        params: params.map(|p| p.within("shortcut")).collect(),
    }))
}
