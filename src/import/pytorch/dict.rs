//! The state dict in what was pickled: the object itself, or an entry of a checkpoint.

use std::path::Path;

use candle_core::pickle::{Object, TensorInfo};

use crate::import::format::SAVE_STATE_DICT;

/// Keys under which checkpoints usually keep the weights, those of a moving average last.
const KEYS: [&str; 8] = [
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "weights",
    "params",
    "ema",
];

/// A state dict.
pub(super) struct Found {
    pub tensors: Vec<TensorInfo>,
    /// Which entry of a checkpoint it was.
    pub note: Option<String>,
}

/// Finds the tensors of an object in `folder` of an archive.
///
/// # Errors
/// What the object is instead, and how to save its weights.
pub(super) fn find(object: Object, folder: &str) -> Result<Found, String> {
    let entries = match object {
        Object::Dict(entries) => entries,
        other => return Err(no_dict(&other)),
    };
    if entries.iter().any(|(_, value)| is_tensor(value)) {
        return Ok(Found {
            tensors: tensors(entries, folder)?,
            note: None,
        });
    }
    let is_key = |(key, value): &&(Object, Object), wanted: &str| {
        matches!(key, Object::Unicode(key) if key == wanted) && matches!(value, Object::Dict(_))
    };
    for wanted in KEYS {
        if let Some((_, value)) = entries.iter().find(|entry| is_key(entry, wanted)) {
            let found = find(value.clone(), folder)?;
            let note = format!("it is a checkpoint; the weights are its `{wanted}`");
            return Ok(Found {
                note: found.note.or(Some(note)),
                ..found
            });
        }
    }
    if let Some((_, module)) = entries.iter().find(|(_, value)| class(value).is_some()) {
        return Err(no_dict(module));
    }
    let keys = entries.iter().filter_map(|(key, _)| match key {
        Object::Unicode(key) => Some(format!("`{key}`")),
        _ => None,
    });
    let keys: Vec<String> = keys.take(5).collect();
    Err(match keys.is_empty() {
        true => format!("it holds no tensors; save its weights in Python: {SAVE_STATE_DICT}"),
        false => format!(
            "it holds {}, but no state dict; save the weights in Python: {SAVE_STATE_DICT}",
            keys.join(", ")
        ),
    })
}

/// Whether an object is made by a function of PyTorch that makes tensors.
fn is_tensor(object: &Object) -> bool {
    let Object::Reduce { callable, .. } = object else {
        return false;
    };
    matches!(&**callable, Object::Class { class_name, .. } if class_name.starts_with("_rebuild_"))
}

fn tensors(entries: Vec<(Object, Object)>, folder: &str) -> Result<Vec<TensorInfo>, String> {
    let folder = format!("{folder}data");
    let mut found = Vec::new();
    for (name, value) in entries {
        if !is_tensor(&value) {
            continue;
        }
        let label = match &name {
            Object::Unicode(name) => name.clone(),
            other => format!("{other:?}"),
        };
        let info = value.into_tensor_info(name, Path::new(&folder));
        match info.map_err(|e| format!("tensor `{label}` cannot be read ({e})"))? {
            Some(info) => found.push(info),
            None => return Err(format!("tensor `{label}` is of a kind that is not read")),
        }
    }
    // candle reads the entries from the last to the first.
    found.reverse();
    Ok(found)
}

/// The class of a pickled object, with its module.
fn class(object: &Object) -> Option<String> {
    match object {
        Object::Build { callable, .. } | Object::Reduce { callable, .. } => class(callable),
        Object::Class {
            module_name,
            class_name,
        } => Some(format!("{module_name}.{class_name}")),
        _ => None,
    }
}

fn no_dict(object: &Object) -> String {
    match class(object) {
        Some(class) if is_tensor(object) => format!(
            "it holds a single tensor ({class}), not the weights of a model; save those in Python: \
             {SAVE_STATE_DICT}"
        ),
        Some(class) => format!(
            "it is a whole pickled `{class}`, which only Python could make again, by running code; \
             load it there and save its weights: {SAVE_STATE_DICT}"
        ),
        None => format!("it holds no state dict; save one in Python: {SAVE_STATE_DICT}"),
    }
}
