//! Files of this program: layers, classes and recipe are in the metadata, and the weights have
//! PyTorch's names, except for the gates of recurrent layers, which ONNX stacks in its own order.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::constant;
use super::recurrent::{Kind, Part};
use crate::data::Recipe;
use crate::import::Opened;
use crate::model::{Description, ModelSpec, Provenance, TEMPERATURES, checked_shapes};
use crate::onnx::{GraphProto, ModelProto, TensorProto};

#[derive(Deserialize)]
struct Preprocessing {
    recipe: Recipe,
}

/// Reads a file whose metadata describes the layers; `None` if it does not, or its tensors are not
/// those of the layers, since another program changed them.
///
/// # Errors
/// When the metadata is wrong, or the network cannot be built.
pub(super) fn read(model: &ModelProto, graph: &GraphProto) -> Result<Option<Opened>, String> {
    let Some(description) = described(model)? else {
        return Ok(None);
    };
    let shapes = checked_shapes(&description.spec)?;
    let tensors: HashMap<&str, &TensorProto> = graph
        .initializer
        .iter()
        .filter_map(|tensor| Some((tensor.name.as_deref()?, tensor)))
        .collect();
    let mut values = HashMap::new();
    for shape in &shapes {
        if shape.pytorch_dims().is_empty() {
            // A count of batches, which ONNX does not keep.
            values.insert(shape.name.clone(), vec![0.0]);
            continue;
        }
        let Some(found) = parameter(&shape.name, &shape.pytorch_dims(), &tensors) else {
            return Ok(None);
        };
        values.insert(shape.name.clone(), found);
    }
    let missing = |name: &str| format!("it has no tensor `{name}`");
    let classifier = description.with_values(|shape| {
        values
            .remove(&shape.name)
            .ok_or_else(|| missing(&shape.name))
    })?;
    Ok(Some(Opened {
        classifier,
        notes: Vec::new(),
    }))
}

fn described(model: &ModelProto) -> Result<Option<Description>, String> {
    let entry = |key: &str| {
        let entries = model.metadata_props.iter();
        let mut found = entries.filter(|entry| entry.key.as_deref() == Some(key));
        found.next().and_then(|entry| entry.value.as_deref())
    };
    fn parsed<T: DeserializeOwned>(key: &str, text: Option<&str>) -> Result<Option<T>, String> {
        let parse = |text| {
            serde_json::from_str(text)
                .map_err(|e| format!("`{key}` in its metadata cannot be parsed ({e})"))
        };
        text.map(parse).transpose()
    }
    if model.producer_name.as_deref() != Some("Candle Studio") {
        return Ok(None);
    }
    let Some(spec) = parsed::<ModelSpec>("spec", entry("spec"))? else {
        return Ok(None);
    };
    let n_classes = spec.classes;
    let mut description = Description::unnamed(spec);
    if let Some(classes) = parsed::<Vec<String>>("classes", entry("classes"))? {
        if classes.len() != n_classes {
            return Err(format!(
                "it names {} classes for a network of {n_classes}",
                classes.len()
            ));
        }
        description.classes = classes;
    }
    let preprocessing = parsed::<Preprocessing>("preprocessing", entry("preprocessing"))?;
    let temperature = parsed::<f64>("temperature", entry("temperature"))?;
    if let Some(t) = temperature.filter(|t| !TEMPERATURES.contains(t)) {
        return Err(format!(
            "its temperature is {t}, but must be from {} to {}",
            TEMPERATURES.start(),
            TEMPERATURES.end()
        ));
    }
    description.provenance = Provenance {
        dataset: entry("dataset").unwrap_or_default().to_owned(),
        test_accuracy: parsed("test_accuracy", entry("test_accuracy"))?,
        version: entry("version").unwrap_or_default().to_owned(),
        recipe: preprocessing.map(|preprocessing| preprocessing.recipe),
        temperature,
        ..Provenance::default()
    };
    Ok(Some(description))
}

/// The values of a parameter in PyTorch's layout, if the file has them.
fn parameter(
    name: &str,
    dims: &[usize],
    tensors: &HashMap<&str, &TensorProto>,
) -> Option<Vec<f32>> {
    if let Some(tensor) = tensors.get(name) {
        let weight = constant::weight(tensor).ok()?;
        return (weight.dims == dims).then_some(weight.values);
    }
    let (module, name) = name.rsplit_once('.')?;
    let part = Part::named(name)?;
    let get = |name: &str| constant::weight(tensors.get(format!("{module}.{name}").as_str())?).ok();
    let state = get("R")?;
    let kind = Kind::of_rows(&state)?;
    part.of(kind, &get(part.tensor())?)
}
