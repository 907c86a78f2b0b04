//! The nodes of each kind of layer, one file per family.

mod activation;
mod conv;
mod dense;
mod norm;
mod recurrent;
mod residual;
mod tokens;
mod transformer;

use super::OnnxError;
use super::graph::{Graph, Place};
use crate::export::model::step::steps;
use crate::model::{Layer, Shape};

/// What layers are in: the network, or a residual block.
pub(super) struct Block {
    /// PyTorch's name of the `nn.Sequential`; empty for the network.
    module: String,
    /// Our name of the block; empty for the network.
    layer: String,
    input: Shape,
}

impl Block {
    /// The network as a whole.
    pub fn whole(input: Shape) -> Block {
        Block {
            module: String::new(),
            layer: String::new(),
            input,
        }
    }
}

/// One layer, where it is, and the shapes around it.
struct Step<'l> {
    layer: &'l Layer,
    place: Place,
    input: Shape,
    output: Shape,
}

/// Adds `layers` one after the other, and returns the output of the last.
pub(super) fn sequence(
    graph: &mut Graph<'_>,
    layers: &[Layer],
    block: &Block,
    mut x: String,
) -> Result<String, OnnxError> {
    let dotted = |prefix: &str, name: &str| match prefix {
        "" => name.to_owned(),
        prefix => format!("{prefix}.{name}"),
    };
    for found in steps(layers, block.input) {
        let step = Step {
            layer: found.layer,
            place: Place {
                module: dotted(&block.module, &found.idx.to_string()),
                layer: dotted(&block.layer, &found.name),
            },
            input: found.input,
            output: found.output,
        };
        let y = one(graph, &step, x.clone())?;
        x = graph.layer_output(&step.place, step.layer, &x, y);
    }
    Ok(x)
}

fn one(graph: &mut Graph<'_>, step: &Step<'_>, x: String) -> Result<String, OnnxError> {
    let place = &step.place;
    let mut plain = |op: &str| graph.node(place, op, &[&x], Vec::new());
    Ok(match step.layer {
        Layer::Conv2d(layer) => conv::conv(graph, place, layer, &x)?,
        Layer::MaxPool2d(layer) => {
            conv::pool(graph, place, "MaxPool", [layer.kernel, layer.stride], &x)
        }
        Layer::AvgPool2d(layer) => conv::pool(
            graph,
            place,
            "AveragePool",
            [layer.kernel, layer.stride],
            &x,
        ),
        Layer::GlobalAvgPool => conv::global_pool(graph, place, &x),
        Layer::Flatten => dense::flatten(graph, place, &x),
        Layer::Dense(_) => dense::dense(graph, place, ["weight", "bias"], &x)?,
        Layer::BatchNorm => norm::batch_norm(graph, place, &x)?,
        Layer::LayerNorm => norm::layer_norm(graph, place, step.input, &x)?,
        Layer::Relu => plain("Relu"),
        Layer::Sigmoid => plain("Sigmoid"),
        Layer::Tanh => plain("Tanh"),
        Layer::LeakyRelu(layer) => activation::leaky_relu(graph, place, layer.slope, &x),
        Layer::Gelu => activation::gelu(graph, place, &x),
        Layer::Silu => activation::silu(graph, place, &x),
        // They do nothing outside of training.
        Layer::Dropout(_) | Layer::Dropout2d(_) => x,
        Layer::Residual(layer) => residual::residual(graph, step, &layer.layers, x)?,
        Layer::Rnn(layer) => {
            let options = recurrent::Options::rnn(layer.units, layer.bidirectional);
            recurrent::recurrent(graph, step, &options, &x)?
        }
        Layer::Lstm(layer) => {
            let options = recurrent::Options::lstm(layer.units, layer.bidirectional);
            recurrent::recurrent(graph, step, &options, &x)?
        }
        Layer::Gru(layer) => {
            let options = recurrent::Options::gru(layer.units, layer.bidirectional);
            recurrent::recurrent(graph, step, &options, &x)?
        }
        Layer::PatchEmbedding(layer) => tokens::patches(graph, place, layer, &x)?,
        Layer::TransformerEncoder(layer) => transformer::encoder(graph, step, layer, &x)?,
        Layer::TokenPool(layer) => tokens::pool(graph, place, layer.take, &x),
    })
}
