//! Why a network answers as it does: which pixels speak for a class, and which against it; and how
//! it works: what every layer computes, and from what.
//!
//! Every method has the definition of Captum 0.9, and every map lies on the input after its recipe.
//! What is explained is a logit, not a probability: softmax lets other classes move it.
//!
//! Beside the maps: the answers to variants of the input ([`robustness()`]), the ink that would make
//! another class the answer ([`ink_map`], [`least_ink`]), and images that a unit answers to
//! ([`unit_image`]).

mod activations;
mod error;
mod grad_cam;
mod ink;
mod integrated;
mod method;
mod occlusion;
mod overlay;
mod probe;
mod random_weights;
mod robustness;
mod smooth_grad;
mod target;
#[cfg(test)]
mod tests;
mod unit;

use std::sync::atomic::AtomicBool;

pub use activations::{
    Activations, Area, Arithmetic, Attention, Filters, Gate, Gates, LayerActivation, Position,
    Products, Softmax, Terms, Window, activations, arithmetic, filters, softmax,
};
pub use error::ExplainError;
pub use grad_cam::convolutions;
pub use ink::{InkMap, LeastInk, ink_map, least_ink};
pub use integrated::Completeness;
pub use method::Method;
pub use overlay::{AGAINST, FOR, overlay};
pub use random_weights::random_weights;
pub use robustness::{Axis, Robustness, STEPS, Sweep, VariantAnswer, robustness, variant};
pub use smooth_grad::SmoothGrad;
pub use target::Target;
pub use unit::{Ascent, Unit, UnitImage, UnitLayer, unit_image, unit_layers};

use crate::model::Network;
use probe::Probe;

/// How much each value of an input contributes to an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// One value per value of the input, `[channels, height, width]`.
    pub map: Vec<f32>,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// The class whose logit is explained.
    pub class: usize,
    /// The class whose logit was subtracted.
    pub against: Option<usize>,
    /// What is explained: the logit of the class, or the difference of two.
    pub value: f32,
    /// How much of the difference from the baseline the map accounts for: of integrated gradients
    /// only.
    pub completeness: Option<Completeness>,
    /// Name of the convolution that Grad-CAM looked at.
    pub layer: Option<String>,
}

/// A map before it is known what it is of.
struct Map {
    values: Vec<f32>,
    completeness: Option<Completeness>,
    layer: Option<String>,
}

impl From<Vec<f32>> for Map {
    fn from(values: Vec<f32>) -> Map {
        Map {
            values,
            completeness: None,
            layer: None,
        }
    }
}

/// Explains the answer of `network` for `input`, values in `[0, 1]` of the network's input shape.
/// Runs on the threads of the kernels, and returns soon after `cancel` is set. The same bits for
/// any number of threads.
///
/// # Errors
/// When input, target or layer do not fit the network, an output is NaN or infinite, candle cannot
/// run the network, or it was canceled.
pub fn attribute(
    network: &Network,
    input: &[f32],
    method: &Method,
    target: Target,
    cancel: &AtomicBool,
) -> Result<Attribution, ExplainError> {
    let probe = Probe::new(network, input, target, cancel)?;
    let map: Map = match method {
        Method::Saliency => probe.gradient()?.iter().map(|g| g.abs()).collect(),
        Method::InputXGradient => {
            let pairs = probe.gradient()?.into_iter().zip(input);
            pairs.map(|(g, x)| g * x).collect()
        }
        Method::IntegratedGradients { steps } => integrated::map(&probe, *steps)?,
        Method::SmoothGrad(settings) => smooth_grad::map(&probe, settings)?,
        Method::Occlusion { window, stride } => occlusion::map(&probe, *window, *stride)?,
        Method::GradCam { layer, relu } => grad_cam::map(&probe, layer.as_deref(), *relu)?,
    };
    if let Some(bad) = map.values.iter().find(|v| !v.is_finite()) {
        return Err(ExplainError::NotFinite(*bad));
    }
    Ok(Attribution {
        map: map.values,
        shape: probe.shape(),
        class: probe.class,
        against: probe.against,
        value: probe.value,
        completeness: map.completeness,
        layer: map.layer,
    })
}

impl FromIterator<f32> for Map {
    fn from_iter<I: IntoIterator<Item = f32>>(values: I) -> Map {
        values.into_iter().collect::<Vec<f32>>().into()
    }
}
