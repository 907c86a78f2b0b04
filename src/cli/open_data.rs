//! The dataset of a command.

use std::path::Path;

use anyhow::Context as _;

use super::{named_or_default, out};
use crate::data::sketches::{SketchFolder, image_set};
use crate::data::store::Store;
use crate::data::{BuiltIn, Dataset};
use crate::runs::DatasetRef;

/// Opens the dataset that `--data` names, or MNIST; warns about what is odd about it.
pub(super) fn open_data(name: Option<&Path>, workspace: Option<&Path>) -> anyhow::Result<Dataset> {
    let Some(name) = name else {
        return Dataset::mnist().context("could not unpack MNIST");
    };
    let dataset = Dataset::named(name, store(workspace).as_ref())?;
    warn(&dataset);
    Ok(dataset)
}

/// Opens the dataset that a run was trained on, from where `--data` says or from where it was.
pub(super) fn open_data_of(
    run: &DatasetRef,
    name: Option<&Path>,
    workspace: Option<&Path>,
) -> anyhow::Result<Dataset> {
    match (name, &run.folder) {
        (None, None) => {
            let built_in = BuiltIn::named(&run.name).unwrap_or(BuiltIn::Mnist);
            Ok(built_in.open()?)
        }
        (None, Some(folder)) if !folder.exists() => {
            // A stored dataset may have been renamed.
            let find = |store: Store| store.find_fingerprint(&run.fingerprint);
            let stored = store(workspace).and_then(find);
            open_data(Some(stored.as_ref().unwrap_or(folder)), workspace)
        }
        (name, folder) => open_data(name.or(folder.as_deref()), workspace),
    }
}

fn store(workspace: Option<&Path>) -> Option<Store> {
    let workspace = named_or_default(workspace).ok()?;
    Some(Store::of(&workspace))
}

/// Adds the labeled sketches of the workspace that show classes of `dataset`. Damaged ones are left
/// out with a warning: no run fails because of them.
pub(super) fn add_sketches(dataset: &Dataset, workspace: Option<&Path>) {
    let Ok(workspace) = named_or_default(workspace) else {
        return;
    };
    let added = SketchFolder::of(&workspace).read().and_then(|found| {
        let (recipe, shape) = (dataset.recipe, dataset.image_shape());
        let (_, set) = image_set(&found.sketches, &dataset.classes, recipe, shape)?;
        dataset.sketches.set(Some(set));
        Ok(found.damage)
    });
    if let Some(text) = added.unwrap_or_else(|error| Some(error.to_string())) {
        out::eprint(&format!("warning: {text}"));
    }
}

/// Says what is odd about a dataset.
pub(super) fn warn(dataset: &Dataset) {
    warn_of(dataset.hints());
}

/// Prints hints as warnings.
pub(super) fn warn_of(hints: Vec<String>) {
    for hint in hints {
        out::eprint(&format!("warning: {hint}"));
    }
}
