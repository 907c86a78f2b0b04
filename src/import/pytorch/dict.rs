//! The state dict in what was pickled: the object itself, or an entry of a checkpoint.

use candle_core::DType;
use candle_core::pickle::Object;

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

/// A tensor, and where its numbers are.
pub(super) struct StoredTensor {
    pub name: String,
    pub dtype: DType,
    /// The file of its storage, which it may share.
    pub file: String,
    /// Its first number in the storage.
    pub offset: usize,
    pub dims: Vec<usize>,
    /// Numbers from one to the next along each side.
    pub strides: Vec<usize>,
}

/// A state dict.
pub(super) struct Found {
    pub tensors: Vec<StoredTensor>,
    /// Which entry of a checkpoint it was.
    pub note: Option<String>,
}

/// Finds the tensors of an object.
///
/// # Errors
/// What the object is instead, and how to save its weights.
pub(super) fn find(object: Object) -> Result<Found, String> {
    let entries = match object {
        Object::Dict(entries) => entries,
        other => return Err(no_dict(&other)),
    };
    if entries.iter().any(|(_, value)| is_tensor(value)) {
        return Ok(Found {
            tensors: tensors(entries)?,
            note: None,
        });
    }
    let is_key = |(key, value): &&(Object, Object), wanted: &str| {
        matches!(key, Object::Unicode(key) if key == wanted) && matches!(value, Object::Dict(_))
    };
    for wanted in KEYS {
        if let Some((_, value)) = entries.iter().find(|entry| is_key(entry, wanted)) {
            let found = find(value.clone())?;
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

fn tensors(entries: Vec<(Object, Object)>) -> Result<Vec<StoredTensor>, String> {
    let mut found = Vec::new();
    for (name, value) in &entries {
        let Object::Unicode(name) = name else {
            continue;
        };
        if is_tensor(value) {
            let unknown = || format!("tensor `{name}` is of a kind that is not read");
            found.push(StoredTensor::of(name, value).ok_or_else(unknown)?);
        }
    }
    // candle reads the entries from the last to the first.
    found.reverse();
    Ok(found)
}

impl StoredTensor {
    /// Takes the call apart that makes a tensor: `_rebuild_tensor_v2(storage, offset, size, stride, …)`,
    /// perhaps as the argument of one that makes a parameter of it.
    fn of(name: &str, object: &Object) -> Option<StoredTensor> {
        let Object::Reduce { callable, args } = object else {
            return None;
        };
        let (Object::Class { class_name, .. }, Object::Tuple(args)) = (&**callable, &**args) else {
            return None;
        };
        match (class_name.as_str(), args.as_slice()) {
            ("_rebuild_parameter", [tensor, ..]) => StoredTensor::of(name, tensor),
            ("_rebuild_tensor_v2", [storage, offset, size, stride, ..]) => {
                let Object::PersistentLoad(storage) = storage else {
                    return None;
                };
                let Object::Tuple(storage) = &**storage else {
                    return None;
                };
                let [
                    _,
                    Object::Class { class_name, .. },
                    Object::Unicode(file),
                    ..,
                ] = storage.as_slice()
                else {
                    return None;
                };
                Some(StoredTensor {
                    name: name.to_owned(),
                    dtype: number_type(class_name)?,
                    file: file.clone(),
                    offset: count(offset)?,
                    dims: counts(size)?,
                    strides: counts(stride)?,
                })
            }
            _ => None,
        }
    }
}

/// The type of the numbers in a class of storages.
fn number_type(class: &str) -> Option<DType> {
    Some(match class {
        "FloatStorage" => DType::F32,
        "DoubleStorage" => DType::F64,
        "HalfStorage" => DType::F16,
        "BFloat16Storage" => DType::BF16,
        "LongStorage" => DType::I64,
        "IntStorage" => DType::I32,
        "ByteStorage" | "BoolStorage" => DType::U8,
        _ => return None,
    })
}

fn count(object: &Object) -> Option<usize> {
    match object {
        Object::Int(n) => usize::try_from(*n).ok(),
        Object::Long(n) => usize::try_from(*n).ok(),
        _ => None,
    }
}

fn counts(object: &Object) -> Option<Vec<usize>> {
    match object {
        Object::Tuple(sides) => sides.iter().map(count).collect(),
        _ => None,
    }
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
