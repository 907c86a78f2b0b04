//! ONNX: files of this program, whose metadata describes the layers, exactly; and chains of the same
//! operators by any other program.

mod chain;
mod constant;
mod graph;
mod ops;
mod ours;
mod pattern;
mod recurrent;
#[cfg(test)]
mod tests;
mod view;
mod window;
mod wire;

use prost::Message as _;

use super::{Opened, Refusal};
use crate::model::MAX_FILE_BYTES;
use crate::model::limits::memory_problem;
use crate::onnx::ModelProto;

/// Most nodes in a graph.
const MAX_NODES: usize = 10_000;

/// Reads a model from a file.
///
/// # Errors
/// What is wrong with it: of a graph, the node and its operator.
pub(super) fn read(content: &[u8]) -> Result<Opened, Refusal> {
    wire::check(content)?;
    // A number of one byte takes eight in memory.
    let n_bytes = 9 * (content.len() as u64).min(MAX_FILE_BYTES);
    if let Some(problem) = memory_problem("reading it", n_bytes, 0) {
        return Err(problem.into());
    }
    let model = ModelProto::decode(content);
    let mut model = model.map_err(|e| format!("it is not a complete ONNX file ({e})"))?;
    let graph = model
        .graph
        .take()
        .ok_or("it is an ONNX file without a graph")?;
    if graph.node.len() > MAX_NODES {
        let n = graph.node.len();
        return Err(format!("its graph has {n} nodes, the limit is {MAX_NODES}").into());
    }
    if let Some(tensor) = graph
        .initializer
        .iter()
        .find(|t| t.data_location == Some(1))
    {
        return Err(format!(
            "the values of its tensor `{}` are in another file; save it as one file: \
             onnx.save(model, path, save_as_external_data=False)",
            tensor.name.as_deref().unwrap_or_default()
        )
        .into());
    }
    match ours::read(&model, &graph)? {
        Some(opened) => Ok(opened),
        None => Ok(chain::read(&graph)?),
    }
}
