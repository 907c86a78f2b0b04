//! The network as it works: what every layer makes of one input, and the arithmetic of each value.

mod area;
mod arithmetic;
mod attention;
mod filters;
mod gates;
mod softmax;
mod terms;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

pub use area::Area;
pub use arithmetic::{Arithmetic, Products, Terms, Window, arithmetic};
pub use attention::Attention;
pub use filters::{Filters, filters};
pub use gates::{Gate, Gates};
pub use softmax::{Softmax, softmax};

use super::error::ExplainError;
use super::probe::single;
use crate::model::{Layer, LayerName, LayerTensors, Network, Param, Shape};

/// What every layer of a network computes for one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Activations {
    /// The input, `[channels, height, width]`.
    pub input: Vec<f32>,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// The layers in the order in which they are computed: a residual block comes after the layers
    /// inside it.
    pub layers: Vec<LayerActivation>,
}

/// What one layer computes.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerActivation {
    /// Its name and place.
    pub name: LayerName,
    /// The layer.
    pub layer: Layer,
    /// Index of the layer whose output it reads; `None` for the image.
    pub reads: Option<usize>,
    /// Shape of its output.
    pub shape: Shape,
    /// Its output: `[channels, height, width]`, `[tokens, width]` or `[features]`.
    pub values: Vec<f32>,
    /// Of a transformer encoder: the attention of each block.
    pub attention: Vec<Attention>,
    /// Of a recurrent layer: the gates of each direction.
    pub gates: Vec<Gates>,
}

/// One value of a layer's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The channel, the feature, or the index within a token.
    pub unit: usize,
    /// The row of an image, or the token.
    pub row: usize,
    /// The column of an image.
    pub column: usize,
}

impl Position {
    /// Its index among the values of a layer of this shape.
    pub fn index(self, shape: Shape) -> usize {
        match shape {
            Shape::Image([_, h, w]) => (self.unit * h + self.row) * w + self.column,
            Shape::Sequence([_, width]) => self.row * width + self.unit,
            Shape::Vector(_) => self.unit,
        }
    }

    /// The position of a value.
    pub fn at(index: usize, shape: Shape) -> Position {
        let [unit, row, column] = match shape {
            Shape::Image([_, h, w]) => [index / (h * w), index / w % h, index % w],
            Shape::Sequence([_, width]) => [index % width, index / width, 0],
            Shape::Vector(_) => [index, 0, 0],
        };
        Position { unit, row, column }
    }
}

impl LayerActivation {
    /// Number of channels or features.
    pub fn n_units(&self) -> usize {
        match self.shape {
            Shape::Image([n, ..]) | Shape::Sequence([_, n]) | Shape::Vector(n) => n,
        }
    }

    /// Rows and columns of one unit's map.
    pub fn map_size(&self) -> [usize; 2] {
        match self.shape {
            Shape::Image([_, h, w]) => [h, w],
            Shape::Sequence([tokens, _]) => [tokens, 1],
            Shape::Vector(_) => [1, 1],
        }
    }

    /// The values of one unit, row by row.
    pub fn map(&self, unit: usize) -> Vec<f32> {
        let [h, w] = self.map_size();
        match self.shape {
            Shape::Sequence([_, width]) => {
                let values = self.values.iter().skip(unit).step_by(width.max(1));
                values.copied().collect()
            }
            _ => self.values[unit * h * w..][..h * w].to_vec(),
        }
    }

    /// The value at a position.
    pub fn value(&self, at: Position) -> f32 {
        let value = self.values.get(at.index(self.shape));
        value.copied().unwrap_or(f32::NAN)
    }
}

impl Activations {
    /// The output of the last layer.
    pub fn logits(&self) -> &[f32] {
        self.layers.last().map_or(&[], |layer| &layer.values)
    }

    /// Shape and values of what a layer reads.
    pub fn read_by(&self, layer: &LayerActivation) -> (Shape, &[f32]) {
        match layer.reads.and_then(|idx| self.layers.get(idx)) {
            Some(before) => (before.shape, &before.values),
            None => (Shape::Image(self.shape), &self.input),
        }
    }

    /// The layer at a path.
    pub fn find(&self, path: &[usize]) -> Option<usize> {
        self.layers.iter().position(|l| l.name.path == path)
    }

    /// The layer that comes right after another in the same list.
    fn next(&self, layer: &LayerActivation) -> Option<&LayerActivation> {
        let mut path = layer.name.path.clone();
        *path.last_mut()? += 1;
        self.find(&path).map(|idx| &self.layers[idx])
    }
}

/// Computes what every layer makes of `input`, values in `[0, 1]` of the network's input shape.
/// Returns soon after `cancel` is set. The same bits for any number of threads.
///
/// # Errors
/// When the input does not fit the network, candle cannot run it, or it was canceled.
pub fn activations(
    network: &Network,
    input: &[f32],
    cancel: &AtomicBool,
) -> Result<Activations, ExplainError> {
    let image = single(network, input)?;
    let check = || match cancel.load(Ordering::Relaxed) {
        true => Err(ExplainError::Canceled),
        false => Ok(()),
    };
    let tensors = RefCell::new(Vec::new());
    let ran = network.forward_layers(&image, |layer| {
        check().map_err(candle_core::Error::wrap)?;
        tensors.borrow_mut().push(layer);
        Ok(())
    });
    check()?;
    ran?;
    let names = network.spec().layer_names_inside_first();
    let mut layers: Vec<LayerActivation> = Vec::with_capacity(names.len());
    for (name, tensors) in names.into_iter().zip(tensors.into_inner()) {
        check()?;
        let reads = read_path(&name.path).and_then(|path| {
            let is_it = |layer: &LayerActivation| layer.name.path == path;
            layers.iter().position(is_it)
        });
        layers.extend(layer_activation(network, name, reads, &tensors)?);
    }
    Ok(Activations {
        input: input.to_vec(),
        shape: network.spec().input,
        layers,
    })
}

/// The path of the layer whose output the layer at `path` reads; `None` for the image.
fn read_path(path: &[usize]) -> Option<Vec<usize>> {
    let (last, block) = path.split_last()?;
    match last.checked_sub(1) {
        Some(before) => Some([block, &[before]].concat()),
        None => read_path(block),
    }
}

fn layer_activation(
    network: &Network,
    name: LayerName,
    reads: Option<usize>,
    tensors: &LayerTensors,
) -> Result<Option<LayerActivation>, ExplainError> {
    let Some(layer) = layer_at(&network.spec().layers, &name.path).cloned() else {
        return Ok(None);
    };
    let shape = match tensors.output.dims() {
        &[_, c, h, w] => Shape::Image([c, h, w]),
        &[_, tokens, width] => Shape::Sequence([tokens, width]),
        dims => Shape::Vector(dims.iter().skip(1).product()),
    };
    let gates = gates::gates(network, &name, &layer, &tensors.inner)?;
    let attention = match (&layer, shape) {
        (Layer::TransformerEncoder(encoder), Shape::Sequence([tokens, _])) => {
            let all = tensors.inner.iter();
            let all = all.map(|qkv| Attention::of(qkv, tokens, encoder.heads));
            all.collect::<Result<_, _>>()?
        }
        _ => Vec::new(),
    };
    Ok(Some(LayerActivation {
        name,
        layer,
        reads,
        shape,
        values: tensors.output.flatten_all()?.to_vec1()?,
        attention,
        gates,
    }))
}

/// The layer at a path.
pub(super) fn layer_at<'a>(layers: &'a [Layer], path: &[usize]) -> Option<&'a Layer> {
    let (&idx, rest) = path.split_first()?;
    let layer = layers.get(idx)?;
    match rest {
        [] => Some(layer),
        rest => layer_at(layer.inside(), rest),
    }
}

/// The parameter called `name` of the layer at a path.
fn param<'n>(network: &'n Network, path: &[usize], name: &str) -> Option<&'n Param> {
    let place: Vec<String> = path.iter().map(usize::to_string).collect();
    let name = format!("{}.{name}", place.join(".body."));
    network.params().iter().find(|p| p.name == name)
}
