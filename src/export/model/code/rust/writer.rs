//! The network as a struct: its fields, how each is made, and the forward pass.

use std::collections::BTreeSet;

use super::own::Own;
use crate::export::model::step::steps;
use crate::model::{Conv2d, Layer, Residual, Shape};

/// Code so far, and what it needs beside candle.
#[derive(Default)]
pub(super) struct Writer {
    fields: String,
    made: String,
    forward: String,
    pub(super) own: BTreeSet<Own>,
    n_blocks: usize,
}

/// A layer with its place: its field, and PyTorch's name of its module.
pub(super) struct Place<'a> {
    pub field: &'a str,
    pub module: &'a str,
}

impl Writer {
    /// The struct with its two functions.
    pub fn program(&self) -> String {
        let train = match self.forward.contains("train)") {
            true => "train",
            false => "_train",
        };
        format!(
            "/// The layers that have weights.\npub struct Network {{\n{}}}\n\n\
             impl Network {{\n    /// The layers with their weights of `vb`.\n    \
             pub fn new(vb: nn::VarBuilder) -> Result<Network> {{\n        Ok(Network {{\n{}        }})\n    }}\n\n    \
             /// Of values from 0 to 1, [n, channels, height, width], the logits: [n, classes].\n    \
             pub fn forward(&self, x: &Tensor, {train}: bool) -> Result<Tensor> {{\n{}        Ok(x)\n    }}\n}}\n",
            self.fields, self.made, self.forward
        )
    }

    /// What candle has not.
    pub fn parts(&self) -> String {
        self.own
            .iter()
            .map(|own| format!("\n{}", own.code()))
            .collect()
    }

    /// A line of the forward pass per layer.
    ///
    /// * `block`, `module`: what the fields, and the modules of PyTorch, of these layers begin with
    pub fn layers(&mut self, layers: &[Layer], input: Shape, block: &str, module: &str) {
        for step in steps(layers, input) {
            let place = Place {
                field: &format!("{block}{}", step.name),
                module: &format!("{module}{}", step.idx),
            };
            let around = [step.input, step.output];
            match step.layer {
                Layer::Residual(block) => self.residual(block, &place, around),
                layer => self.layer(layer, &place, around),
            }
            // The comment belongs to the last line of the layer.
            self.forward.pop();
            self.forward += &format!(" // {}: {}\n", step.name, step.output);
        }
    }

    /// `let x = …;`
    pub(super) fn line(&mut self, value: &str) {
        self.forward += &format!("        let x = {value};\n");
    }

    /// A field, which `made` makes.
    fn field(&mut self, name: &str, class: &str, made: &str) {
        self.fields += &format!("    {name}: {class},\n");
        self.made += &format!("            {name}: {made},\n");
    }

    /// A field whose layer is applied.
    pub(super) fn module(&mut self, place: &Place<'_>, class: &str, made: &str) {
        self.field(place.field, class, made);
        self.line(&format!("x.apply(&self.{})?", place.field));
    }

    fn residual(&mut self, block: &Residual, place: &Place<'_>, [input, output]: [Shape; 2]) {
        self.n_blocks += 1;
        let shortcut = format!("shortcut{}", self.n_blocks);
        let value = match (Residual::shortcut_stride(input, output), input, output) {
            (Some(stride), Shape::Image([from, ..]), Shape::Image([to, ..])) => {
                let conv = Conv2d {
                    stride,
                    ..Conv2d::new(to, 1, 0)
                };
                let field = format!("{}_shortcut", place.field);
                let made = conv2d(&conv, from, &format!("{}.shortcut", place.module));
                self.field(&field, "nn::Conv2d", &made);
                format!("x.apply(&self.{field})?")
            }
            _ => "x.clone()".to_owned(),
        };
        self.forward += &format!("        let {shortcut} = {value};\n");
        let (field, module) = (
            format!("{}_", place.field),
            format!("{}.body.", place.module),
        );
        self.layers(&block.layers, input, &field, &module);
        self.line(&format!("(x + {shortcut})?"));
    }

    /// The lines of a layer that is no block.
    fn layer(&mut self, layer: &Layer, place: &Place<'_>, [input, output]: [Shape; 2]) {
        let module = place.module;
        match layer {
            Layer::Conv2d(conv) => {
                self.module(place, "nn::Conv2d", &conv2d(conv, channels(input), module));
            }
            Layer::MaxPool2d(pool) => self.pool(Own::MaxPool, "max", [pool.kernel, pool.stride]),
            Layer::AvgPool2d(pool) => self.pool(Own::AvgPool, "avg", [pool.kernel, pool.stride]),
            Layer::GlobalAvgPool => self.line("x.mean((2, 3))?"),
            Layer::Flatten => self.line("x.flatten_from(1)?"),
            Layer::Dense(dense) => {
                let (n, units) = (input.n_values(), dense.units);
                let made = format!("nn::linear({n}, {units}, vb.pp(\"{module}\"))?");
                self.module(place, "nn::Linear", &made);
            }
            Layer::BatchNorm => {
                let n = channels(input);
                let made = format!("nn::batch_norm({n}, 1e-5, vb.pp(\"{module}\"))?");
                self.field(place.field, "nn::BatchNorm", &made);
                self.line(&format!("x.apply_t(&self.{}, train)?", place.field));
            }
            Layer::LayerNorm => self.layer_norm(place, input),
            Layer::Relu => self.line("x.relu()?"),
            Layer::LeakyRelu(layer) => {
                self.line(&format!("nn::ops::leaky_relu(&x, {:?})?", layer.slope));
            }
            Layer::Gelu => self.line("x.gelu_erf()?"),
            Layer::Silu => self.line("x.silu()?"),
            Layer::Sigmoid => self.line("nn::ops::sigmoid(&x)?"),
            Layer::Tanh => self.line("x.tanh()?"),
            Layer::Dropout(layer) => {
                self.line(&format!(
                    "x.apply_t(&nn::Dropout::new({:?}), train)?",
                    layer.rate
                ));
            }
            Layer::Dropout2d(layer) => {
                self.own.insert(Own::Dropout2d);
                self.line(&format!("dropout2d(&x, {:?}, train)?", layer.rate));
            }
            Layer::Rnn(l) => self.recurrent(layer, place, input, [l.units, l.bidirectional.into()]),
            Layer::Lstm(l) => {
                self.recurrent(layer, place, input, [l.units, l.bidirectional.into()])
            }
            Layer::Gru(l) => self.recurrent(layer, place, input, [l.units, l.bidirectional.into()]),
            // Blocks are written by `residual`.
            Layer::Residual(_) => {}
            Layer::TransformerEncoder(layer) => self.transformer(layer, place, input),
            Layer::PatchEmbedding(_) | Layer::TokenPool(_) => {
                self.tokens(layer, place, [input, output]);
            }
        }
    }

    fn layer_norm(&mut self, place: &Place<'_>, input: Shape) {
        self.own.insert(Own::LayerNorm);
        let shape = match input {
            Shape::Image(shape) => format!("{shape:?}"),
            Shape::Sequence([_, width]) => format!("[{width}]"),
            Shape::Vector(n) => format!("[{n}]"),
        };
        let made = format!("LayerNorm::new(&{shape}, vb.pp(\"{}\"))?", place.module);
        self.module(place, "LayerNorm", &made);
    }

    fn pool(&mut self, own: Own, name: &str, [kernel, stride]: [usize; 2]) {
        self.own.extend([Own::Windows, own]);
        self.line(&format!("{name}_pool2d(&x, {kernel}, {stride})?"));
    }
}

/// The channels of an image, or the length of a list.
pub(super) fn channels(shape: Shape) -> usize {
    match shape {
        Shape::Image([channels, ..]) => channels,
        other => other.n_values(),
    }
}

/// What makes a convolution.
fn conv2d(conv: &Conv2d, from: usize, module: &str) -> String {
    let settings = [
        ("padding", conv.padding, 0),
        ("stride", conv.stride, 1),
        ("groups", conv.groups, 1),
    ];
    let set = settings
        .iter()
        .filter(|(_, value, default)| value != default);
    let set: String = set
        .map(|(name, value, _)| format!("{name}: {value}, "))
        .collect();
    let config = match set.as_str() {
        "" => "Default::default()".to_owned(),
        set => format!("nn::Conv2dConfig {{ {set}..Default::default() }}"),
    };
    let (to, kernel) = (conv.channels, conv.kernel);
    format!("nn::conv2d({from}, {to}, {kernel}, {config}, vb.pp(\"{module}\"))?")
}
