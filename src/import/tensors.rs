//! The tensors of a file: their names, shapes and types first, their values when they are wanted.

use std::fmt::Debug;

use candle_core::{DType, Device, Tensor};
use safetensors::Dtype;

use crate::model::ParamKind;
use crate::text::count;

/// A tensor of a file, without its values.
#[derive(Clone, Debug)]
pub(super) struct TensorInfo {
    /// Its name in the file.
    pub name: String,
    /// Its shape.
    pub dims: Vec<usize>,
}

impl TensorInfo {
    /// Its name and shape, for a sentence.
    pub fn describe(&self) -> String {
        format!("`{}` {:?}", self.name, self.dims)
    }
}

/// The first of `tensors`, for a sentence.
pub(super) fn describe(tensors: &[&TensorInfo]) -> String {
    const N_SHOWN: usize = 3;
    let shown = tensors.iter().take(N_SHOWN).map(|t| t.describe());
    let shown = shown.collect::<Vec<_>>().join(", ");
    match tensors.len().saturating_sub(N_SHOWN) {
        0 => shown,
        n => format!("{shown} and {n} more"),
    }
}

/// How numbers of the type `dtype` are read; `None` for what weights are not kept in.
pub(super) fn number_type(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::I32 => DType::I32,
        Dtype::U8 => DType::U8,
        _ => return None,
    })
}

/// Refuses whole numbers as weights; a count of batches may be one.
///
/// # Errors
/// When the tensor `name` of the type `found` cannot be the parameter.
pub(super) fn check_type(
    kind: ParamKind,
    name: &str,
    dtype: Option<DType>,
    found: &dyn Debug,
) -> Result<DType, String> {
    let is_float = |dtype: &DType| kind == ParamKind::Count || dtype.is_float();
    dtype.filter(is_float).ok_or_else(|| {
        format!("tensor `{name}` should hold F32, F64, F16 or BF16, it holds {found:?}")
    })
}

/// Little-endian numbers as f32.
///
/// # Errors
/// When the bytes are not `dims` numbers of the type.
pub(super) fn floats(bytes: &[u8], dtype: DType, dims: &[usize]) -> Result<Vec<f32>, String> {
    let n = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    let wanted = n.and_then(|n| n.checked_mul(dtype.size_in_bytes()));
    if wanted != Some(bytes.len()) {
        return Err(format!(
            "a tensor of shape {dims:?} should not have {}",
            count(bytes.len(), "byte")
        ));
    }
    if dtype == DType::F32 {
        let (words, _) = bytes.as_chunks();
        return Ok(words.iter().map(|&b| f32::from_le_bytes(b)).collect());
    }
    let values = Tensor::from_raw_buffer(bytes, dtype, &[n.unwrap_or(0)], &Device::Cpu)
        .and_then(|values| values.to_dtype(DType::F32)?.to_vec1());
    values.map_err(|e| e.to_string())
}
