//! The model on the canvas as files that others can run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::data::Dataset;
use crate::evaluate::{Predictions, Report, SplitName};
use crate::export::model::{
    CardSubject, Engine, ExportModelError, ExportedModel, Language, OnnxOptions, card,
    check_finite, int8_twin, onnx, page, write_bundle, write_code, write_engine,
};
use crate::files::write_atomically;
use crate::model::Classifier;
use crate::studio::Studio;
use crate::studio::message::Message;

/// What a model can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelFormat {
    /// An ONNX file.
    Onnx,
    /// The ONNX file of its int8 twin.
    Int8,
    /// A folder with the ONNX file and all that belongs to it.
    Bundle,
    /// A page that needs nothing but a browser.
    Page,
    /// A program with its weights, in a folder.
    Code(Language),
    /// A model card.
    Card,
    /// What an engine needs to serve it.
    Engine(Engine),
}

impl ModelFormat {
    /// All but those for engines.
    pub const FILES: [ModelFormat; 8] = [
        ModelFormat::Onnx,
        ModelFormat::Int8,
        ModelFormat::Bundle,
        ModelFormat::Page,
        ModelFormat::Code(Language::Pytorch),
        ModelFormat::Code(Language::Keras),
        ModelFormat::Code(Language::Rust),
        ModelFormat::Card,
    ];

    /// All of them.
    pub fn all() -> impl Iterator<Item = ModelFormat> {
        let engines = Engine::ALL.into_iter().map(ModelFormat::Engine);
        ModelFormat::FILES.into_iter().chain(engines)
    }

    /// Whether it is a folder.
    pub fn is_folder(self) -> bool {
        match self {
            ModelFormat::Bundle | ModelFormat::Code(_) => true,
            ModelFormat::Engine(engine) => !engine.is_file(),
            _ => false,
        }
    }

    /// How its file or folder is called after the name of the model.
    pub fn ending(self) -> &'static str {
        match self {
            ModelFormat::Onnx => ".onnx",
            ModelFormat::Int8 => ".int8.onnx",
            ModelFormat::Bundle => "-onnx",
            ModelFormat::Page => ".html",
            ModelFormat::Code(Language::Pytorch) => "-pytorch",
            ModelFormat::Code(Language::Keras) => "-keras",
            ModelFormat::Code(Language::Rust) => "-rust",
            ModelFormat::Card => ".md",
            ModelFormat::Engine(Engine::Triton) => "-triton",
            ModelFormat::Engine(Engine::Kserve) => ".yaml",
            ModelFormat::Engine(Engine::Docker) => "-docker",
            ModelFormat::Engine(Engine::Ray) => "-ray",
            ModelFormat::Engine(Engine::Mlserver) => "-mlserver",
            ModelFormat::Engine(Engine::Systemd) => ".service",
        }
    }
}

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
        let model = ExportedModel {
            name: &self.name,
            classifier: &self.classifier,
            fingerprint: self.dataset.as_ref().map(|data| data.fingerprint.as_str()),
        };
        let options = OnnxOptions::default();
        let bytes = match format {
            ModelFormat::Onnx => onnx(model.classifier, options, model.fingerprint)?,
            ModelFormat::Int8 => onnx(&self.int8_twin()?, options, model.fingerprint)?,
            ModelFormat::Bundle => return write_bundle(&model, options, path).map(drop),
            ModelFormat::Page => page(&model)?.into_bytes(),
            ModelFormat::Code(language) => return write_code(&model, language, path).map(drop),
            ModelFormat::Card => self.card(model).into_bytes(),
            ModelFormat::Engine(engine) => {
                return write_engine(engine, &model, options, path).map(drop);
            }
        };
        Ok(write_atomically(path, &bytes)?)
    }

    fn int8_twin(&self) -> Result<Classifier, ExportModelError> {
        let missing = || {
            let text = "open the dataset that the model was trained on".to_owned();
            ExportModelError::Calibration(text)
        };
        int8_twin(&self.classifier, self.dataset.as_ref().ok_or_else(missing)?)
    }

    /// The card, with the numbers on the test images where they are there.
    fn card(&self, model: ExportedModel<'_>) -> String {
        let report = self.dataset.as_ref().and_then(|dataset| {
            let (set, indices) = SplitName::Test.images(dataset, model.classifier).ok()?;
            let predictions = Predictions::new(model.classifier, &set, &indices).ok()?;
            Some(Report::new(&predictions, &model.classifier.classes))
        });
        card(&CardSubject {
            model,
            license: "unknown",
            evaluation: self.dataset.as_deref().zip(report.as_ref()),
        })
    }
}
