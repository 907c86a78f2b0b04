//! From the input of a request to images.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;

use super::object::Object;
use super::request::{InferRequest, InputTensor};
use super::tensor_data::{EXPECTED, TensorData, is_usable};
use crate::data::{InputImage, read_image_bytes, unit_values};
use crate::serve::failure::Failure;
use crate::serve::limits::MAX_BATCH;
use crate::serve::models::Loaded;

/// The images of a request.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::serve) enum Images {
    /// `[n, channels, height, width]`, from 0 to 1.
    Values { values: Vec<f32>, n: usize },
    /// Encoded pictures, which take longer to be made into values.
    Pictures {
        pictures: Vec<Bytes>,
        /// Whether they are sketches: bright ink on black.
        are_sketches: bool,
    },
}

/// The datatypes that an image may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Datatype {
    Fp32,
    Uint8,
    Bytes,
}

impl Datatype {
    fn of(name: &str) -> Option<Datatype> {
        match name {
            "FP32" => Some(Datatype::Fp32),
            "UINT8" => Some(Datatype::Uint8),
            "BYTES" => Some(Datatype::Bytes),
            _ => None,
        }
    }
}

/// The images of a request for the model `name`, with the bytes that came after its JSON.
///
/// # Errors
/// 400, with one sentence.
pub(in crate::serve) fn images(
    request: &InferRequest,
    rest: &Bytes,
    name: &str,
    loaded: &Loaded,
) -> Result<Images, Failure> {
    for Object(input) in &request.inputs {
        let n = n_values(&input.shape);
        let n_found = input.data.as_ref().map_or(n, |data| Some(data.len()));
        if n.is_none() || n_found != n {
            let message = "Unable to parse 'data': Shape does not match true shape of 'data' field";
            return Err(Failure::bad_request(message));
        }
    }
    let input = request.input(name)?;
    let label = request.label();
    let Some(datatype) = Datatype::of(&input.datatype) else {
        return Err(Failure::bad_request(format!(
            "{label} inference input '{}' data-type is '{}', but model '{name}' expects 'FP32'",
            input.name, input.datatype
        )));
    };
    let n = check_shape(input, datatype, loaded)
        .map_err(|reason| Failure::bad_request(format!("{label} {reason} for '{name}'")))?;
    let found = match (&input.data, input.parameters.0.binary_data_size) {
        (Some(_), Some(_)) => Err("expected 'data' or 'binary_data_size', found both".to_owned()),
        (None, None) => Err("expected 'data' or 'binary_data_size', found neither".to_owned()),
        (Some(_), None) if !rest.is_empty() => Err(format!(
            "expected no bytes after the JSON, found {}",
            rest.len()
        )),
        (Some(data), None) => of_json(data, datatype, n, input.parameters.0.sketch),
        (None, Some(size)) if size != rest.len() => Err(format!(
            "expected {size} bytes after the JSON, as binary_data_size says, found {}",
            rest.len()
        )),
        (None, Some(_)) if datatype == Datatype::Bytes => {
            pictures(rest, n, input.parameters.0.sketch)
        }
        (None, Some(_)) => of_bytes(rest, datatype, n, loaded.image_len()),
    };
    found.map_err(|reason| {
        let name = &input.name;
        Failure::bad_request(format!("{label} inference input '{name}': {reason}"))
    })
}

/// Number of values of a tensor; `None` if that is no number.
fn n_values(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1_usize, |n, &side| n.checked_mul(side))
}

/// The number of images. Pictures have sizes of their own: their shape is `[n]` or `[n, 1]`.
fn check_shape(input: &InputTensor, datatype: Datatype, loaded: &Loaded) -> Result<usize, String> {
    let shape = &input.shape[..];
    let wanted = loaded.input();
    let n = match shape {
        [n] | [n, 1] if datatype == Datatype::Bytes => *n,
        [n, sides @ ..] if datatype != Datatype::Bytes && sides == wanted => *n,
        _ => {
            let wanted = match datatype {
                Datatype::Bytes => "[-1]".to_owned(),
                _ => text([-1].into_iter().chain(wanted.map(|side| side as i64))),
            };
            let found = text(shape.iter().copied());
            let name = &input.name;
            return Err(format!(
                "unexpected shape for input '{name}', expected {wanted}, got {found}"
            ));
        }
    };
    match n {
        0 => Err("inference request batch-size must be >= 1".to_owned()),
        1..=MAX_BATCH => Ok(n),
        _ => Err(format!(
            "inference request batch-size must be <= {MAX_BATCH}"
        )),
    }
}

fn text<T: ToString>(shape: impl Iterator<Item = T>) -> String {
    let sides: Vec<String> = shape.map(|side| side.to_string()).collect();
    format!("[{}]", sides.join(","))
}

fn of_json(
    data: &TensorData,
    datatype: Datatype,
    n: usize,
    are_sketches: bool,
) -> Result<Images, String> {
    match (datatype, data) {
        (Datatype::Fp32, TensorData::Numbers { values, .. }) => Ok(Images::Values {
            values: values.clone(),
            n,
        }),
        (Datatype::Uint8, TensorData::Numbers { values, are_bytes }) => {
            if !are_bytes {
                return Err("expected whole numbers from 0 to 255".to_owned());
            }
            let bytes: Vec<u8> = values.iter().map(|&value| value as u8).collect();
            let values = unit_values(&bytes).collect();
            Ok(Images::Values { values, n })
        }
        (Datatype::Bytes, TensorData::Texts(texts)) => {
            let decode = |text: &String| STANDARD.decode(text).map(Bytes::from);
            let pictures: Result<Vec<Bytes>, _> = texts.iter().map(decode).collect();
            let pictures = pictures.map_err(|error| {
                format!("expected pictures in base64, found a text that is none: {error}")
            })?;
            Ok(Images::Pictures {
                pictures,
                are_sketches,
            })
        }
        (Datatype::Bytes, _) => Err("expected texts, found numbers".to_owned()),
        (_, _) => Err("expected numbers, found texts".to_owned()),
    }
}

fn of_bytes(
    bytes: &Bytes,
    datatype: Datatype,
    n: usize,
    image_len: usize,
) -> Result<Images, String> {
    let value_len = if datatype == Datatype::Uint8 { 1 } else { 4 };
    let wanted = n * image_len * value_len;
    if bytes.len() != wanted {
        return Err(format!(
            "unexpected total byte size {}, expecting {wanted}",
            bytes.len()
        ));
    }
    if datatype == Datatype::Uint8 {
        let values = unit_values(bytes).collect();
        return Ok(Images::Values { values, n });
    }
    let (words, _) = bytes.as_chunks();
    let values: Vec<f32> = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
    match values.iter().find(|&&value| !is_usable(value)) {
        Some(bad) => Err(format!("{EXPECTED}, found {bad}")),
        None => Ok(Images::Values { values, n }),
    }
}

/// Pictures, each after its length in four bytes.
fn pictures(bytes: &Bytes, n: usize, are_sketches: bool) -> Result<Images, String> {
    let mut rest = bytes.clone();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let length = rest
            .split_first_chunk()
            .map(|(&length, _)| u32::from_le_bytes(length));
        let end = length.map(|length| 4 + length as usize);
        let Some(end) = end.filter(|&end| end <= rest.len()) else {
            return Err("expected pictures, each after its length in four bytes".to_owned());
        };
        found.push(rest.split_to(end).slice(4..));
        if found.len() > n {
            break;
        }
    }
    match found.len() == n {
        true => Ok(Images::Pictures {
            pictures: found,
            are_sketches,
        }),
        false => Err("expected as many pictures as the shape says".to_owned()),
    }
}

impl Images {
    /// The values of all images, and how many images they are. Pictures become inputs by the model's
    /// recipe, as those of a file.
    ///
    /// # Errors
    /// 400, when one is no picture or blank; 503, when it is not done at `end`.
    pub fn into_values(self, loaded: &Loaded, end: Instant) -> Result<(Vec<f32>, usize), Failure> {
        let (pictures, are_sketches) = match self {
            Images::Values { values, n } => return Ok((values, n)),
            Images::Pictures {
                pictures,
                are_sketches,
            } => (pictures, are_sketches),
        };
        let mut values = Vec::with_capacity(pictures.len() * loaded.image_len());
        for (idx, bytes) in pictures.iter().enumerate() {
            if Instant::now() > end {
                return Err(Failure::busy("the pictures took too long"));
            }
            let origin = format!("picture {idx}");
            let picture = read_image_bytes(bytes, &origin)
                .map_err(|error| Failure::bad_request(error.to_string()))?;
            let image = match are_sketches {
                true => InputImage::from(picture.gray()),
                false => InputImage::from(picture),
            };
            let input = loaded.classifier.recipe().input(&image, loaded.input());
            let Some(input) = input else {
                let message = format!("{origin} is blank: it has one color only");
                return Err(Failure::bad_request(message));
            };
            values.extend(unit_values(&input));
        }
        Ok((values, pictures.len()))
    }
}
