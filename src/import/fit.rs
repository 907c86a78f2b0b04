//! Which tensor of a file is which parameter of a network.

use std::collections::{BTreeMap, BTreeSet};

use super::order;
use super::tensors::{TensorInfo, describe};
use crate::model::{ModelSpec, ParamKind, ParamShape, checked_shapes};
use crate::text::count;

/// Prefixes that wrappers of PyTorch add to every name.
const PREFIXES: [&str; 2] = ["module.", "_orig_mod."];

/// A network, and where its parameters are in a file.
#[derive(Debug)]
pub(super) struct Fit {
    pub spec: ModelSpec,
    /// Parameters to indices of tensors. A parameter that is not here is zero.
    pub tensors: BTreeMap<String, usize>,
    pub notes: Vec<String>,
}

/// Finds the parameters of a network that the file itself describes.
///
/// # Errors
/// When the network cannot be built, or the tensor of a parameter is missing or has another shape.
pub(super) fn described(list: &[TensorInfo], spec: ModelSpec) -> Result<Fit, String> {
    fit(list, spec, false)
}

/// Matches the parameters of a network with the tensors of a file.
///
/// * `is_named`: whether somebody named this network, so that a missing bias is one of zeros, and the
///   names of modules do not matter
///
/// # Errors
/// When the network cannot be built, or a tensor is missing or has another shape.
pub(super) fn fit(list: &[TensorInfo], spec: ModelSpec, is_named: bool) -> Result<Fit, String> {
    let shapes = checked_shapes(&spec)?;
    let variants = variants(list);
    let mut results = variants
        .iter()
        .map(|names| matched(list, names, &shapes, is_named));
    // The first error is about the names as they are.
    let first = results.next().unwrap_or_else(|| Err(String::new()));
    let (tensors, notes) = match first {
        Ok(found) => found,
        Err(reason) => {
            let found = results.find_map(Result::ok);
            let in_order = || {
                variants
                    .iter()
                    .find_map(|names| in_order(list, names, &shapes))
            };
            found
                .or_else(|| if is_named { in_order() } else { None })
                .ok_or(reason)?
        }
    };
    Ok(Fit {
        spec,
        tensors,
        notes,
    })
}

type Matched = (BTreeMap<String, usize>, Vec<String>);

/// Matches modules of other names one after the other.
fn in_order(
    list: &[TensorInfo],
    names: &BTreeMap<&str, usize>,
    shapes: &[ParamShape],
) -> Option<Matched> {
    let tensors = order::matched(list, names, shapes)?;
    let said = "its modules have other names than the layers, so they were matched in their order";
    let is_zero =
        |shape: &&ParamShape| shape.kind != ParamKind::Count && !tensors.contains_key(&shape.name);
    let n_zero = shapes.iter().filter(is_zero).count();
    let notes = [said.to_owned()].into_iter().chain(without_bias(n_zero));
    let notes = notes.collect();
    Some((tensors, notes))
}

fn without_bias(n_layers: usize) -> Option<String> {
    let n = count(n_layers, "layer");
    (n_layers > 0).then(|| format!("{n} without a bias got one of zeros"))
}

fn matched(
    list: &[TensorInfo],
    names: &BTreeMap<&str, usize>,
    shapes: &[ParamShape],
    is_named: bool,
) -> Result<Matched, String> {
    let mut tensors = BTreeMap::new();
    let mut n_zero = 0;
    for shape in shapes {
        let dims = shape.pytorch_dims();
        let found = names.get(shape.name.as_str());
        match found.map(|&idx| (idx, &list[idx])) {
            Some((idx, tensor)) if tensor.dims == dims => {
                tensors.insert(shape.name.clone(), idx);
            }
            Some((_, tensor)) if shape.kind != ParamKind::Count => {
                return Err(format!(
                    "tensor `{}` should have shape {dims:?}, it has {:?}",
                    tensor.name, tensor.dims
                ));
            }
            // PyTorch before 0.4 did not count, and others need not: it affects training only.
            _ if shape.kind == ParamKind::Count => {}
            _ if is_named && shape.name.ends_with("bias") => n_zero += 1,
            _ => return Err(missing(list, names, shapes, shape)),
        }
    }
    let used: BTreeSet<usize> = tensors.values().copied().collect();
    let is_extra = |(idx, _): &(usize, &TensorInfo)| !used.contains(idx);
    let extra: Vec<&TensorInfo> = list
        .iter()
        .enumerate()
        .filter(is_extra)
        .map(|e| e.1)
        .collect();
    let mut notes = Vec::from_iter(without_bias(n_zero));
    let extra: Vec<&TensorInfo> = extra
        .into_iter()
        .filter(|tensor| !tensor.name.ends_with("num_batches_tracked"))
        .collect();
    if !extra.is_empty() {
        let n = count(extra.len(), "tensor");
        let extra = describe(&extra);
        notes.push(format!(
            "ignored {n}, which its layers do not have: {extra}"
        ));
    }
    Ok((tensors, notes))
}

/// One sentence: the tensor that is wanted, and those that are there instead.
fn missing(
    list: &[TensorInfo],
    names: &BTreeMap<&str, usize>,
    shapes: &[ParamShape],
    wanted: &ParamShape,
) -> String {
    let known: BTreeSet<&str> = shapes.iter().map(|shape| shape.name.as_str()).collect();
    let others = names.iter().filter(|(name, _)| !known.contains(*name));
    let mut others: Vec<usize> = others.map(|(_, &idx)| idx).collect();
    others.sort_unstable();
    let others: Vec<&TensorInfo> = others.into_iter().map(|idx| &list[idx]).collect();
    let instead = match others.is_empty() {
        true => String::new(),
        false => format!(" but {}", describe(&others)),
    };
    format!(
        "it holds {} tensors, its layers need {}: there is no `{}` {:?}{instead}",
        list.len(),
        shapes.len(),
        wanted.name,
        wanted.pytorch_dims()
    )
}

/// The tensors by name: without what wrappers add, and without what all names begin with, such as
/// `layers.` for the layers of a module.
pub(super) fn variants(list: &[TensorInfo]) -> Vec<BTreeMap<&str, usize>> {
    let plain: Vec<&str> = list.iter().map(|t| unwrapped(&t.name)).collect();
    let first = plain.first().and_then(|name| name.split_once('.'));
    let prefix = first.map(|(prefix, _)| prefix);
    let inner: Option<Vec<&str>> = prefix.and_then(|prefix| {
        let names = plain.iter();
        let inner = names.map(|name| name.strip_prefix(prefix)?.strip_prefix('.'));
        inner.collect()
    });
    let mut variants = vec![by_name(&plain)];
    variants.extend(inner.map(|inner| by_name(&inner)));
    variants
}

fn by_name<'n>(names: &[&'n str]) -> BTreeMap<&'n str, usize> {
    let names = names.iter().enumerate();
    names.map(|(idx, &name)| (name, idx)).collect()
}

fn unwrapped(mut name: &str) -> &str {
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)) {
        name = rest;
    }
    name
}
