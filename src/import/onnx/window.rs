//! Convolution and pooling: windows that are square, as ours are.

use super::chain::{View, Walk};
use super::graph::{int, ints, word};
use super::ops::{added, optional, weight};
use crate::import::padding::same_padding;
use crate::import::weight::Weight;
use crate::model::{AvgPool2d, Conv2d, Layer, MaxPool2d, Shape};
use crate::onnx::NodeProto;

/// A square window.
struct Square {
    kernel: usize,
    stride: usize,
    padding: usize,
}

/// Adds a convolution; returns the value it gives.
pub(super) fn conv<'g>(walk: &mut Walk<'g>, idx: usize) -> Result<&'g str, String> {
    let graph = walk.graph;
    let node = graph.node(idx);
    let kernel = weight(graph, idx, 1)?;
    let &[channels, _, height, width] = kernel.dims.as_slice() else {
        return Err(format!(
            "has a weight of shape {:?}, not of images",
            kernel.dims
        ));
    };
    let square = square(walk, node, [height, width])?;
    let groups = int(node, "group", 1);
    let groups = usize::try_from(groups).map_err(|_| format!("has {groups} groups"))?;
    let (bias, value) = match optional(graph, idx, 2)? {
        Some(bias) => (Some(bias), graph.output(idx, 0)),
        None => added(graph, idx, channels),
    };
    let bias = Weight::list(bias.unwrap_or_else(|| vec![0.0; channels]));
    let layer = Layer::Conv2d(Conv2d {
        channels,
        kernel: square.kernel,
        stride: square.stride,
        padding: square.padding,
        groups,
    });
    let weights = vec![("weight", kernel), ("bias", bias)];
    walk.chain.push(layer, weights)?;
    Ok(value)
}

/// Adds a max or average pool.
pub(super) fn pool(walk: &mut Walk<'_>, idx: usize) -> Result<(), String> {
    let node = walk.graph.node(idx);
    let kernel = match ints(node, "kernel_shape") {
        Some(&[h, w]) => [h, w].map(|n| usize::try_from(n).unwrap_or(0)),
        other => return Err(format!("has a window of {other:?}")),
    };
    let square = square(walk, node, kernel)?;
    let Square { kernel, stride, .. } = square;
    if square.padding > 0 {
        return Err(format!(
            "has a padding of {}, pools here have none",
            square.padding
        ));
    }
    if let (1, Shape::Image([_, h, w])) = (int(node, "ceil_mode", 0), walk.chain.output()) {
        let is_cut = |side: usize| {
            side.checked_sub(kernel)
                .is_none_or(|free| free % stride.max(1) > 0)
        };
        if is_cut(h) || is_cut(w) {
            return Err(format!("rounds up where its windows do not fill {h}×{w}"));
        }
    }
    walk.chain.plain(match walk.graph.op(idx) {
        "MaxPool" => Layer::MaxPool2d(MaxPool2d { kernel, stride }),
        _ => Layer::AvgPool2d(AvgPool2d { kernel, stride }),
    })
}

/// The window of a node.
///
/// # Errors
/// When it is not square, or has gaps.
fn square(walk: &Walk<'_>, node: &NodeProto, kernel: [usize; 2]) -> Result<Square, String> {
    if walk.view != View::Same {
        return Err("reads its channels where this program has columns".to_owned());
    }
    if kernel[0] != kernel[1] {
        return Err(format!(
            "has a window of {}×{}, here they are square",
            kernel[0], kernel[1]
        ));
    }
    if ints(node, "dilations").is_some_and(|gaps| gaps.iter().any(|&gap| gap != 1)) {
        return Err("has gaps in its window (dilations)".to_owned());
    }
    let same = |name: &str, default: i64| -> Result<usize, String> {
        let all = ints(node, name).unwrap_or_default();
        let first = all.first().copied().unwrap_or(default);
        match usize::try_from(first) {
            Ok(n) if all.iter().all(|&other| other == first) => Ok(n),
            _ => Err(format!(
                "has {name} of {all:?}, here they are equal on all sides"
            )),
        }
    };
    let stride = same("strides", 1)?;
    let padding = match word(node, "auto_pad").as_str() {
        "" | "NOTSET" => same("pads", 0)?,
        "VALID" => 0,
        _ => same_padding(walk.chain.output(), kernel[0], stride)?,
    };
    Ok(Square {
        kernel: kernel[0],
        stride,
        padding,
    })
}
