//! Images as tokens, and tokens as one vector. The number of images stays open: no shape names it.

use super::conv::window;
use crate::export::model::onnx::OnnxError;
use crate::export::model::onnx::attribute::Value;
use crate::export::model::onnx::graph::{Graph, Place};
use crate::model::{PatchEmbedding, TokenChoice};

/// `[n, c, h, w]` → `[n, tokens, width]`.
pub(super) fn patches(
    graph: &mut Graph<'_>,
    place: &Place,
    layer: &PatchEmbedding,
    x: &str,
) -> Result<String, OnnxError> {
    let proj = place.within("proj");
    let weight = graph.weight(&proj, "weight")?;
    let bias = graph.bias(&proj, ["weight", "bias"], x)?;
    let filters = window(layer.patch, layer.patch);
    let image = graph.node(&proj, "Conv", &[x, &weight, &bias], filters);
    let flat = graph.ints(place, "flat", &[0, layer.width as i64, -1]);
    let flat = graph.node(place, "Reshape", &[&image, &flat], Vec::new());
    let by_patch = vec![("perm", Value::Ints(vec![0, 2, 1]))];
    let mut tokens = graph.node(place, "Transpose", &[&flat], by_patch);
    if layer.class_token {
        let token = class_token(graph, place, layer.width, &tokens)?;
        let along = vec![("axis", Value::Int(1))];
        tokens = graph.node(place, "Concat", &[&token, &tokens], along);
    }
    let positions = graph.weight(place, "pos_embed")?;
    Ok(graph.node(place, "Add", &[&tokens, &positions], Vec::new()))
}

/// The class token once per image: `[n, 1, width]`.
fn class_token(
    graph: &mut Graph<'_>,
    place: &Place,
    width: usize,
    tokens: &str,
) -> Result<String, OnnxError> {
    let token = graph.weight(place, "cls_token")?;
    let shape = graph.node(place, "Shape", &[tokens], Vec::new());
    let first = graph.ints(place, "first", &[0]);
    let along = || vec![("axis", Value::Int(0))];
    let n = graph.node(place, "Gather", &[&shape, &first], along());
    let one = graph.ints(place, "one_token", &[1, width as i64]);
    let shape = graph.node(place, "Concat", &[&n, &one], along());
    Ok(graph.node(place, "Expand", &[&token, &shape], Vec::new()))
}

/// `[n, tokens, width]` → `[n, width]`.
pub(super) fn pool(graph: &mut Graph<'_>, place: &Place, take: TokenChoice, x: &str) -> String {
    match take {
        TokenChoice::First => {
            let first = graph.int(place, "first", 0);
            graph.node(place, "Gather", &[x, &first], vec![("axis", Value::Int(1))])
        }
        TokenChoice::Mean => {
            let attributes = vec![("axes", Value::Ints(vec![1])), ("keepdims", Value::Int(0))];
            graph.node(place, "ReduceMean", &[x], attributes)
        }
    }
}
