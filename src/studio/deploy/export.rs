//! The model on the canvas as files that others can run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::data::Dataset;
use crate::export::model::{
    ExportModelError, ExportedModel, ModelExport, ModelFormat, OnnxOptions, check_finite,
};
use crate::model::Classifier;
use crate::studio::Studio;
use crate::studio::message::Message;

/// What is written.
struct Exported {
    name: String,
    classifier: Arc<Classifier>,
    /// The dataset, if the model was trained on one of its name, shape and classes.
    dataset: Option<Arc<Dataset>>,
}

impl Studio {
    pub(super) fn export_model(&mut self, format: ModelFormat, path: PathBuf) {
        let (Some(classifier), Some(name)) = (self.classifier().cloned(), self.model_name()) else {
            let text = "There is no model to export yet: train one or open a file";
            return self.notices.error(text.to_owned());
        };
        let fits = |dataset: &&Arc<Dataset>| {
            classifier.provenance.dataset == dataset.name
                && classifier.classes == dataset.classes
                && classifier.network.spec().input == dataset.image_shape()
        };
        let dataset = self.dataset().filter(fits).cloned();
        let exported = Exported {
            name,
            classifier,
            dataset,
        };
        self.files
            .run(format!("writing {}", path.display()), move || {
                let written = exported.write(format, &path);
                Message::Saved(path, written.map_err(|error| error.to_string()))
            });
    }
}

impl Exported {
    fn write(&self, format: ModelFormat, path: &Path) -> Result<(), ExportModelError> {
        check_finite(&self.classifier)?;
        let dataset = self.dataset.as_deref();
        let export = ModelExport {
            model: ExportedModel {
                name: &self.name,
                classifier: &self.classifier,
                fingerprint: dataset.map(|data| data.fingerprint.as_str()),
            },
            options: OnnxOptions::default(),
            dataset,
            license: "unknown",
        };
        export.content(format)?.write(path).map(drop)
    }
}
