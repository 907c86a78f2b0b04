//! The residual block: its layers, and the shortcut around them.

use super::conv::window;
use super::{Block, Step, sequence};
use crate::export::model::onnx::OnnxError;
use crate::export::model::onnx::graph::Graph;
use crate::model::{Layer, Residual};

pub(super) fn residual(
    graph: &mut Graph<'_>,
    step: &Step<'_>,
    layers: &[Layer],
    x: String,
) -> Result<String, OnnxError> {
    let inside = Block {
        module: step.place.tensor("body"),
        layer: step.place.layer.clone(),
        input: step.input,
    };
    let body = sequence(graph, layers, &inside, x.clone())?;
    let shortcut = match Residual::shortcut_stride(step.input, step.output) {
        None => x,
        Some(stride) => {
            let place = step.place.within("shortcut");
            let weight = graph.weight(&place, "weight")?;
            let bias = graph.bias(&place, ["weight", "bias"], &x)?;
            graph.node(&place, "Conv", &[&x, &weight, &bias], window(1, stride))
        }
    };
    Ok(graph.node(&step.place, "Add", &[&body, &shortcut], Vec::new()))
}
