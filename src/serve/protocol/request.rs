//! What clients ask, as JSON.

use hyper::body::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::object::{Object, present, whole, whole_list, whole_present};
use super::tensor_data::TensorData;
use super::{IMAGE, OUTPUTS};
use crate::serve::failure::Failure;
use crate::serve::models::Loaded;

/// A request for the answers to some images.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::serve) struct InferRequest {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    parameters: Object<RequestParameters>,
    pub(super) inputs: Vec<Object<InputTensor>>,
    #[serde(default)]
    pub(super) outputs: Vec<Object<WantedOutput>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct RequestParameters {
    #[serde(default)]
    binary_data_output: bool,
}

/// A tensor that comes.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct InputTensor {
    pub name: String,
    #[serde(deserialize_with = "whole_list")]
    pub shape: Vec<usize>,
    pub datatype: String,
    #[serde(default)]
    pub parameters: Object<InputParameters>,
    #[serde(default, deserialize_with = "present")]
    pub data: Option<TensorData>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct InputParameters {
    /// Bytes of the tensor after the JSON.
    #[serde(default, deserialize_with = "whole_present")]
    pub binary_data_size: Option<usize>,
    /// Whether pictures are sketches, bright ink on black, as on the canvas of the window.
    #[serde(default)]
    pub sketch: bool,
}

/// An output that is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct WantedOutput {
    pub name: String,
    #[serde(default)]
    pub parameters: Object<OutputParameters>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct OutputParameters {
    /// So many best classes instead of all values; 0 for all values.
    #[serde(default, deserialize_with = "whole")]
    pub classification: u32,
    #[serde(default, deserialize_with = "present")]
    pub binary_data: Option<bool>,
}

/// A request for the list of models.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(in crate::serve) struct IndexRequest {
    /// Only those that are loaded.
    #[serde(default)]
    pub ready: bool,
}

/// A request to load or unload a model.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::serve) struct LoadRequest {
    #[serde(default)]
    parameters: Object<serde_json::Map<String, serde_json::Value>>,
}

impl LoadRequest {
    /// Whether it says more than which model.
    pub fn has_parameters(&self) -> bool {
        !self.parameters.0.is_empty()
    }
}

/// Reads an object; an empty body is an empty object.
///
/// # Errors
/// 400, when it is none.
pub(in crate::serve) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let body = if body.is_empty() { b"{}" } else { body };
    let Object(value) = serde_json::from_slice(body).map_err(|error| {
        Failure::bad_request(format!("failed to parse the request JSON buffer: {error}"))
    })?;
    Ok(value)
}

impl InferRequest {
    /// Reads a request and what comes after its JSON, which has `json_len` bytes: the whole body if
    /// it is not told. With 0, the body is one image, in values of FP32.
    ///
    /// # Errors
    /// 400, when it is none.
    pub fn read(
        body: &Bytes,
        json_len: Option<usize>,
        loaded: &Loaded,
    ) -> Result<(InferRequest, Bytes), Failure> {
        let json_len = json_len.unwrap_or(body.len());
        if json_len > body.len() {
            return Err(Failure::bad_request(format!(
                "expected at least {json_len} bytes, as Inference-Header-Content-Length says, found {}",
                body.len()
            )));
        }
        if json_len == 0 && !body.is_empty() {
            return Ok((InferRequest::of_raw(body.len(), loaded), body.clone()));
        }
        let request = read_json(&body[..json_len])?;
        Ok((request, body.slice(json_len..)))
    }

    /// The request for one image, whose bytes are the body.
    fn of_raw(n_bytes: usize, loaded: &Loaded) -> InferRequest {
        let input = InputTensor {
            name: IMAGE.to_owned(),
            shape: [&[1], &loaded.input()[..]].concat(),
            datatype: "FP32".to_owned(),
            parameters: Object(InputParameters {
                binary_data_size: Some(n_bytes),
                sketch: false,
            }),
            data: None,
        };
        InferRequest {
            parameters: Object(RequestParameters {
                binary_data_output: true,
            }),
            inputs: vec![Object(input)],
            ..InferRequest::default()
        }
    }

    /// The one input, whose name is right.
    pub(super) fn input(&self, model: &str) -> Result<&InputTensor, Failure> {
        let named = |Object(input): &&Object<InputTensor>| input.name != IMAGE;
        if let Some(Object(other)) = self.inputs.iter().find(named) {
            let name = &other.name;
            let message = format!("unexpected inference input '{name}' for model '{model}'");
            return Err(Failure::bad_request(message));
        }
        match &self.inputs[..] {
            [Object(input)] => Ok(input),
            all => Err(Failure::bad_request(format!(
                "{} expected 1 inputs but got {} inputs for model '{model}'",
                self.label(),
                all.len()
            ))),
        }
    }

    /// The outputs to answer with: those asked for, or all.
    ///
    /// # Errors
    /// 400, when there is none of that name.
    pub fn check_outputs(&self, model: &str) -> Result<(), Failure> {
        let is_unknown =
            |Object(output): &&Object<WantedOutput>| !OUTPUTS.contains(&output.name.as_str());
        match self.outputs.iter().find(is_unknown) {
            Some(Object(output)) => Err(Failure::bad_request(format!(
                "{} unexpected inference output '{}' for model '{model}'",
                self.label(),
                output.name
            ))),
            None if self.outputs.len() > OUTPUTS.len() => Err(Failure::bad_request(format!(
                "{} expected at most {} outputs, found {}",
                self.label(),
                OUTPUTS.len(),
                self.outputs.len()
            ))),
            None => Ok(()),
        }
    }

    /// Whether an output is sent as bytes after the JSON.
    pub(super) fn is_binary(&self, output: &OutputParameters) -> bool {
        output
            .binary_data
            .unwrap_or(self.parameters.0.binary_data_output)
    }

    /// How Triton begins a sentence about a request.
    pub(super) fn label(&self) -> String {
        let id = if self.id.is_empty() {
            "<id_unknown>"
        } else {
            &self.id
        };
        format!("[request id: {id}]")
    }
}
