//! Which network weights belong to whose file does not describe their layers.

use std::collections::BTreeMap;

use super::fit::{Fit, fit, variants};
use super::tensors::{TensorInfo, describe};
use super::{NetworkHint, Refusal};
use crate::model::{Layer, ModelSpec, PRESETS, ParamKind, ParamShape, Preset};

/// Heights and widths of images to try, the usual ones first.
const SIDES: [usize; 8] = [28, 32, 8, 16, 64, 96, 128, 224];

/// Largest side that is tried.
const MAX_SIDE: usize = 256;

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
