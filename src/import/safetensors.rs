//! Safetensors: of this program, whose metadata describes the layers, or of another one. The header
//! is read and compared with the layers before any of the data is.

use std::io::Read;

use super::fit::Fit;
use super::tensors::{TensorInfo, check_type, floats, number_type};
use super::{NetworkHint, Opened, Refusal};
use super::{fit, preset};
use crate::model::{Description, TensorHeader};

/// Reads a model from a file of `n_bytes`.
pub(super) fn read(
    file: &mut impl Read,
    n_bytes: u64,
    hint: &NetworkHint,
) -> Result<Opened, Refusal> {
    let header = TensorHeader::read(file, n_bytes)?;
    let description = Description::of(&header)?;
    let list = list(&header)?;
    let mut fit = match &description {
        Some(description) => fit::described(&list, description.spec.clone())?,
        None => preset::found(&list, hint)?,
    };
    check_types(&header, &list, &fit)?;
    let description = description.unwrap_or_else(|| Description::unnamed(fit.spec.clone()));
    let tensors = header.with_data(file)?;
    let classifier = description.with_values(|shape| {
        let Some(&idx) = fit.tensors.get(&shape.name) else {
            return Ok(vec![0.0; shape.dims.iter().product()]);
        };
        let TensorInfo { name, dims } = &list[idx];
        let (info, bytes) = tensors.tensor(name)?;
        let dtype = check_type(shape.kind, name, number_type(info.dtype), &info.dtype)?;
        floats(bytes, dtype, dims)
    })?;
    Ok(Opened {
        classifier,
        notes: std::mem::take(&mut fit.notes),
    })
}

/// Checks what the tensors hold before any of them is read.
fn check_types(header: &TensorHeader, list: &[TensorInfo], fit: &Fit) -> Result<(), String> {
    for shape in fit.spec.param_shapes().map_err(|e| e.to_string())? {
        let Some(&idx) = fit.tensors.get(&shape.name) else {
            continue;
        };
        let name = &list[idx].name;
        if let Some(info) = header.info(name) {
            check_type(shape.kind, name, number_type(info.dtype), &info.dtype)?;
        }
    }
    Ok(())
}

fn list(header: &TensorHeader) -> Result<Vec<TensorInfo>, String> {
    let info = |name: &String| {
        let info = header.info(name);
        let info = info.ok_or_else(|| format!("it has no tensor `{name}`"))?;
        Ok(TensorInfo {
            name: name.clone(),
            dims: info.shape.clone(),
        })
    };
    header.names().iter().map(info).collect()
}
