//! The terms of a value, for each kind of layer.

use super::arithmetic::{Products, Terms, Window};
use super::{Activations, LayerActivation, Position, param};
use crate::explain::error::ExplainError;
use crate::model::{Conv2d, Layer, NORM_EPSILON, Network, Residual, Shape, TokenChoice};

/// The value whose terms are wanted.
pub(super) struct Maker<'a> {
    pub(super) network: &'a Network,
    pub(super) activations: &'a Activations,
    pub(super) layer: &'a LayerActivation,
    pub(super) at: Position,
}

type Found = (Terms, Option<Window>);

impl Maker<'_> {
    /// The terms, and the window of the input if the layer reads one.
    pub(super) fn terms(&self) -> Result<Found, ExplainError> {
        let at = self.at;
        Ok(match &self.layer.layer {
            Layer::Conv2d(conv) => return self.convolution(conv),
            Layer::PatchEmbedding(patches) => {
                return self.patch(patches.patch, patches.class_token);
            }
            Layer::Dense(_) => (self.dense()?, None),
            Layer::MaxPool2d(pool) => {
                let window = Window::of([pool.kernel, pool.stride, 0], at);
                (Terms::Maximum(self.pooled(window)), Some(window))
            }
            Layer::AvgPool2d(pool) => {
                let window = Window::of([pool.kernel, pool.stride, 0], at);
                (Terms::Mean(self.pooled(window)), Some(window))
            }
            Layer::GlobalAvgPool => {
                let size = self.input_size();
                let (top, left) = (0, 0);
                (Terms::Mean(self.pooled(Window { top, left, size })), None)
            }
            Layer::TokenPool(pool) if pool.take == TokenChoice::Mean => {
                let [tokens, _] = self.input_size();
                let all = (0..tokens).map(|row| self.read(Position { row, ..at }));
                let patch = Products::new(at.unit, [tokens, 1], all.collect(), Vec::new());
                (Terms::Mean(patch), None)
            }
            Layer::BatchNorm => (self.batch_norm()?, None),
            Layer::LayerNorm => (self.layer_norm()?, None),
            Layer::Residual(_) => (self.sum()?, None),
            Layer::Rnn(_) | Layer::Lstm(_) | Layer::Gru(_) => (self.gates(), None),
            Layer::TransformerEncoder(_) => (Terms::Attention, None),
            Layer::Flatten => {
                let (shape, _) = self.activations.read_by(self.layer);
                (
                    Terms::Function(self.read(Position::at(at.unit, shape))),
                    None,
                )
            }
            // Activations, dropout, which does nothing outside of training, and the first token.
            _ => (Terms::Function(self.read(at)), None),
        })
    }

    /// The value of the layer's input at a position.
    fn read(&self, at: Position) -> f32 {
        let (shape, values) = self.activations.read_by(self.layer);
        let value = values.get(at.index(shape));
        value.copied().unwrap_or(f32::NAN)
    }

    /// Rows and columns of a unit of the input.
    fn input_size(&self) -> [usize; 2] {
        match self.activations.read_by(self.layer).0 {
            Shape::Image([_, h, w]) => [h, w],
            Shape::Sequence([tokens, _]) => [tokens, 1],
            Shape::Vector(_) => [1, 1],
        }
    }

    /// The values of one unit of the input in a window.
    fn patch_of(&self, unit: usize, window: Window) -> Vec<f32> {
        let [h, w] = self.input_size();
        let [rows, columns] = window.size;
        let places = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
        let value = |(y, x): (usize, usize)| {
            let row = window.top.checked_add_unsigned(y)?.try_into().ok()?;
            let column = window.left.checked_add_unsigned(x)?.try_into().ok()?;
            let at = Position { unit, row, column };
            (row < h && column < w).then(|| self.read(at))
        };
        places.map(|place| value(place).unwrap_or(0.0)).collect()
    }

    fn pooled(&self, window: Window) -> Products {
        let unit = self.at.unit;
        Products::new(unit, window.size, self.patch_of(unit, window), Vec::new())
    }

    /// The weights of the unit, of a parameter called `name`.
    fn weights(&self, name: &str, unit: usize) -> Result<Vec<f32>, ExplainError> {
        match param(self.network, &self.layer.name.path, name) {
            Some(param) => Ok(param.of_unit(unit)?),
            None => Ok(Vec::new()),
        }
    }

    /// One value of a parameter that is a list, or that ends in one.
    fn one(&self, name: &str, idx: usize) -> Result<f32, ExplainError> {
        let Some(param) = param(self.network, &self.layer.name.path, name) else {
            return Ok(0.0);
        };
        let values: Vec<f32> = param.var.as_detached_tensor().flatten_all()?.to_vec1()?;
        Ok(values.get(idx).copied().unwrap_or(f32::NAN))
    }

    /// A patch of each of the input's units from `first` on, with its part of the weights.
    fn products(&self, first: usize, window: Window, weights: &[f32]) -> Vec<Products> {
        let area = window.size[0] * window.size[1];
        let kernels = weights.chunks_exact(area.max(1)).enumerate();
        let product = |(idx, kernel): (usize, &[f32])| {
            let patch = self.patch_of(first + idx, window);
            Products::new(first + idx, window.size, patch, kernel.to_vec())
        };
        kernels.map(product).collect()
    }

    fn convolution(&self, conv: &Conv2d) -> Result<Found, ExplainError> {
        let unit = self.at.unit;
        let window = Window::of([conv.kernel, conv.stride, conv.padding], self.at);
        let weights = self.weights("weight", unit)?;
        // Inputs and outputs of one group.
        let inputs = weights.len() / (conv.kernel * conv.kernel).max(1);
        let outputs = (conv.channels / conv.groups.max(1)).max(1);
        let inputs = self.products(unit / outputs * inputs, window, &weights);
        let added = vec![("bias", self.one("bias", unit)?)];
        Ok((Terms::Products { inputs, added }, Some(window)))
    }

    fn patch(&self, patch: usize, has_class_token: bool) -> Result<Found, ExplainError> {
        let Position { unit, row, .. } = self.at;
        let position = self.one("pos_embed", row * self.layer.n_units() + unit)?;
        let position = ("position", position);
        let Some(idx) = row.checked_sub(usize::from(has_class_token)) else {
            let token = ("class token", self.one("cls_token", unit)?);
            let terms = Terms::Products {
                inputs: Vec::new(),
                added: vec![token, position],
            };
            return Ok((terms, None));
        };
        let per_row = (self.input_size()[1] / patch.max(1)).max(1);
        let at = Position {
            unit,
            row: idx / per_row,
            column: idx % per_row,
        };
        let window = Window::of([patch, patch, 0], at);
        let terms = Terms::Products {
            inputs: self.products(0, window, &self.weights("proj.weight", unit)?),
            added: vec![("bias", self.one("proj.bias", unit)?), position],
        };
        Ok((terms, Some(window)))
    }

    /// Of a dense layer: by the channels of the image that was flattened, if one was.
    fn dense(&self) -> Result<Terms, ExplainError> {
        let (_, values) = self.activations.read_by(self.layer);
        let weights = self.weights("weight", self.at.unit)?;
        let size = match self.activations.image_before(self.layer) {
            Some([_, h, w]) => [h, w],
            None => [values.len(), 1],
        };
        let area = (size[0] * size[1]).max(1);
        let parts = values.chunks_exact(area).zip(weights.chunks_exact(area));
        let inputs = parts.enumerate().map(|(unit, (values, weights))| {
            Products::new(unit, size, values.to_vec(), weights.to_vec())
        });
        Ok(Terms::Products {
            inputs: inputs.collect(),
            added: vec![("bias", self.one("bias", self.at.unit)?)],
        })
    }

    fn batch_norm(&self) -> Result<Terms, ExplainError> {
        let unit = self.at.unit;
        let variance = self.one("running_var", unit)?;
        Ok(Terms::Normalized {
            x: self.read(self.at),
            mean: self.one("running_mean", unit)?,
            deviation: (variance + NORM_EPSILON).sqrt(),
            weight: self.one("weight", unit)?,
            bias: self.one("bias", unit)?,
        })
    }

    /// Over a token, or over everything.
    fn layer_norm(&self) -> Result<Terms, ExplainError> {
        let (shape, values) = self.activations.read_by(self.layer);
        let (values, idx) = match shape {
            Shape::Sequence([_, width]) => (&values[self.at.row * width..][..width], self.at.unit),
            _ => (values, self.at.index(shape)),
        };
        let n = values.len().max(1) as f64;
        let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let squares = values.iter().map(|x| (f64::from(*x) - mean).powi(2));
        let variance = squares.sum::<f64>() / n;
        Ok(Terms::Normalized {
            x: self.read(self.at),
            mean: mean as f32,
            deviation: (variance + f64::from(NORM_EPSILON)).sqrt() as f32,
            weight: self.one("weight", idx)?,
            bias: self.one("bias", idx)?,
        })
    }

    fn sum(&self) -> Result<Terms, ExplainError> {
        let mut last = self.layer.name.path.clone();
        last.push(self.layer.layer.inside().len().saturating_sub(1));
        let body = self.activations.find(&last);
        let body = body.map_or(f32::NAN, |idx| self.activations.layers[idx].value(self.at));
        let (input, _) = self.activations.read_by(self.layer);
        let shortcut = match Residual::shortcut_stride(input, self.layer.shape) {
            None => self.read(self.at),
            Some(stride) => {
                let weights = self.weights("shortcut.weight", self.at.unit)?;
                let window = Window::of([1, stride, 0], self.at);
                let products = self.products(0, window, &weights);
                let sum: f32 = products.iter().map(|input| input.sum).sum();
                sum + self.one("shortcut.bias", self.at.unit)?
            }
        };
        Ok(Terms::Sum { body, shortcut })
    }

    fn gates(&self) -> Terms {
        let directions = &self.layer.gates;
        let units = directions.first().map_or(1, |gates| gates.units.max(1));
        let Some(direction) = directions.get(self.at.unit / units) else {
            return Terms::Gates(Vec::new());
        };
        let idx = direction.last_row() * units + self.at.unit % units;
        let gates = direction.gates.iter();
        Terms::Gates(gates.map(|gate| (gate.name, gate.values[idx])).collect())
    }
}
