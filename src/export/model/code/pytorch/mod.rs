//! The program: imports, what is known about the model, modules that PyTorch has not, the network.

mod optimizer;

use std::collections::BTreeSet;

use super::python;
use super::training::Training;
use crate::export::model::ExportedModel;
use crate::export::model::step::steps;
use crate::model::{Conv2d, Layer, Residual, Shape};

/// A module that PyTorch has not, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Own {
    GlobalAvgPool,
    Residual,
    Recurrent,
    PatchEmbedding,
    Transformer,
    TokenPool,
}

impl Own {
    fn code(self) -> &'static str {
        match self {
            Own::GlobalAvgPool => include_str!("global_avg_pool.py"),
            Own::Residual => include_str!("residual.py"),
            Own::Recurrent => include_str!("recurrent.py"),
            Own::PatchEmbedding => include_str!("patch_embedding.py"),
            Own::Transformer => include_str!("transformer.py"),
            Own::TokenPool => include_str!("token_pool.py"),
        }
    }
}

/// Loading, using and training the network; the same for every model.
const USE: &str = include_str!("use.py");

/// Returns `model.py`.
pub(super) fn program(model: &ExportedModel<'_>) -> String {
    let spec = model.classifier.network.spec();
    let mut network = Writer::default();
    network.layers(&spec.layers, Shape::Image(spec.input), 2);
    let own = network.own.iter().map(|own| format!("\n\n{}", own.code()));
    let own: String = own.collect();
    let training = Training::of(model, optimizer::has);
    let scheduler = match training.falls {
        true => "CosineAnnealingLR",
        false => "ConstantLR",
    };
    format!(
        "\"\"\"An image classifier, trained with Candle Studio.\n\n    \
         pip install torch numpy safetensors pillow\n    python model.py PICTURE...\n    \
         python model.py train DATA.npz\n\"\"\"\n\n\
         import pathlib\nimport sys\n\nimport numpy as np\nimport torch\nfrom PIL import Image\n\
         from safetensors.torch import load_file, save_file\nfrom torch import nn\n\
         from torch.optim.lr_scheduler import {scheduler}\nfrom torch.utils.data import DataLoader, TensorDataset\n\n\
         {}{own}\n\n\
         def network():\n    return nn.Sequential(\n{}    )\n\n\n{}",
        python::constants(model, &training),
        network.code,
        optimizer::in_use(USE, &training)
    )
}

/// Code so far, and the modules it needs.
#[derive(Default)]
struct Writer {
    code: String,
    own: BTreeSet<Own>,
}

impl Writer {
    /// A line per layer; a block has lines for those inside.
    fn layers(&mut self, layers: &[Layer], input: Shape, depth: usize) {
        let indent = "    ".repeat(depth);
        for step in steps(layers, input) {
            let around = [step.input, step.output];
            match step.layer {
                Layer::Residual(block) => self.residual(block, around, depth),
                layer => {
                    let module = self.module(layer, around);
                    self.code += &format!("{indent}{module},");
                }
            }
            self.code += &format!("  # {}: {}\n", step.name, step.output);
        }
    }

    fn residual(&mut self, block: &Residual, [input, output]: [Shape; 2], depth: usize) {
        self.own.insert(Own::Residual);
        let indent = "    ".repeat(depth);
        self.code += &format!("{indent}Residual(\n{indent}    nn.Sequential(\n");
        self.layers(&block.layers, input, depth + 2);
        self.code += &format!("{indent}    ),\n");
        if let (Some(stride), Shape::Image([from, ..]), Shape::Image([to, ..])) =
            (Residual::shortcut_stride(input, output), input, output)
        {
            let shortcut = format!("nn.Conv2d({from}, {to}, 1, stride={stride})");
            self.code += &format!("{indent}    {shortcut},\n");
        }
        self.code += &format!("{indent}),");
    }

    /// The module of a layer that is no block.
    fn module(&mut self, layer: &Layer, [input, output]: [Shape; 2]) -> String {
        let plain = |name: &str| format!("nn.{name}()");
        match layer {
            Layer::Conv2d(conv) => conv2d(conv, input),
            Layer::MaxPool2d(pool) => format!("nn.MaxPool2d({}, {})", pool.kernel, pool.stride),
            Layer::AvgPool2d(pool) => format!("nn.AvgPool2d({}, {})", pool.kernel, pool.stride),
            Layer::GlobalAvgPool => {
                self.own.insert(Own::GlobalAvgPool);
                "GlobalAvgPool()".to_owned()
            }
            Layer::Flatten => plain("Flatten"),
            Layer::Dense(dense) => format!("nn.Linear({}, {})", input.n_values(), dense.units),
            Layer::BatchNorm => match input {
                Shape::Image([channels, ..]) => format!("nn.BatchNorm2d({channels})"),
                other => format!("nn.BatchNorm1d({})", other.n_values()),
            },
            Layer::LayerNorm => match input {
                Shape::Image([c, h, w]) => format!("nn.LayerNorm([{c}, {h}, {w}])"),
                Shape::Sequence([_, width]) => format!("nn.LayerNorm({width})"),
                Shape::Vector(n) => format!("nn.LayerNorm({n})"),
            },
            Layer::Relu => plain("ReLU"),
            Layer::LeakyRelu(layer) => format!("nn.LeakyReLU({})", layer.slope),
            Layer::Gelu => plain("GELU"),
            Layer::Silu => plain("SiLU"),
            Layer::Sigmoid => plain("Sigmoid"),
            Layer::Tanh => plain("Tanh"),
            Layer::Dropout(layer) => format!("nn.Dropout({})", layer.rate),
            Layer::Dropout2d(layer) => format!("nn.Dropout2d({})", layer.rate),
            Layer::Rnn(layer) => self.recurrent("RowRNN", input, layer.units, layer.bidirectional),
            Layer::Lstm(layer) => {
                self.recurrent("RowLSTM", input, layer.units, layer.bidirectional)
            }
            Layer::Gru(layer) => self.recurrent("RowGRU", input, layer.units, layer.bidirectional),
            // Blocks are written by `residual`.
            Layer::Residual(_) => String::new(),
            Layer::PatchEmbedding(_) | Layer::TransformerEncoder(_) | Layer::TokenPool(_) => {
                self.tokens(layer, [input, output])
            }
        }
    }

    fn recurrent(&mut self, class: &str, input: Shape, units: usize, both: bool) -> String {
        self.own.insert(Own::Recurrent);
        let n_inputs = match input {
            Shape::Image([channels, _, width]) => channels * width,
            Shape::Sequence([_, width]) => width,
            Shape::Vector(n) => n,
        };
        let both = if both { ", bidirectional=True" } else { "" };
        format!("{class}({n_inputs}, {units}, batch_first=True{both})")
    }

    fn tokens(&mut self, layer: &Layer, [input, output]: [Shape; 2]) -> String {
        match (layer, input, output) {
            (
                Layer::PatchEmbedding(layer),
                Shape::Image([channels, ..]),
                Shape::Sequence([tokens, width]),
            ) => {
                self.own.insert(Own::PatchEmbedding);
                let class_token = if layer.class_token { "True" } else { "False" };
                let patch = layer.patch;
                format!(
                    "PatchEmbedding({channels}, {patch}, {width}, {tokens}, class_token={class_token})"
                )
            }
            (Layer::TransformerEncoder(layer), Shape::Sequence([_, width]), _) => {
                self.own.insert(Own::Transformer);
                let hidden = layer.mlp_ratio * width;
                format!(
                    "transformer({width}, {}, {hidden}, {})",
                    layer.heads, layer.depth
                )
            }
            (Layer::TokenPool(layer), ..) => {
                self.own.insert(Own::TokenPool);
                format!("TokenPool(\"{}\")", layer.take.label())
            }
            _ => String::new(),
        }
    }
}

fn conv2d(conv: &Conv2d, input: Shape) -> String {
    let channels = match input {
        Shape::Image([channels, ..]) => channels,
        other => other.n_values(),
    };
    let mut arguments = format!("{channels}, {}, {}", conv.channels, conv.kernel);
    for (name, value, default) in [
        ("stride", conv.stride, 1),
        ("padding", conv.padding, 0),
        ("groups", conv.groups, 1),
    ] {
        if value != default {
            arguments += &format!(", {name}={value}");
        }
    }
    format!("nn.Conv2d({arguments})")
}
