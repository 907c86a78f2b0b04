//! What a model can be written as, and what each of it consists of.

use super::card::{CardSubject, card};
use super::code::{self, Language};
use super::content::Content;
use super::engines::{self, Engine};
use super::int8::int8_twin;
use super::onnx::{OnnxOptions, onnx};
use super::page::page;
use super::{ExportModelError, ExportedModel, bundle};
use crate::data::Dataset;
use crate::evaluate::{EvaluateError, Predictions, Report, SplitName};
use crate::model::Classifier;

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

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ModelFormat::Onnx => "onnx",
            ModelFormat::Int8 => "int8",
            ModelFormat::Bundle => "bundle",
            ModelFormat::Page => "web",
            ModelFormat::Code(_) => "code",
            ModelFormat::Card => "card",
            ModelFormat::Engine(engine) => engine.name(),
        }
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

/// A model with all that its formats may need.
#[derive(Clone, Copy, Debug)]
pub struct ModelExport<'a> {
    /// The model.
    pub model: ExportedModel<'a>,
    /// How its ONNX files are written.
    pub options: OnnxOptions,
    /// The data it was trained on, if that is there: an int8 twin is calibrated on its training
    /// images, the numbers of a card are of its test images.
    pub dataset: Option<&'a Dataset>,
    /// Identifier of its license, as model hubs write it, such as `mit`.
    pub license: &'a str,
}

impl ModelExport<'_> {
    /// The model in a format.
    ///
    /// # Errors
    /// When the network's output is not finite, candle cannot run it, or the dataset does not fit it
    /// or is needed and not there.
    pub fn content(&self, format: ModelFormat) -> Result<Content, ExportModelError> {
        let ModelExport { model, options, .. } = self;
        let onnx = |classifier: &Classifier| onnx(classifier, *options, model.fingerprint);
        Ok(match format {
            ModelFormat::Onnx => Content::File(onnx(model.classifier)?),
            ModelFormat::Int8 => {
                let missing = || {
                    let text = "open the dataset that the model was trained on".to_owned();
                    ExportModelError::Calibration(text)
                };
                let dataset = self.dataset.ok_or_else(missing)?;
                Content::File(onnx(&int8_twin(model.classifier, dataset)?)?)
            }
            ModelFormat::Bundle => Content::Folder(bundle::files(model, *options)?),
            ModelFormat::Page => Content::File(page(model)?.into_bytes()),
            ModelFormat::Code(language) => Content::Folder(code::files(model, language)?),
            ModelFormat::Card => Content::File(self.card()?.into_bytes()),
            ModelFormat::Engine(engine) => engines::content(engine, model, *options)?,
        })
    }

    fn card(&self) -> Result<String, ExportModelError> {
        let report = self.dataset.map(|dataset| self.report(dataset));
        let report = report.transpose()?;
        Ok(card(&CardSubject {
            model: self.model,
            license: self.license,
            evaluation: self.dataset.zip(report.as_ref()),
        }))
    }

    /// How good the model is on the test images.
    fn report(&self, dataset: &Dataset) -> Result<Report, ExportModelError> {
        let classifier = self.model.classifier;
        let made = || -> Result<Report, EvaluateError> {
            let (set, indices) = SplitName::Test.images(dataset, classifier)?;
            let predictions = Predictions::new(classifier, &set, &indices)?;
            Ok(Report::new(&predictions, &classifier.classes))
        };
        made().map_err(|reason| ExportModelError::Evaluate {
            model: self.model.name.to_owned(),
            dataset: dataset.name.clone(),
            reason: Box::new(reason),
        })
    }
}
