//! Tensors that are known before the network runs.

use candle_core::DType;

use crate::import::tensors::floats;
use crate::import::weight::Weight;
use crate::onnx::{TensorProto, data_type};

/// The dims of a tensor.
///
/// # Errors
/// When one is negative.
fn dims(tensor: &TensorProto) -> Result<Vec<usize>, String> {
    let dim = |&dim: &i64| usize::try_from(dim).map_err(|_| format!("a side of {dim}"));
    tensor.dims.iter().map(dim).collect()
}

/// A tensor of floats.
///
/// # Errors
/// When it holds something else, or not as many values as its shape says.
pub(super) fn weight(tensor: &TensorProto) -> Result<Weight, String> {
    let dims = dims(tensor)?;
    let kind = tensor.data_type.unwrap_or_default();
    let values = match (&tensor.raw_data, kind) {
        (Some(bytes), data_type::FLOAT) => floats(bytes, DType::F32, &dims)?,
        (Some(bytes), data_type::FLOAT16) => floats(bytes, DType::F16, &dims)?,
        (Some(bytes), data_type::BFLOAT16) => floats(bytes, DType::BF16, &dims)?,
        (Some(bytes), data_type::DOUBLE) => floats(bytes, DType::F64, &dims)?,
        (Some(bytes), data_type::UINT8) => floats(bytes, DType::U8, &dims)?,
        (None, data_type::FLOAT) => tensor.float_data.clone(),
        (None, data_type::DOUBLE) => tensor.double_data.iter().map(|&v| v as f32).collect(),
        // Two bytes each, in a list of numbers.
        (None, data_type::FLOAT16 | data_type::BFLOAT16) => {
            let bytes = tensor.int32_data.iter();
            let bytes: Vec<u8> = bytes.flat_map(|&v| (v as u16).to_le_bytes()).collect();
            let dtype = match kind {
                data_type::FLOAT16 => DType::F16,
                _ => DType::BF16,
            };
            floats(&bytes, dtype, &dims)?
        }
        (_, data_type::INT32 | data_type::INT64) => {
            ints(tensor)?.into_iter().map(|v| v as f32).collect()
        }
        _ => return Err(format!("values of the type {kind}, which are no floats")),
    };
    let n = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    match n == Some(values.len()) {
        true => Ok(Weight { dims, values }),
        false => Err(format!("{} values for a shape {dims:?}", values.len())),
    }
}

/// A list of whole numbers, such as a shape or axes.
///
/// # Errors
/// When it holds something else.
pub(super) fn ints(tensor: &TensorProto) -> Result<Vec<i64>, String> {
    match (&tensor.raw_data, tensor.data_type) {
        (Some(bytes), Some(data_type::INT64)) => {
            let (words, _) = bytes.as_chunks();
            Ok(words.iter().map(|&b| i64::from_le_bytes(b)).collect())
        }
        (Some(bytes), Some(data_type::INT32)) => {
            let (words, _) = bytes.as_chunks();
            Ok(words
                .iter()
                .map(|&b| i32::from_le_bytes(b).into())
                .collect())
        }
        (None, Some(data_type::INT64)) => Ok(tensor.int64_data.clone()),
        (None, Some(data_type::INT32)) => Ok(tensor.int32_data.iter().map(|&v| v.into()).collect()),
        (_, kind) => Err(format!(
            "values of the type {kind:?}, which are no whole numbers"
        )),
    }
}
