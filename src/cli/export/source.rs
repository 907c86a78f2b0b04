//! The model that is exported.

use std::path::Path;

use super::Args;
use crate::cli::open_data::{open_data, open_data_of};
use crate::cli::resolve_run::{model_file, run_folder};
use crate::data::{BuiltIn, Dataset};
use crate::export::model::ExportedModel;
use crate::model::Classifier;
use crate::runs::{DatasetRef, Record, RunFolder};

/// The model, with the data of its run if it is of one.
pub(super) struct Source {
    name: String,
    classifier: Classifier,
    data: Option<DatasetRef>,
}

impl Source {
    pub fn open(args: &Args, workspace: Option<&Path>) -> anyhow::Result<Source> {
        let text = args.model.as_path();
        let path = model_file(text, workspace)?;
        let classifier = args.network.open(&path, workspace)?;
        if path == text {
            let stem = path.file_stem().unwrap_or_default();
            return Ok(Source {
                name: stem.to_string_lossy().into_owned(),
                classifier,
                data: None,
            });
        }
        let folder = run_folder(text, workspace)?;
        Ok(Source {
            name: Record::read(&folder)?.name,
            classifier,
            data: Some(RunFolder::open(&folder)?.manifest().data.clone()),
        })
    }

    pub fn exported(&self) -> ExportedModel<'_> {
        ExportedModel {
            name: &self.name,
            classifier: &self.classifier,
            fingerprint: self.data.as_ref().map(|data| data.fingerprint.as_str()),
        }
    }

    /// The dataset that `--data` names, or that the model was trained on; `None` for a model file
    /// that was trained on data of which only the name is known.
    pub fn dataset(
        &self,
        name: Option<&Path>,
        workspace: Option<&Path>,
    ) -> anyhow::Result<Option<Dataset>> {
        if let Some(data) = &self.data {
            let dataset = open_data_of(data, name, workspace)?;
            data.check(&self.name, &dataset)?;
            return Ok(Some(dataset));
        }
        if let Some(name) = name {
            return Ok(Some(open_data(Some(name), workspace)?));
        }
        let built_in = BuiltIn::named(&self.classifier.provenance.dataset);
        Ok(built_in.map(BuiltIn::open).transpose()?)
    }
}
