//! The arithmetic of one value: what it is computed from, term by term.

use super::terms::Maker;
use super::{Activations, Area, Position};
use crate::explain::error::ExplainError;
use crate::model::Network;

/// How one value of a layer's output is computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Arithmetic {
    /// What it is computed from.
    pub terms: Terms,
    /// The value that the terms give: that of the layer's output, up to rounding.
    pub value: f32,
    /// Label of the activation right after the layer, and what it makes of the value.
    pub activation: Option<(String, f32)>,
    /// The window of the layer's input, if it reads one.
    pub window: Option<Window>,
    /// The pixels of the image that the value depends on.
    pub field: Area,
}

/// What a value is computed from.
#[derive(Clone, Debug, PartialEq)]
pub enum Terms {
    /// The sum of all products and of `added`: bias, position.
    Products {
        /// One for each unit of the input.
        inputs: Vec<Products>,
        /// Name and value.
        added: Vec<(&'static str, f32)>,
    },
    /// The largest of these values.
    Maximum(Products),
    /// The mean of these values.
    Mean(Products),
    /// (x − mean) / deviation · weight + bias.
    Normalized {
        /// The value of the input.
        x: f32,
        /// What is subtracted.
        mean: f32,
        /// The square root of variance and ε.
        deviation: f32,
        /// The learned scale.
        weight: f32,
        /// The learned shift.
        bias: f32,
    },
    /// The output of the layers inside a block, and what its shortcut adds.
    Sum {
        /// Of the last layer inside.
        body: f32,
        /// The input, or its 1×1 convolution.
        shortcut: f32,
    },
    /// A function of one value.
    Function(f32),
    /// Values of the gates of a unit at the row read last.
    Gates(Vec<(&'static str, f32)>),
    /// Everything, by attention.
    Attention,
}

/// A patch of one unit of the input, and the weights it is multiplied with.
#[derive(Clone, Debug, PartialEq)]
pub struct Products {
    /// The unit of the input.
    pub unit: usize,
    /// Height and width.
    pub size: [usize; 2],
    /// Its values, row by row; padding is 0.
    pub patch: Vec<f32>,
    /// As many weights; empty where nothing is multiplied.
    pub kernel: Vec<f32>,
    /// The sum of the products.
    pub sum: f32,
}

/// A window of the input of a layer. It may begin before the input or end after it, in the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Row of its first value.
    pub top: isize,
    /// Column of its first value.
    pub left: isize,
    /// Height and width.
    pub size: [usize; 2],
}

/// How the value at a position of a layer's output is computed.
///
/// # Errors
/// When candle cannot read the weights.
pub fn arithmetic(
    network: &Network,
    activations: &Activations,
    layer: usize,
    at: Position,
) -> Result<Arithmetic, ExplainError> {
    let of = activations
        .layers
        .get(layer)
        .ok_or_else(|| ExplainError::NoLayer {
            layer,
            n_layers: activations.layers.len(),
        })?;
    let maker = Maker {
        network,
        activations,
        layer: of,
        at,
    };
    let (terms, window) = maker.terms()?;
    let value = value(&terms).unwrap_or_else(|| of.value(at));
    let after = activations.next(of).filter(|l| l.layer.is_activation());
    Ok(Arithmetic {
        terms,
        value,
        activation: after.map(|l| (l.layer.label().to_owned(), l.value(at))),
        window,
        field: activations.receptive_field(layer, at),
    })
}

/// What the terms give; `None` where they do not say.
fn value(terms: &Terms) -> Option<f32> {
    match terms {
        Terms::Products { inputs, added } => {
            let sums = inputs.iter().map(|input| f64::from(input.sum));
            let added = added.iter().map(|(_, value)| f64::from(*value));
            Some(sums.chain(added).sum::<f64>() as f32)
        }
        Terms::Maximum(of) => Some(of.patch.iter().copied().fold(f32::NEG_INFINITY, f32::max)),
        Terms::Mean(of) => {
            let sum: f64 = of.patch.iter().map(|x| f64::from(*x)).sum();
            Some((sum / of.patch.len().max(1) as f64) as f32)
        }
        Terms::Normalized {
            x,
            mean,
            deviation,
            weight,
            bias,
        } => Some((x - mean) / deviation * weight + bias),
        Terms::Sum { body, shortcut } => Some(body + shortcut),
        Terms::Function(_) | Terms::Gates(_) | Terms::Attention => None,
    }
}

impl Products {
    pub(super) fn new(
        unit: usize,
        size: [usize; 2],
        patch: Vec<f32>,
        kernel: Vec<f32>,
    ) -> Products {
        let products = patch.iter().zip(&kernel);
        let sum: f64 = products.map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
        Products {
            unit,
            size,
            patch,
            kernel,
            sum: sum as f32,
        }
    }
}

impl Window {
    /// That of a kernel at a row and column of the output.
    pub(super) fn of([kernel, stride, padding]: [usize; 3], at: Position) -> Window {
        let start = |idx: usize| (idx * stride) as isize - padding as isize;
        Window {
            top: start(at.row),
            left: start(at.column),
            size: [kernel; 2],
        }
    }

    /// The part of it that is not padding.
    pub fn inside(&self, [height, width]: [usize; 2]) -> Area {
        let along = |start: isize, len: usize, size: usize| {
            let end = start.saturating_add_unsigned(len).max(0) as usize;
            (start.max(0) as usize).min(size)..end.min(size)
        };
        Area {
            rows: along(self.top, self.size[0], height),
            columns: along(self.left, self.size[1], width),
        }
    }
}
