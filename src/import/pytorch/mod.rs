//! PyTorch's state dicts: a ZIP archive with a pickle that names the tensors, and a file of numbers
//! for each. The pickle is taken apart by candle, which executes nothing; what it says is compared
//! with the archive before memory is reserved.

mod dict;
mod measure;
#[cfg(test)]
mod tests;

use std::io::Cursor;

use candle_core::pickle::{Object, Stack};
use zip::ZipArchive;

use super::preset;
use super::tensors::{TensorInfo, check_type, floats};
use super::{NetworkHint, Opened, Refusal, format};
use crate::model::Description;
use dict::StoredTensor;

/// Largest pickle read: one of 20,000 tensors has about 4 MB.
const MAX_PICKLE_BYTES: u64 = 16 << 20;

/// Reads the state dict in `folder` of an archive.
pub(super) fn read(content: &[u8], folder: &str, hint: &NetworkHint) -> Result<Opened, Refusal> {
    let mut archive = format::archive(content)?;
    check_byte_order(&mut archive, folder)?;
    let pickle = format::entry(&mut archive, &format!("{folder}data.pkl"), MAX_PICKLE_BYTES)?;
    measure::check(&pickle)?;
    let found = tensors(&pickle)?;
    let info = |tensor: &StoredTensor| TensorInfo {
        name: tensor.name.clone(),
        dims: tensor.dims.clone(),
    };
    let list: Vec<TensorInfo> = found.tensors.iter().map(info).collect();
    let fit = preset::found(&list, hint)?;
    let classifier = Description::unnamed(fit.spec.clone()).with_values(|shape| {
        match fit.tensors.get(&shape.name) {
            Some(&idx) => {
                let tensor = &found.tensors[idx];
                check_type(shape.kind, &tensor.name, Some(tensor.dtype), &tensor.dtype)?;
                let file = format!("{folder}data/{}", tensor.file);
                // PyTorch packs nothing, so a storage is not larger than the archive.
                let storage = format::entry(&mut archive, &file, content.len() as u64)?;
                values(&storage, tensor)
            }
            None => Ok(vec![0.0; shape.dims.iter().product()]),
        }
    })?;
    let mut notes = fit.notes;
    notes.extend(found.note);
    Ok(Opened { classifier, notes })
}

/// The tensors that a pickle names.
fn tensors(pickle: &[u8]) -> Result<dict::Found, String> {
    let read = || -> candle_core::Result<Object> {
        let mut stack = Stack::empty();
        stack.read_loop(&mut Cursor::new(pickle))?;
        stack.finalize()
    };
    dict::find(read().map_err(|e| format!("its pickle cannot be read ({e})"))?)
}

/// Files say the order of their bytes since PyTorch 2.1.
fn check_byte_order(archive: &mut ZipArchive<Cursor<&[u8]>>, folder: &str) -> Result<(), String> {
    let name = format!("{folder}byteorder");
    if archive.index_for_name(&name).is_none() {
        return Ok(());
    }
    match &*format::entry(archive, &name, 16)? {
        b"little" => Ok(()),
        _ => Err("its numbers are not little-endian".to_owned()),
    }
}

/// The values of a tensor, which may lie in its storage in any order.
fn values(storage: &[u8], tensor: &StoredTensor) -> Result<Vec<f32>, String> {
    let n_stored = storage.len() / tensor.dtype.size_in_bytes();
    let storage = floats(storage, tensor.dtype, &[n_stored])?;
    let StoredTensor {
        offset,
        dims,
        strides,
        ..
    } = tensor;
    let n: usize = dims.iter().product();
    let reach = dims
        .iter()
        .zip(strides)
        .try_fold(*offset, |at, (&dim, &stride)| {
            at.checked_add(dim.saturating_sub(1).checked_mul(stride)?)
        });
    if n > 0 && (dims.len() != strides.len() || reach.is_none_or(|last| last >= storage.len())) {
        return Err(format!(
            "tensor `{}` is not within its storage",
            tensor.name
        ));
    }
    let mut values = Vec::with_capacity(n);
    let mut place = vec![0; dims.len()];
    for _ in 0..n {
        let steps = place.iter().zip(strides);
        let at: usize = steps.map(|(&i, &stride)| i * stride).sum();
        values.push(storage[offset + at]);
        for (axis, i) in place.iter_mut().enumerate().rev() {
            *i += 1;
            if *i < dims[axis] {
                break;
            }
            *i = 0;
        }
    }
    Ok(values)
}
