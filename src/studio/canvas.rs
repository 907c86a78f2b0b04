//! The canvas: what is drawn, the model that classifies it, and its newest prediction.

use std::path::PathBuf;
use std::sync::Arc;

use super::pad::Pad;
use super::thread::Wake;
use crate::data::Recipe;
use crate::model::Classifier;
use crate::predict::{Prediction, Predictor, Request};
use crate::runs::RunId;

/// The model that classifies the drawing.
#[derive(Clone, Debug)]
pub enum Model {
    /// No model yet: train one or open one.
    None,
    /// The network in training, as of a moment ago, or the last one trained.
    Trained(Arc<Classifier>),
    /// The network after an earlier update of the run whose timeline is shown.
    Snapshot {
        /// The update.
        step: u64,
        /// The network.
        classifier: Arc<Classifier>,
    },
    /// A network from a file.
    Opened {
        /// Its file.
        path: PathBuf,
        /// The network.
        classifier: Arc<Classifier>,
    },
}

/// The canvas with its model and the thread that classifies.
pub(super) struct Canvas {
    pub(super) pad: Pad,
    model: Model,
    /// The newest weights of the last run, whether or not they classify the drawing.
    trained: Option<Arc<Classifier>>,
    /// The run of the last session that `trained` is from, if none was trained in this one.
    restored: Option<RunId>,
    /// The newest prediction for the drawing, or the error.
    answer: Option<Result<Prediction, String>>,
    predictor: Predictor,
    /// How pictures become inputs, instead of as the model was trained.
    own_recipe: Option<Recipe>,
}

impl Canvas {
    pub(super) fn new(wake: Wake) -> std::io::Result<Canvas> {
        Ok(Canvas {
            pad: Pad::default(),
            model: Model::None,
            trained: None,
            restored: None,
            answer: None,
            predictor: Predictor::spawn(wake)?,
            own_recipe: None,
        })
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    pub(super) fn trained(&self) -> Option<&Arc<Classifier>> {
        self.trained.as_ref()
    }

    pub(super) fn answer(&self) -> Option<&Result<Prediction, String>> {
        self.answer.as_ref()
    }

    /// The network that classifies the drawing, whatever its origin.
    pub(super) fn classifier(&self) -> Option<&Arc<Classifier>> {
        match &self.model {
            Model::None => None,
            Model::Trained(classifier)
            | Model::Snapshot { classifier, .. }
            | Model::Opened { classifier, .. } => Some(classifier),
        }
    }

    /// How the model was trained to see pictures, if there is one.
    pub(super) fn model_recipe(&self) -> Option<Recipe> {
        Some(self.classifier()?.recipe())
    }

    /// Divides the logits of the model by this number; `None` leaves them as they are.
    ///
    /// # Errors
    /// When memory runs out.
    pub(super) fn set_temperature(&mut self, temperature: Option<f64>) -> candle_core::Result<()> {
        match &mut self.model {
            Model::None => {}
            Model::Trained(classifier) => {
                *classifier = Arc::new(classifier.with_temperature(temperature)?);
                self.trained = Some(classifier.clone());
            }
            Model::Snapshot { classifier, .. } | Model::Opened { classifier, .. } => {
                *classifier = Arc::new(classifier.with_temperature(temperature)?);
            }
        }
        Ok(())
    }

    /// How pictures become inputs, if not as the model was trained.
    pub(super) fn own_recipe(&self) -> Option<Recipe> {
        self.own_recipe
    }

    /// Makes inputs of pictures by this recipe, or as the model was trained.
    pub(super) fn set_own_recipe(&mut self, recipe: Option<Recipe>) {
        self.own_recipe = recipe;
    }

    /// Classifies the drawing with `model` from now on.
    pub(super) fn use_model(&mut self, model: Model) {
        self.model = model;
    }

    /// Classifies the drawing with the network in training, or the last one trained, from now on.
    pub(super) fn use_trained(&mut self) {
        self.model = self.trained.clone().map_or(Model::None, Model::Trained);
        self.answer = None;
    }

    /// The run of the last session whose model was restored, if none was trained in this one.
    pub(super) fn restored(&self) -> Option<&RunId> {
        self.restored.as_ref()
    }

    /// Takes the model of `run`, which was trained in the last session.
    pub(super) fn restore_trained(&mut self, run: RunId, classifier: Classifier) {
        self.update_trained(Arc::new(classifier));
        self.restored = Some(run);
    }

    /// Takes newer weights of the run; returns whether they classify the drawing.
    pub(super) fn update_trained(&mut self, weights: Arc<Classifier>) -> bool {
        self.trained = Some(weights.clone());
        self.restored = None;
        let is_used = matches!(self.model, Model::None | Model::Trained(_));
        if is_used {
            self.model = Model::Trained(weights);
        }
        is_used
    }

    /// Requests a prediction for the drawing; there is none without a drawing or a model.
    pub(super) fn ask(&mut self) {
        let Some(classifier) = self.classifier().cloned() else {
            return;
        };
        if self.pad.is_empty() {
            self.answer = None;
            return;
        }
        self.predictor.ask(Request {
            image: self.pad.input(),
            recipe: self.own_recipe.unwrap_or_else(|| classifier.recipe()),
            classifier,
        });
    }

    /// Whether a newer prediction is to come.
    pub(super) fn is_predicting(&self) -> bool {
        self.predictor.is_busy()
    }

    /// Takes the newest prediction.
    pub(super) fn take_answer(&mut self) {
        let answer = self.predictor.take_answer();
        // A prediction for an older sketch is still the newest available, unless the canvas was
        // cleared meanwhile.
        if let Some(answer) = answer.filter(|_| !self.pad.is_empty()) {
            self.answer = answer.transpose();
        }
    }
}
