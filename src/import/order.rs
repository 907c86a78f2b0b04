//! Weights whose modules have other names than ours: matched one after the other, if the shapes of
//! all of them are those of the network that was named.

use std::collections::BTreeMap;

use super::tensors::TensorInfo;
use crate::model::{ParamKind, ParamShape};

/// A module: its name, and its tensors by the last part of theirs.
type Module<'n> = (&'n str, BTreeMap<&'n str, (usize, Vec<usize>)>);

/// The tensor of each parameter, by the order of the modules; `None` if they are not alike.
///
/// * `names`: those of the tensors of `list`, without prefixes
pub(super) fn matched(
    list: &[TensorInfo],
    names: &BTreeMap<&str, usize>,
    shapes: &[ParamShape],
) -> Option<BTreeMap<String, usize>> {
    // The groups are found one by one: not of what a hostile file makes up.
    if names.len() > 2 * shapes.len() {
        return None;
    }
    let mut by_place: Vec<(usize, &str)> = names.iter().map(|(&name, &idx)| (idx, name)).collect();
    by_place.sort_unstable();
    let theirs = by_place
        .iter()
        .map(|&(idx, name)| (name, (idx, list[idx].dims.clone())));
    let theirs = modules(theirs.filter(|(name, _)| !name.ends_with("num_batches_tracked")));
    let ours = shapes
        .iter()
        .enumerate()
        .filter(|(_, shape)| shape.kind != ParamKind::Count);
    let ours = modules(ours.map(|(idx, shape)| (shape.name.as_str(), (idx, shape.pytorch_dims()))));
    if theirs.len() != ours.len() {
        return None;
    }
    let mut tensors = BTreeMap::new();
    for ((_, theirs), (_, ours)) in theirs.iter().zip(&ours) {
        if theirs.keys().any(|part| !ours.contains_key(part)) {
            return None;
        }
        for (part, (shape, dims)) in ours {
            match theirs.get(part) {
                Some((idx, found)) if found == dims => {
                    tensors.insert(shapes[*shape].name.clone(), *idx);
                }
                // Without a bias it is one of zeros.
                None if part.ends_with("bias") => {}
                _ => return None,
            }
        }
    }
    Some(tensors)
}

/// Groups tensors by their modules, in the order in which these come first.
fn modules<'n>(tensors: impl Iterator<Item = (&'n str, (usize, Vec<usize>))>) -> Vec<Module<'n>> {
    let mut found: Vec<Module<'n>> = Vec::new();
    for (name, tensor) in tensors {
        let (module, part) = name.rsplit_once('.').unwrap_or(("", name));
        let at = found.iter().position(|(known, _)| *known == module);
        let at = at.unwrap_or_else(|| {
            found.push((module, BTreeMap::new()));
            found.len() - 1
        });
        found[at].1.insert(part, tensor);
    }
    found
}
