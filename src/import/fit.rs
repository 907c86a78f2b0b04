//! Which tensor of a file is which parameter of a network, and which network weights belong to.

use std::collections::{BTreeMap, BTreeSet};

use super::tensors::{TensorInfo, describe};
use super::{NetworkHint, Refusal, order};
use crate::model::{Layer, ModelSpec, PRESETS, ParamKind, ParamShape, Preset, checked_shapes};
use crate::text::count;

/// Prefixes that wrappers of PyTorch add to every name.
const PREFIXES: [&str; 2] = ["module.", "_orig_mod."];

/// Heights and widths of images to try, the usual ones first.
const SIDES: [usize; 8] = [28, 32, 8, 16, 64, 96, 128, 224];

/// Largest side that is tried.
const MAX_SIDE: usize = 256;

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
pub(super) fn described(list: &[TensorInfo], spec: ModelSpec) -> Result<Fit, Refusal> {
    Ok(fit(list, spec, false)?)
}

/// Finds the network of weights whose file does not describe it.
///
/// # Errors
/// When the network that was named does not fit; when none was, and not exactly one preset fits.
pub(super) fn found(list: &[TensorInfo], hint: &NetworkHint) -> Result<Fit, Refusal> {
    if list.is_empty() {
        return Err("it holds no tensors".into());
    }
    match hint {
        NetworkHint::Exactly(spec) => Ok(fit(list, spec.clone(), true)?),
        NetworkHint::Preset(preset) => {
            let fits = preset_fits(preset, list, true);
            fits.ok_or_else(|| Refusal::NoLayers(unfit(preset, list)))
        }
        NetworkHint::None | NetworkHint::Perhaps(_) => guessed(list, hint),
    }
}

fn guessed(list: &[TensorInfo], hint: &NetworkHint) -> Result<Fit, Refusal> {
    let fits = |preset: &'static Preset| Some((preset, preset_fits(preset, list, false)?));
    let mut found: Vec<_> = PRESETS.iter().filter_map(fits).collect();
    if found.len() == 1
        && let Some((preset, mut fit)) = found.pop()
    {
        let said = format!(
            "its weights fit the preset {} and no other, so its layers are used",
            preset.name
        );
        fit.notes.insert(0, said);
        return Ok(fit);
    }
    if let NetworkHint::Perhaps(spec) = hint
        && let Ok(mut fit) = fit(list, with_head_of(spec, list), true)
    {
        let said = "its weights fit the layers in the editor, so these are used";
        fit.notes.insert(0, said.to_owned());
        return Ok(fit);
    }
    let all: Vec<&TensorInfo> = list.iter().collect();
    Err(Refusal::NoLayers(match found.len() {
        0 => format!("no preset has the tensors {}", describe(&all)),
        _ => {
            let names: Vec<&str> = found.iter().map(|(preset, _)| preset.name).collect();
            format!("they fit several presets, {}", names.join(", "))
        }
    }))
}

/// A preset for the images and classes that the weights fit, if there are any.
///
/// * `is_named`: whether tensors may be left over
fn preset_fits(preset: &Preset, list: &[TensorInfo], is_named: bool) -> Option<Fit> {
    let names = variants(list);
    let first = preset.spec([1, 28, 28], 10);
    if !is_named && !has_names(&first, &names) {
        return None;
    }
    let head = format!("{}.weight", first.layers.len() - 1);
    let head = names.iter().find_map(|names| names.get(head.as_str()));
    let head = head.map(|&idx| &list[idx]);
    // Whatever it is called, it is the last matrix.
    let head = head.or_else(|| list.iter().rfind(|tensor| tensor.dims.len() == 2))?;
    let classes = *head.dims.first()?;
    let channels = channels(list);
    let others = (1..=MAX_SIDE).filter(|side| !SIDES.contains(side));
    let sides: Vec<usize> = SIDES.into_iter().chain(others).collect();
    let inputs = channels
        .into_iter()
        .flat_map(|c| sides.iter().map(move |&side| [c, side, side]));
    let mut fits = inputs.filter_map(|input| {
        let spec = preset.spec(input, classes);
        let found = fit(list, spec, is_named).ok()?;
        (is_named || found.notes.is_empty()).then_some(found)
    });
    let mut found = fits.next()?;
    if fits.next().is_some() {
        let [c, h, w] = found.spec.input;
        found.notes.push(format!(
            "its weights fit images of any size; it is opened for {c}×{h}×{w}"
        ));
    }
    Some(found)
}

/// Whether the names of a preset's parameters are those of the tensors.
fn has_names(spec: &ModelSpec, names: &[BTreeMap<&str, usize>]) -> bool {
    let Ok(shapes) = spec.param_shapes() else {
        return false;
    };
    let is_there = |names: &BTreeMap<&str, usize>, shape: &ParamShape| {
        shape.kind == ParamKind::Count || names.contains_key(shape.name.as_str())
    };
    names
        .iter()
        .any(|names| shapes.iter().all(|shape| is_there(names, shape)))
}

/// The channels of the images to try: those of the first filters, or one and three.
fn channels(list: &[TensorInfo]) -> Vec<usize> {
    let is_first = |t: &&TensorInfo| {
        let ends = ["0.weight", "0.proj.weight"];
        t.dims.len() == 4 && ends.iter().any(|end| t.name.ends_with(end))
    };
    let filters = list.iter().filter(is_first).min_by_key(|t| t.name.len());
    match filters.or_else(|| list.iter().find(|t| t.dims.len() == 4)) {
        Some(filters) => vec![filters.dims[1]],
        None => vec![1, 3],
    }
}

/// Why a preset that was named does not fit: of all sizes, the usual one.
fn unfit(preset: &Preset, list: &[TensorInfo]) -> String {
    let spec = preset.spec([1, 28, 28], 10);
    let spec = with_head_of(&spec, list);
    match fit(list, spec, true) {
        Err(reason) => format!("they are not those of {}: {reason}", preset.name),
        Ok(_) => format!("they are not those of {}", preset.name),
    }
}

/// The network, with as many classes as the weights of its last layer have rows.
fn with_head_of(spec: &ModelSpec, list: &[TensorInfo]) -> ModelSpec {
    let mut spec = spec.clone();
    let names = variants(list);
    let head = format!("{}.weight", spec.layers.len().saturating_sub(1));
    let head = names.iter().find_map(|names| names.get(head.as_str()));
    if let (Some(Layer::Dense(dense)), Some(&head)) = (spec.layers.last_mut(), head)
        && let Some(&classes) = list[head].dims.first()
    {
        dense.units = classes;
        spec.classes = classes;
    }
    spec
}

/// Matches the parameters of a network with the tensors of a file.
///
/// * `is_named`: whether somebody named this network, so that a missing bias is one of zeros
fn fit(list: &[TensorInfo], spec: ModelSpec, is_named: bool) -> Result<Fit, String> {
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
fn variants(list: &[TensorInfo]) -> Vec<BTreeMap<&str, usize>> {
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
