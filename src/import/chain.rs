//! A network that is built layer by layer, as a file of another program describes it, with the
//! weights of each layer in PyTorch's layout.

use std::collections::BTreeMap;

use super::Opened;
use super::weight::{NormWeights, PointConv, Weight, channels_first};
use crate::model::limits::{MAX_IMAGE_CHANNELS, MAX_IMAGE_SIDE};
use crate::model::{
    Dense, Description, Layer, ModelSpec, NORM_EPSILON, Residual, Shape, checked_shapes,
};

/// The layers so far.
#[derive(Debug)]
pub(super) struct Chain {
    input: Shape,
    output: Shape,
    layers: Vec<Layer>,
    weights: BTreeMap<String, Weight>,
    /// What was flattened with its channels last, until a dense layer reads it.
    flattened: Option<[usize; 3]>,
    /// What should be known about the model.
    pub notes: Vec<String>,
}

impl Chain {
    /// A network without layers for images of `input`.
    ///
    /// # Errors
    /// When they are larger than any that are supported.
    pub fn of_images([channels, height, width]: [usize; 3]) -> Result<Chain, String> {
        if height.max(width) > MAX_IMAGE_SIDE || channels > MAX_IMAGE_CHANNELS {
            return Err(format!(
                "images of {channels}×{height}×{width} are too large: at most {MAX_IMAGE_CHANNELS} channels \
                 of {MAX_IMAGE_SIDE}×{MAX_IMAGE_SIDE} pixels are supported"
            ));
        }
        Ok(Chain::new(Shape::Image([channels, height, width])))
    }

    fn new(input: Shape) -> Chain {
        Chain {
            input,
            output: input,
            layers: Vec::new(),
            weights: BTreeMap::new(),
            flattened: None,
            notes: Vec::new(),
        }
    }

    /// The shape of one sample after the last layer.
    pub fn output(&self) -> Shape {
        self.output
    }

    /// Whether there is no layer yet.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Adds a layer with its weights by PyTorch's names.
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn push(&mut self, layer: Layer, weights: Vec<(&str, Weight)>) -> Result<(), String> {
        self.output = layer.output(self.output)?;
        let idx = self.layers.len();
        for (name, weight) in weights {
            self.weights.insert(format!("{idx}.{name}"), weight);
        }
        self.layers.push(layer);
        Ok(())
    }

    /// Adds a layer without weights.
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn plain(&mut self, layer: Layer) -> Result<(), String> {
        self.push(layer, Vec::new())
    }

    /// Adds a flatten layer.
    ///
    /// * `channels_last`: whether the file's order is rows, columns, channels
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn flatten(&mut self, channels_last: bool) -> Result<(), String> {
        if let (true, Shape::Image([c, h, w])) = (channels_last, self.output)
            && c > 1
            && h * w > 1
        {
            self.flattened = Some([c, h, w]);
        }
        self.plain(Layer::Flatten)
    }

    /// Adds a dense layer with a weight `[out, in]` and a bias, or one of zeros.
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn dense(&mut self, weight: Weight, bias: Option<Vec<f32>>) -> Result<(), String> {
        let &[units, inputs] = weight.dims.as_slice() else {
            return Err(format!(
                "its weight should be a matrix, it has shape {:?}",
                weight.dims
            ));
        };
        if Shape::Vector(inputs) != self.output {
            return Err(format!(
                "its weight is for {inputs} values, but it gets {}",
                self.output
            ));
        }
        let weight = match self.flattened.take() {
            None => weight,
            Some(image) => Weight {
                values: weight
                    .values
                    .chunks_exact(inputs)
                    .flat_map(|row| channels_first(row, image))
                    .collect(),
                ..weight
            },
        };
        let bias = Weight::list(bias.unwrap_or_else(|| vec![0.0; units]));
        let weights = vec![("weight", weight), ("bias", bias)];
        self.push(Layer::Dense(Dense { units }), weights)
    }

    /// Adds a batch norm. Ours has PyTorch's ε; the factors make up for another one, so that the
    /// outputs are the same.
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn batch_norm(&mut self, norm: NormWeights) -> Result<(), String> {
        let ours = f64::from(NORM_EPSILON);
        let is_ours = (norm.epsilon / ours - 1.0).abs() < 1e-4;
        let scaled = |(weight, variance): (&f32, &f32)| {
            let variance = f64::from(*variance);
            let factor = ((variance + ours) / (variance + norm.epsilon)).sqrt();
            (f64::from(*weight) * factor) as f32
        };
        let weight = match is_ours {
            true => norm.weight,
            false => norm.weight.iter().zip(&norm.variance).map(scaled).collect(),
        };
        let parts = [
            ("weight", weight),
            ("bias", norm.bias),
            ("running_mean", norm.mean),
            ("running_var", norm.variance),
        ];
        let image = self.flattened;
        let weights = parts.map(|(name, values)| {
            let values = match image {
                Some(image) => channels_first(&values, image),
                None => values,
            };
            (name, Weight::list(values))
        });
        self.push(Layer::BatchNorm, weights.into())
    }

    /// Adds scale · x + shift for each channel of the images, as a batch norm.
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn affine(&mut self, scale: &[f64], shift: &[f64]) -> Result<(), String> {
        let Shape::Image([channels, ..]) = self.output else {
            return Err("only images can be scaled".to_owned());
        };
        let of = |values: &[f64]| -> Result<Vec<f32>, String> {
            match values {
                [one] => Ok(vec![*one as f32; channels]),
                all if all.len() == channels => Ok(all.iter().map(|&v| v as f32).collect()),
                all => Err(format!("it scales {} channels of {channels}", all.len())),
            }
        };
        let (weight, bias) = (of(scale)?, of(shift)?);
        self.notes.push(format!(
            "its scaling of the pixels became a batch norm at its beginning, {} · x + {} for the first \
             channel",
            weight.first().unwrap_or(&1.0),
            bias.first().unwrap_or(&0.0)
        ));
        self.batch_norm(NormWeights {
            weight,
            bias,
            mean: vec![0.0; channels],
            // With ε, exactly 1.
            variance: vec![1.0 - NORM_EPSILON; channels],
            epsilon: f64::from(NORM_EPSILON),
        })
    }

    /// An empty chain for the inside of a residual block.
    pub fn inside(&self) -> Chain {
        Chain::new(self.output)
    }

    /// Adds a residual block with the layers of `body` inside.
    ///
    /// * `shortcut`: weight, bias and stride of the 1×1 convolution around it
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn residual(&mut self, body: Chain, shortcut: Option<PointConv>) -> Result<(), String> {
        let wanted = Residual::shortcut_stride(self.output, body.output);
        let found = shortcut.as_ref().map(|(.., stride)| *stride);
        if wanted != found {
            return Err(match (wanted, found) {
                (None, _) => "its shortcut should pass the input on as it is".to_owned(),
                (Some(stride), None) => {
                    format!("its shortcut should be a 1×1 convolution of stride {stride}")
                }
                (Some(wanted), Some(found)) => {
                    format!("its shortcut should have stride {wanted}, it has {found}")
                }
            });
        }
        let idx = self.layers.len();
        self.plain(Layer::Residual(Residual {
            layers: body.layers,
        }))?;
        for (name, weight) in body.weights {
            self.weights.insert(format!("{idx}.body.{name}"), weight);
        }
        if let Some((weight, bias, _)) = shortcut {
            let name = |part: &str| format!("{idx}.shortcut.{part}");
            self.weights.insert(name("weight"), weight);
            self.weights.insert(name("bias"), Weight::list(bias));
        }
        self.notes.extend(body.notes);
        Ok(())
    }

    /// The whole network.
    ///
    /// # Errors
    /// When it is not one from images to classes.
    pub fn finish(self) -> Result<Opened, String> {
        let (Shape::Image(input), Shape::Vector(classes)) = (self.input, self.output) else {
            return Err(format!(
                "a classifier turns images into one value per class, but it turns {} into {}",
                self.input, self.output
            ));
        };
        if self.flattened.is_some() {
            return Err("it ends with a flattened image, not with one value per class".to_owned());
        }
        let spec = ModelSpec {
            input,
            classes,
            layers: self.layers,
        };
        checked_shapes(&spec)?;
        let weights = self.weights;
        let classifier = Description::unnamed(spec).with_values(|shape| {
            let dims = shape.pytorch_dims();
            match weights.get(&shape.name) {
                Some(weight) if weight.dims == dims => Ok(weight.values.clone()),
                Some(weight) => Err(format!(
                    "`{}` should have shape {dims:?}, it has {:?}",
                    shape.name, weight.dims
                )),
                // A count of batches, which other programs do not keep.
                None if dims.is_empty() => Ok(vec![0.0]),
                None => Err(format!("it has no `{}`", shape.name)),
            }
        })?;
        Ok(Opened {
            classifier,
            notes: self.notes,
        })
    }
}
