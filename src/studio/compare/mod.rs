//! Analyses of several runs: disagreements of two models, predictions for the sketch, and
//! importance of settings. They run on their own threads; the results are read from here.

mod export;
mod models;
mod queue;

use std::sync::Arc;

use super::{Studio, Wake};
use crate::compare::{Answers, Disagreement, Importance, Paired, disagreements, importance};
use crate::data::{Dataset, InputImage};
use crate::predict::{LatestOnly, Prediction, classify};
use crate::runs::table::SummaryMetric;
use crate::runs::{Record, RunFolder, RunId};
pub use export::Format;
use models::{ModelRef, Models, Source};

/// Maximum number of rows for a forest, the newest: more take seconds and add no information.
const MAX_ROWS: usize = 2_000;

/// An analysis of several runs.
#[derive(Clone, Debug)]
pub enum Analysis {
    /// The test images on which the models of two runs disagree: baseline and candidate.
    Disagreements(RunId, RunId),
    /// The importance of these runs' settings for the metric.
    Importance(Vec<RunId>, SummaryMetric),
    /// The predictions of these runs' models for the sketch, now and whenever it changes. An empty
    /// list ends it.
    Predict(Vec<RunId>),
}

/// The disagreements of two runs' models.
#[derive(Clone, Debug)]
pub struct Disagreements {
    /// Baseline and candidate.
    pub runs: [RunId; 2],
    /// How many images each classifies correctly, and the images on which they disagree, clearest
    /// first. The error is one sentence.
    pub found: Result<(Paired, Vec<Disagreement>), String>,
}

/// One model's prediction for the sketch.
#[derive(Clone, Debug)]
pub struct ModelPrediction {
    /// The run.
    pub run: RunId,
    /// Its prediction, `None` without a drawing; the error is one sentence.
    pub answer: Result<Option<Prediction>, String>,
    /// The names of the model's classes.
    pub classes: Vec<String>,
}

/// The results of the analyses.
#[derive(Default)]
pub struct Compared {
    /// The disagreements of two models.
    pub disagreements: Option<Disagreements>,
    /// The importance of settings, with the requested runs; the error is one sentence.
    pub importance: Option<(Vec<RunId>, SummaryMetric, Result<Importance, String>)>,
    /// The models' predictions for the sketch.
    pub predictions: Vec<ModelPrediction>,
    sketched_by: Vec<RunId>,
    threads: Option<Threads>,
}

type DisagreementsQuery = ([ModelRef; 2], Arc<Dataset>);
type ImportanceQuery = (Vec<RunId>, SummaryMetric, Vec<Record>);
type PredictQuery = (Vec<ModelRef>, InputImage);
type ImportanceAnswer = (Vec<RunId>, SummaryMetric, Result<Importance, String>);

struct Threads {
    disagreements: LatestOnly<DisagreementsQuery, Disagreements>,
    importance: LatestOnly<ImportanceQuery, ImportanceAnswer>,
    predictions: LatestOnly<PredictQuery, Vec<ModelPrediction>>,
}

impl Threads {
    fn spawn(wake: &Wake) -> std::io::Result<Threads> {
        let mut models = Models::default();
        Ok(Threads {
            disagreements: LatestOnly::spawn("disagreements", wake.clone(), find_disagreements)?,
            importance: LatestOnly::spawn(
                "importance",
                wake.clone(),
                |(runs, metric, records): ImportanceQuery| {
                    let found = importance(&records.iter().collect::<Vec<_>>(), metric);
                    (runs, metric, found)
                },
            )?,
            predictions: LatestOnly::spawn(
                "predictions",
                wake.clone(),
                move |(runs, sketch): PredictQuery| {
                    models.keep_only(&runs);
                    let prediction_of =
                        |asked: &ModelRef| prediction_of(&mut models, asked, &sketch);
                    runs.iter().map(prediction_of).collect()
                },
            )?,
        })
    }
}

impl Compared {
    /// Whether two models are being compared on the test images.
    pub fn is_finding_disagreements(&self) -> bool {
        self.threads
            .as_ref()
            .is_some_and(|t| t.disagreements.is_busy())
    }

    /// Whether the importance of settings is being computed.
    pub fn is_computing_importance(&self) -> bool {
        self.threads
            .as_ref()
            .is_some_and(|t| t.importance.is_busy())
    }

    /// Takes the threads' results.
    pub(super) fn pump(&mut self) {
        let Some(threads) = &self.threads else {
            return;
        };
        self.disagreements = threads.disagreements.take().or(self.disagreements.take());
        self.importance = threads.importance.take().or(self.importance.take());
        if let Some(predictions) = threads.predictions.take() {
            // Drop predictions of models that are no longer requested.
            self.predictions = predictions;
            self.predictions
                .retain(|o| self.sketched_by.contains(&o.run));
        }
    }
}

impl Studio {
    /// The results of the analyses.
    pub fn compared(&self) -> &Compared {
        &self.compared
    }

    pub(super) fn compare(&mut self, analysis: Analysis) {
        if self.compared.threads.is_none() {
            match Threads::spawn(&self.background.wake) {
                Ok(threads) => self.compared.threads = Some(threads),
                Err(error) => {
                    self.notify_error(format!("Runs cannot be compared: no thread ({error})"));
                    return;
                }
            }
        }
        match analysis {
            Analysis::Disagreements(baseline, candidate) => {
                self.request_disagreements([baseline, candidate])
            }
            Analysis::Importance(runs, metric) => self.request_importance(runs, metric),
            Analysis::Predict(runs) => {
                self.compared.predictions.retain(|o| runs.contains(&o.run));
                self.compared.sketched_by = runs;
                self.ask_predictions();
            }
        }
    }

    fn request_disagreements(&mut self, runs: [RunId; 2]) {
        let asked = runs.each_ref().map(|id| self.model_ref(id));
        if let ([Some(a), Some(b)], Some(dataset), Some(threads)) =
            (asked, self.dataset(), &self.compared.threads)
        {
            threads.disagreements.ask(([a, b], dataset.clone()));
        }
    }

    fn request_importance(&mut self, runs: Vec<RunId>, metric: SummaryMetric) {
        let newest = &runs[runs.len().saturating_sub(MAX_ROWS)..];
        let records = newest
            .iter()
            .filter_map(|id| Some(self.run(id)?.record.clone()));
        let records: Vec<Record> = records.collect();
        if let Some(threads) = &self.compared.threads {
            threads.importance.ask((runs, metric, records));
        }
    }

    /// Requests the predictions of the runs that follow the sketch.
    pub(super) fn ask_predictions(&mut self) {
        let asked = self.compared.sketched_by.iter();
        let asked: Vec<ModelRef> = asked.filter_map(|id| self.model_ref(id)).collect();
        if let Some(threads) = self.compared.threads.as_ref().filter(|_| !asked.is_empty()) {
            threads.predictions.ask((asked, self.pad.input()));
        }
    }

    /// Where the model of a run is.
    fn model_ref(&self, id: &RunId) -> Option<ModelRef> {
        let run = self.run(id)?;
        let own = self.library.own().is_some_and(|own| own.id == *id);
        let live = self.trained.clone().filter(|_| own).map(Source::Live);
        let folder = || Some(Source::Folder(self.workspace.as_ref()?.join(id.as_str())));
        Some(ModelRef {
            id: id.clone(),
            name: run.record.name.clone(),
            source: live.or_else(folder),
        })
    }
}

/// Compares both models on every test image.
fn find_disagreements(([baseline, candidate], dataset): DisagreementsQuery) -> Disagreements {
    let answers = |asked: &ModelRef| {
        if let Some(Source::Folder(folder)) = &asked.source
            && let Ok(folder) = RunFolder::open(folder)
        {
            let checked = folder
                .manifest()
                .data
                .check(&asked.name, &dataset.fingerprint);
            checked.map_err(|e| format!("{e}: open that first"))?;
        }
        let classifier = Models::default().get(asked)?;
        Answers::new(&classifier, &dataset.test)
            .map_err(|e| format!("{} cannot classify the images: {e:#}", asked.name))
    };
    let found = answers(&baseline).and_then(|a| {
        let b = answers(&candidate)?;
        Ok((a.paired(&b), disagreements(&a, &b)))
    });
    Disagreements {
        runs: [baseline.id, candidate.id],
        found,
    }
}

fn prediction_of(models: &mut Models, asked: &ModelRef, sketch: &InputImage) -> ModelPrediction {
    let mut classes = Vec::new();
    let answer = models.get(asked).and_then(|classifier| {
        classes.clone_from(&classifier.classes);
        classify(&classifier, sketch)
            .map_err(|e| format!("{} cannot classify the sketch: {e}", asked.name))
    });
    ModelPrediction {
        run: asked.id.clone(),
        answer,
        classes,
    }
}
