//! From the output of a network to the answer of a request.

use serde::Serialize;

use super::OUTPUTS;
use super::object::Object;
use super::request::{InferRequest, OutputParameters, WantedOutput};
use crate::model::class_name;
use crate::predict::Outputs;
use crate::serve::failure::Failure;
use crate::serve::models::{Loaded, Model};
use crate::serve::reply::{JSON, Reply};

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    model_name: &'a str,
    model_version: String,
    outputs: Vec<OutputTensor<'a>>,
}

#[derive(Serialize)]
struct OutputTensor<'a> {
    name: &'a str,
    datatype: &'static str,
    shape: [usize; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<BinarySize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
}

#[derive(Serialize)]
struct BinarySize {
    binary_data_size: usize,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Numbers(&'a [f32]),
    Texts(Vec<String>),
}

/// The answer to a request about `n` images.
///
/// # Errors
/// When it has no JSON form.
pub(in crate::serve) fn answer(
    request: &InferRequest,
    model: &Model,
    loaded: &Loaded,
    found: &Outputs,
) -> Result<Reply, Failure> {
    let all = OUTPUTS.map(|name| {
        Object(WantedOutput {
            name: name.to_owned(),
            ..WantedOutput::default()
        })
    });
    let wanted = match &request.outputs[..] {
        [] => &all[..],
        some => some,
    };
    let mut tensors = Vec::new();
    let mut outputs = Vec::new();
    for Object(output) in wanted {
        let values = match output.name == OUTPUTS[0] {
            true => &found.logits,
            false => &found.probabilities,
        };
        let is_binary = request.is_binary(&output.parameters.0);
        let tensor = OutputTensor::new(&output.name, output.parameters.0, values, loaded);
        outputs.push(match is_binary {
            true => tensor.moved_to(&mut tensors),
            false => tensor,
        });
    }
    let is_binary = outputs.iter().any(|output| output.parameters.is_some());
    let answer = Answer {
        id: &request.id,
        model_name: &model.name,
        model_version: model.version.to_string(),
        outputs,
    };
    let json = serde_json::to_vec(&answer).map_err(|_error| Failure::internal())?;
    Ok(match is_binary {
        true => Reply::binary(json, &tensors),
        false => Reply::ok(JSON, json),
    })
}

impl<'a> OutputTensor<'a> {
    fn new(
        name: &'a str,
        parameters: OutputParameters,
        values: &'a [f32],
        loaded: &Loaded,
    ) -> OutputTensor<'a> {
        let n_classes = loaded.n_classes();
        let n = values.len() / n_classes.max(1);
        let n_best = (parameters.classification as usize).min(n_classes);
        let (datatype, shape, data) = match n_best {
            0 => ("FP32", [n, n_classes], Data::Numbers(values)),
            k => {
                let rows = values.chunks_exact(n_classes);
                let texts = rows.flat_map(|row| best(row, k, &loaded.classifier.classes));
                ("BYTES", [n, k], Data::Texts(texts.collect()))
            }
        };
        OutputTensor {
            name,
            datatype,
            shape,
            parameters: None,
            data: Some(data),
        }
    }

    /// Moves its values behind the JSON.
    fn moved_to(mut self, tensors: &mut Vec<u8>) -> OutputTensor<'a> {
        let start = tensors.len();
        match self.data.take() {
            Some(Data::Numbers(values)) => {
                tensors.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
            Some(Data::Texts(texts)) => {
                for text in texts {
                    tensors.extend((text.len() as u32).to_le_bytes());
                    tensors.extend(text.as_bytes());
                }
            }
            None => {}
        }
        self.parameters = Some(BinarySize {
            binary_data_size: tensors.len() - start,
        });
        self
    }
}

/// The `k` largest of a row as Triton writes them, `value:index:class`, the largest first.
fn best<'a>(
    row: &'a [f32],
    k: usize,
    classes: &'a [String],
) -> impl Iterator<Item = String> + use<'a> {
    let mut order: Vec<usize> = (0..row.len()).collect();
    // Stable: the first of equals comes first.
    order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
    let text =
        move |class: usize| format!("{:.6}:{class}:{}", row[class], class_name(classes, class));
    order.into_iter().take(k).map(text)
}
