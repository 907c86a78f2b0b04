//! The program in Keras: a functional model whose layers are called as PyTorch's modules, so that
//! it reads the same file of weights. Images lie channels-last there; what is flattened or read row
//! by row is turned to channels first before, as PyTorch has it.

mod optimizer;

use std::collections::BTreeSet;

use super::python;
use super::training::Training;
use crate::export::model::ExportedModel;
use crate::export::model::step::steps;
use crate::model::{Conv2d, Layer, Residual, Shape, TokenChoice};

/// A layer that Keras has not, or whose weights PyTorch keeps otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Own {
    Recurrent,
    PatchEmbedding,
    Transformer,
}

impl Own {
    fn code(self) -> &'static str {
        match self {
            Own::Recurrent => include_str!("recurrent.py"),
            Own::PatchEmbedding => include_str!("patch_embedding.py"),
            Own::Transformer => include_str!("transformer.py"),
        }
    }
}

/// Loading, using and training the network; the same for every model.
const USE: &str = include_str!("use.py");

/// Returns `model.py`.
pub(super) fn program(model: &ExportedModel<'_>) -> String {
    let spec = model.classifier.network.spec();
    let mut network = Writer::default();
    network.layers(&spec.layers, Shape::Image(spec.input), "");
    let own = network.own.iter().map(|own| format!("\n\n{}", own.code()));
    let own: String = own.collect();
    let [channels, height, width] = spec.input;
    let training = Training::of(model, optimizer::has);
    format!(
        "\"\"\"An image classifier, trained with Candle Studio.\n\n    \
         pip install keras torch safetensors pillow\n    python model.py PICTURE...\n    \
         python model.py train DATA.npz\n\n\
         Keras also runs on JAX and TensorFlow: set KERAS_BACKEND.\n\"\"\"\n\n\
         import os\nimport pathlib\nimport sys\n\nos.environ.setdefault(\"KERAS_BACKEND\", \"torch\")\n\n\
         import keras\nimport numpy as np\nfrom keras import layers, ops\nfrom PIL import Image\n\
         from safetensors.numpy import load_file\n\n\
         {}{own}\n\n\
         def network():\n    x = inputs = keras.Input(({height}, {width}, {channels}))\n{}    \
         return keras.Model(inputs, x)\n\n\n{}",
        python::constants(model, &training),
        network.code,
        USE.replace("OPTIMIZER", &optimizer::call(&training)),
    )
}

/// Code so far, and the layers it needs.
#[derive(Default)]
struct Writer {
    code: String,
    own: BTreeSet<Own>,
    n_blocks: usize,
}

impl Writer {
    /// A line per layer.
    ///
    /// * `module`: PyTorch's name of what the layers are in, with - for its dots
    fn layers(&mut self, layers: &[Layer], input: Shape, module: &str) {
        for step in steps(layers, input) {
            let module = match module {
                "" => step.idx.to_string(),
                module => format!("{module}-{}", step.idx),
            };
            let around = [step.input, step.output];
            match step.layer {
                Layer::Residual(block) => self.residual(block, &module, around),
                layer => self.layer(layer, &module, around),
            }
            // The comment belongs to the last line of the layer.
            self.code.pop();
            self.code += &format!("  # {}: {}\n", step.name, step.output);
        }
    }

    fn line(&mut self, line: &str) {
        self.code += &format!("    {line}\n");
    }

    /// `x = layers.…(x)`
    fn apply(&mut self, layer: &str) {
        self.line(&format!("x = {layer}(x)"));
    }

    fn residual(&mut self, block: &Residual, module: &str, [input, output]: [Shape; 2]) {
        self.n_blocks += 1;
        let shortcut = format!("shortcut{}", self.n_blocks);
        match (Residual::shortcut_stride(input, output), output) {
            (Some(stride), Shape::Image([channels, ..])) => self.line(&format!(
                "{shortcut} = layers.Conv2D({channels}, 1, {stride}, name=\"{module}-shortcut\")(x)"
            )),
            _ => self.line(&format!("{shortcut} = x")),
        }
        self.layers(&block.layers, input, &format!("{module}-body"));
        self.line(&format!("x = layers.Add()([x, {shortcut}])"));
    }

    /// The lines of a layer that is no block.
    fn layer(&mut self, layer: &Layer, module: &str, [input, output]: [Shape; 2]) {
        let named = format!("name=\"{module}\"");
        match layer {
            Layer::Conv2d(conv) => self.conv2d(conv, &named),
            Layer::MaxPool2d(pool) => self.pool("MaxPooling2D", [pool.kernel, pool.stride]),
            Layer::AvgPool2d(pool) => self.pool("AveragePooling2D", [pool.kernel, pool.stride]),
            Layer::GlobalAvgPool => self.apply("layers.GlobalAveragePooling2D()"),
            Layer::Flatten => {
                if let Shape::Image(_) = input {
                    self.apply("layers.Permute((3, 1, 2))");
                }
                self.apply("layers.Flatten()");
            }
            Layer::Dense(dense) => self.apply(&format!("layers.Dense({}, {named})", dense.units)),
            Layer::BatchNorm => {
                self.apply(&format!(
                    "layers.BatchNormalization(momentum=0.9, epsilon=1e-5, {named})"
                ));
            }
            Layer::LayerNorm => {
                let axis = match input {
                    Shape::Image(_) => "axis=[1, 2, 3], ",
                    Shape::Sequence(_) | Shape::Vector(_) => "",
                };
                self.apply(&format!(
                    "layers.LayerNormalization({axis}epsilon=1e-5, {named})"
                ));
            }
            Layer::Relu
            | Layer::LeakyRelu(_)
            | Layer::Gelu
            | Layer::Silu
            | Layer::Sigmoid
            | Layer::Tanh => self.apply(&activation(layer)),
            Layer::Dropout(layer) => self.apply(&format!("layers.Dropout({})", layer.rate)),
            Layer::Dropout2d(layer) => {
                self.apply(&format!("layers.SpatialDropout2D({})", layer.rate));
            }
            Layer::Rnn(_) | Layer::Lstm(_) | Layer::Gru(_) => self.recurrent(layer, input, &named),
            // Blocks are written by `residual`.
            Layer::Residual(_) => {}
            Layer::PatchEmbedding(_) | Layer::TransformerEncoder(_) | Layer::TokenPool(_) => {
                self.tokens(layer, module, [input, output]);
            }
        }
    }

    fn pool(&mut self, class: &str, [kernel, stride]: [usize; 2]) {
        self.apply(&format!("layers.{class}({kernel}, {stride})"));
    }

    fn conv2d(&mut self, conv: &Conv2d, named: &str) {
        if conv.padding > 0 {
            self.apply(&format!("layers.ZeroPadding2D({})", conv.padding));
        }
        let mut arguments = format!("{}, {}", conv.channels, conv.kernel);
        for (name, value) in [("strides", conv.stride), ("groups", conv.groups)] {
            if value != 1 {
                arguments += &format!(", {name}={value}");
            }
        }
        self.apply(&format!("layers.Conv2D({arguments}, {named})"));
    }

    fn recurrent(&mut self, layer: &Layer, input: Shape, named: &str) {
        self.own.insert(Own::Recurrent);
        let (class, units, both) = match layer {
            Layer::Lstm(layer) => ("layers.LSTM", layer.units, layer.bidirectional),
            Layer::Gru(layer) => ("layers.GRU", layer.units, layer.bidirectional),
            Layer::Rnn(layer) => ("layers.SimpleRNN", layer.units, layer.bidirectional),
            _ => return,
        };
        if let Shape::Image([channels, height, width]) = input {
            self.apply("layers.Permute((1, 3, 2))");
            self.apply(&format!("layers.Reshape(({height}, {}))", channels * width));
        }
        match both {
            false => self.apply(&format!("{class}({units}, {named})")),
            true => self.apply(&format!("layers.Bidirectional({class}({units}), {named})")),
        }
    }

    fn tokens(&mut self, layer: &Layer, module: &str, [input, output]: [Shape; 2]) {
        match (layer, input, output) {
            (Layer::PatchEmbedding(layer), _, Shape::Sequence([tokens, width])) => {
                self.own.insert(Own::PatchEmbedding);
                let (patch, has_token) = (layer.patch, layer.class_token);
                self.apply(&format!(
                    "layers.Conv2D({width}, {patch}, {patch}, name=\"{module}-proj\")"
                ));
                let n_patches = tokens - usize::from(has_token);
                self.apply(&format!("layers.Reshape(({n_patches}, {width}))"));
                let has_token = if has_token { "True" } else { "False" };
                self.apply(&format!("Positions({has_token}, name=\"{module}\")"));
            }
            (Layer::TransformerEncoder(layer), Shape::Sequence([_, width]), _) => {
                self.own.insert(Own::Transformer);
                let hidden = layer.mlp_ratio * width;
                for idx in 0..layer.depth {
                    let heads = layer.heads;
                    self.line(&format!(
                        "x = encoder_block(x, {heads}, {hidden}, \"{module}-layers-{idx}\")"
                    ));
                }
            }
            (Layer::TokenPool(layer), ..) => match layer.take {
                TokenChoice::First => self.line("x = x[:, 0]"),
                TokenChoice::Mean => self.apply("layers.GlobalAveragePooling1D()"),
            },
            _ => {}
        }
    }
}

/// An activation.
fn activation(layer: &Layer) -> String {
    let named = |name: &str| format!("layers.Activation(\"{name}\")");
    match layer {
        Layer::LeakyRelu(layer) => format!("layers.LeakyReLU(negative_slope={})", layer.slope),
        Layer::Gelu => named("gelu"),
        Layer::Silu => named("silu"),
        Layer::Sigmoid => named("sigmoid"),
        Layer::Tanh => named("tanh"),
        _ => "layers.ReLU()".to_owned(),
    }
}
