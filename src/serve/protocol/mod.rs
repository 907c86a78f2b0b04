//! The Open Inference Protocol v2 over HTTP, as Triton answers it: JSON, with tensors in it or as
//! bytes after it.

mod answer;
mod describe;
mod images;
mod object;
mod request;
mod tensor_data;

pub(super) use answer::answer;
pub(super) use describe::{index, model_config, model_metadata, server_metadata};
pub(super) use images::{Images, images};
pub(super) use request::{IndexRequest, InferRequest, LoadRequest, read_json};

/// The input's name.
pub(super) const IMAGE: &str = "image";
/// The outputs' names, in their order.
pub(super) const OUTPUTS: [&str; 2] = ["logits", "probabilities"];
