//! What a unit wants to see: an image found by gradient ascent from noise (Erhan, Bengio, Courville
//! and Vincent 2009: Visualizing higher-layer features of a deep network), with jitter, decay and
//! blur against patterns that no image has (Yosinski et al. 2015: Understanding neural networks
//! through deep visualization).

use std::cell::RefCell;
use std::sync::atomic::AtomicBool;

use candle_core::{Device, Tensor, Var};
use rand::Rng as _;

use super::error::ExplainError;
use super::probe::{go_on, images};
use super::target::explained;
use crate::kernels::{self, Activation};
use crate::model::{Layer, LayerName, Mode, ModelSpec, Network, Shape, SpecReport};
use crate::random::{Stream, rng};

/// Brightest value of the noise that the ascent starts from.
const NOISE: f32 = 0.2;

/// Root mean square of the first and of the last step: both are small beside the range of an
/// image, 0 to 1.
const STEP: [f32; 2] = [0.08, 0.02];

/// Share that each pixel loses in a step.
const DECAY: f32 = 0.01;

/// Steps between two blurs.
const BLUR_EVERY: usize = 4;

/// Share of the steps after which nothing is blurred or moved any more.
const FREE: f64 = 0.75;

/// Steps between two looks at the image, the best of which is kept.
const LOOK_EVERY: usize = 8;

/// A unit: an output of the network, or of one of its layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The logit of a class.
    Class(usize),
    /// A channel of a layer: the mean of its map, or a feature.
    Channel {
        /// The layer.
        layer: LayerName,
        /// The channel.
        channel: usize,
    },
}

/// A layer with its number of units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitLayer {
    /// The layer.
    pub layer: LayerName,
    /// Channels, or features.
    pub n_units: usize,
}

/// The layers of a network that fits together, also those inside blocks, with their units.
pub fn unit_layers(spec: &ModelSpec) -> Vec<UnitLayer> {
    let mut counts = Vec::new();
    count_units(&spec.layers, Shape::Image(spec.input), &mut counts);
    let layers = spec.layer_names().into_iter().zip(counts);
    let layers = layers.map(|(layer, n_units)| UnitLayer { layer, n_units });
    layers.collect()
}

/// Pushes the number of units of each layer, in the order of [`ModelSpec::layer_names`].
fn count_units(layers: &[Layer], input: Shape, counts: &mut Vec<usize>) {
    let mut before = input;
    for (layer, report) in layers.iter().zip(SpecReport::inside(layers, input).layers) {
        counts.push(match report.output {
            Shape::Image([channels, ..]) => channels,
            Shape::Sequence([_, width]) => width,
            Shape::Vector(features) => features,
        });
        count_units(layer.inside(), before, counts);
        before = report.output;
    }
}

/// How an image is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ascent {
    /// Steps of the ascent.
    pub steps: usize,
    /// What the noise and the jitter are drawn from.
    pub seed: u64,
}

impl Default for Ascent {
    fn default() -> Ascent {
        Ascent {
            steps: 160,
            seed: 0,
        }
    }
}

/// An image that a unit answers to.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitImage {
    /// Values in `[0, 1]`, `[channels, height, width]`.
    pub image: Vec<f32>,
    /// The value of the unit for it.
    pub value: f32,
    /// The value of the unit for the noise that the ascent began with.
    pub start: f32,
}

/// Seeks an image that raises `unit` as much as possible; calls `progress` with the best so far and
/// the share of the work that is done. The same seed, the same image.
///
/// # Errors
/// When there is no such unit, no image changes it, an output is NaN or infinite, candle cannot run
/// the network, or it was canceled.
pub fn unit_image(
    network: &Network,
    unit: &Unit,
    ascent: Ascent,
    cancel: &AtomicBool,
    mut progress: impl FnMut(&UnitImage, f32),
) -> Result<UnitImage, ExplainError> {
    check_unit(network.spec(), unit)?;
    let shape = network.spec().input;
    let mut rng = rng(ascent.seed, Stream::UnitImage, 0, 0);
    let n = shape.iter().product();
    let mut x: Vec<f32> = (0..n).map(|_| NOISE * rng.random::<f32>()).collect();
    let start = value(network, unit, &x)?;
    let mut best = UnitImage {
        image: x.clone(),
        value: start,
        start,
    };
    let mut is_dead = true;
    for step in 0..ascent.steps {
        go_on(cancel)?;
        let done = step as f64 / ascent.steps as f64;
        let is_free = done >= FREE;
        let jitter = match is_free {
            true => [0; 2],
            false => [shape[1], shape[2]].map(|side| rng.random_range(0..=side / 7)),
        };
        let moved = rolled(&x, shape, jitter);
        let gradient = gradient(network, unit, &moved)?;
        let back = [shape[1] - jitter[0], shape[2] - jitter[1]];
        is_dead &= climb(&mut x, &rolled(&gradient, shape, back), done as f32);
        if !is_free && step % BLUR_EVERY == 0 {
            x = blurred(&x, shape);
        }
        if (step + 1) % LOOK_EVERY == 0 || step + 1 == ascent.steps {
            let found = value(network, unit, &x)?;
            if found > best.value {
                best.image.clone_from(&x);
                best.value = found;
            }
            progress(&best, (step + 1) as f32 / ascent.steps as f32);
        }
    }
    match is_dead && ascent.steps > 0 {
        true => Err(ExplainError::DeadUnit),
        false => Ok(best),
    }
}

fn check_unit(spec: &ModelSpec, unit: &Unit) -> Result<(), ExplainError> {
    let (n_classes, all) = (spec.classes, unit_layers(spec));
    match unit {
        Unit::Class(class) if *class < n_classes => Ok(()),
        Unit::Class(class) => Err(ExplainError::Class {
            class: *class,
            n_classes,
        }),
        Unit::Channel { layer, channel } => {
            let found = all.iter().find(|each| each.layer.path == layer.path);
            let n_units = found.map_or(0, |each| each.n_units);
            match *channel < n_units {
                true => Ok(()),
                false => Err(ExplainError::Unit {
                    layer: layer.name.clone(),
                    unit: *channel,
                    n_units,
                }),
            }
        }
    }
}

/// A step up the gradient; returns whether there was none to go up.
fn climb(x: &mut [f32], gradient: &[f32], done: f32) -> bool {
    let squares: f64 = gradient.iter().map(|g| f64::from(*g).powi(2)).sum();
    let rms = (squares / gradient.len().max(1) as f64).sqrt();
    if rms == 0.0 {
        return true;
    }
    let size = STEP[0] + done * (STEP[1] - STEP[0]);
    let scale = size / rms as f32;
    let pairs = x.iter_mut().zip(gradient);
    pairs.for_each(|(x, g)| *x = (*x * (1.0 - DECAY) + scale * g).clamp(0.0, 1.0));
    false
}

/// The value of the unit for an image.
fn value(network: &Network, unit: &Unit, image: &[f32]) -> Result<f32, ExplainError> {
    let image = images(image.to_vec(), network.spec().input)?;
    let value: Vec<f32> = value_of(network, unit, &image)?.flatten_all()?.to_vec1()?;
    match value[..] {
        [value] if value.is_finite() => Ok(value),
        _ => Err(ExplainError::not_finite(&value)),
    }
}

/// Its gradient.
fn gradient(network: &Network, unit: &Unit, image: &[f32]) -> Result<Vec<f32>, ExplainError> {
    let image = Var::from_tensor(&images(image.to_vec(), network.spec().input)?)?;
    let forward = || value_of(network, unit, image.as_tensor());
    let (_, gradients) = kernels::gradients(forward)?;
    let gradient: Vec<f32> = match gradients.get(image.as_tensor()) {
        Some(gradient) => gradient.flatten_all()?.to_vec1()?,
        None => vec![0.0; image.elem_count()],
    };
    match gradient.iter().all(|g| g.is_finite()) {
        true => Ok(gradient),
        false => Err(ExplainError::not_finite(&gradient)),
    }
}

fn value_of(network: &Network, unit: &Unit, image: &Tensor) -> candle_core::Result<Tensor> {
    match unit {
        Unit::Class(class) => explained(&network.forward(image, Mode::Eval)?, *class, None),
        Unit::Channel { layer, channel } => {
            let output = RefCell::new(None);
            let logits = network.forward_tapped(image, &layer.path, &|x| {
                output.replace(Some(x.clone()));
                Ok(x.clone())
            })?;
            mean_of(&output.into_inner().unwrap_or(logits), *channel)
        }
    }
}

/// The mean of a channel of a layer's output for one image, `[1, channels, height, width]`,
/// `[1, tokens, width]` or `[1, features]`, by an op of our own.
fn mean_of(output: &Tensor, channel: usize) -> candle_core::Result<Tensor> {
    let n = output.elem_count();
    let mut weight = vec![0.0f32; n];
    let of_channel: Vec<usize> = match *output.dims() {
        [_, _, height, width] => {
            (channel * height * width..(channel + 1) * height * width).collect()
        }
        [_, _, width] => (channel..n).step_by(width).collect(),
        _ => vec![channel],
    };
    let share = 1.0 / of_channel.len().max(1) as f32;
    for idx in of_channel {
        weight[idx] = share;
    }
    let weight = Tensor::from_vec(weight, (n, 1), &Device::Cpu)?;
    let bias = Tensor::new(&[0.0f32], &Device::Cpu)?;
    kernels::dense(output, &weight, &bias, Activation::Identity)
}

/// The image moved down and right; what leaves it comes back on the other side.
fn rolled(image: &[f32], [_, height, width]: [usize; 3], [down, right]: [usize; 2]) -> Vec<f32> {
    let mut rolled = image.to_vec();
    for plane in rolled.chunks_exact_mut(height * width) {
        plane.rotate_right(down % height * width);
        let rows = plane.chunks_exact_mut(width);
        rows.for_each(|row| row.rotate_right(right % width));
    }
    rolled
}

/// The image, each pixel mixed with its neighbors above, below and beside it: an eighth of each.
fn blurred(image: &[f32], [_, height, width]: [usize; 3]) -> Vec<f32> {
    let planes = image.chunks_exact(height * width);
    let blur = |plane: &[f32]| -> Vec<f32> {
        let pixel = |idx: usize| {
            let (y, x) = (idx / width, idx % width);
            let at = |y: usize, x: usize| plane[y.min(height - 1) * width + x.min(width - 1)];
            let around = at(y.saturating_sub(1), x)
                + at(y + 1, x)
                + at(y, x.saturating_sub(1))
                + at(y, x + 1);
            0.5 * plane[idx] + 0.125 * around
        };
        (0..plane.len()).map(pixel).collect()
    };
    planes.flat_map(blur).collect()
}
