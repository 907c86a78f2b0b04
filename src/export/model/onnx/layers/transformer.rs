//! Transformer encoder blocks. As in our own kernels, the tokens of all images are the rows of one
//! matrix except in the attention itself, so that every weight is read as PyTorch keeps it.

use super::activation::gelu;
use super::dense::dense;
use super::norm::layer_norm;
use super::{Shape, Step};
use crate::export::model::onnx::OnnxError;
use crate::export::model::onnx::attribute::Value;
use crate::export::model::onnx::graph::{Graph, Place};
use crate::model::TransformerEncoder;

/// How the values of a sequence lie: tokens, heads, and the width of a head.
#[derive(Clone, Copy)]
struct Sizes {
    tokens: usize,
    heads: usize,
    width: usize,
}

/// `[n, tokens, width]` → the same.
pub(super) fn encoder(
    graph: &mut Graph<'_>,
    step: &Step<'_>,
    layer: &TransformerEncoder,
    x: &str,
) -> Result<String, OnnxError> {
    let Shape::Sequence([tokens, width]) = step.input else {
        return Err(OnnxError::Misfit(step.place.layer.clone()));
    };
    let sizes = Sizes {
        tokens,
        heads: layer.heads,
        width: width / layer.heads.max(1),
    };
    let rows = graph.ints(&step.place, "rows", &[-1, width as i64]);
    let mut x = graph.node(&step.place, "Reshape", &[x, &rows], Vec::new());
    for idx in 0..layer.depth {
        let place = step.place.within(&format!("layers.{idx}"));
        x = block(graph, &place, sizes, &x)?;
    }
    let sequence = [-1, tokens as i64, width as i64];
    let sequence = graph.ints(&step.place, "sequence", &sequence);
    Ok(graph.node(&step.place, "Reshape", &[&x, &sequence], Vec::new()))
}

/// x += attention(norm₁ x), x += W₂ gelu(W₁ norm₂ x), with x `[n · tokens, width]`.
fn block(graph: &mut Graph<'_>, place: &Place, sizes: Sizes, x: &str) -> Result<String, OnnxError> {
    let linear = ["weight", "bias"];
    let token = Shape::Vector(sizes.heads * sizes.width);
    let normed = layer_norm(graph, &place.within("norm1"), token, x)?;
    let attended = attention(graph, &place.within("self_attn"), sizes, &normed)?;
    let x = graph.node(place, "Add", &[x, &attended], Vec::new());
    let normed = layer_norm(graph, &place.within("norm2"), token, &x)?;
    let hidden = dense(graph, &place.within("linear1"), linear, &normed)?;
    let hidden = gelu(graph, place, &hidden);
    let out = dense(graph, &place.within("linear2"), linear, &hidden)?;
    Ok(graph.node(place, "Add", &[&x, &out], Vec::new()))
}

/// softmax(q kᵀ / √d) v of each head, and the projection of all heads.
fn attention(
    graph: &mut Graph<'_>,
    place: &Place,
    sizes: Sizes,
    x: &str,
) -> Result<String, OnnxError> {
    let Sizes {
        tokens,
        heads,
        width,
    } = sizes;
    let perm = |order: &[i64]| vec![("perm", Value::Ints(order.to_vec()))];
    let qkv = dense(graph, place, ["in_proj_weight", "in_proj_bias"], x)?;
    let parts = [-1, tokens as i64, 3, heads as i64, width as i64];
    let parts = graph.ints(place, "parts", &parts);
    let qkv = graph.node(place, "Reshape", &[&qkv, &parts], Vec::new());
    // [3, n, heads, tokens, width of a head]
    let qkv = graph.node(place, "Transpose", &[&qkv], perm(&[2, 0, 3, 1, 4]));
    let [q, k, v] = [("q", 0), ("k", 1), ("v", 2)].map(|(name, idx)| {
        let idx = graph.int(place, name, idx);
        graph.node(
            place,
            "Gather",
            &[&qkv, &idx],
            vec![("axis", Value::Int(0))],
        )
    });
    let k = graph.node(place, "Transpose", &[&k], perm(&[0, 1, 3, 2]));
    let scores = graph.node(place, "MatMul", &[&q, &k], Vec::new());
    let root = graph.number(place, "sqrt_width", (width as f32).sqrt());
    let scores = graph.node(place, "Div", &[&scores, &root], Vec::new());
    let weights = graph.node(place, "Softmax", &[&scores], vec![("axis", Value::Int(-1))]);
    let mixed = graph.node(place, "MatMul", &[&weights, &v], Vec::new());
    let by_token = graph.node(place, "Transpose", &[&mixed], perm(&[0, 2, 1, 3]));
    let rows = graph.ints(place, "rows", &[-1, (heads * width) as i64]);
    let rows = graph.node(place, "Reshape", &[&by_token, &rows], Vec::new());
    dense(graph, &place.within("out_proj"), ["weight", "bias"], &rows)
}
