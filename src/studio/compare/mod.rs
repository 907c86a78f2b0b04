//! Analyses of several runs: disagreements of two models, predictions for the sketch, and
//! importance of settings. They run on their own threads; the results are read from here.

mod models;

use std::sync::Arc;

use super::library::Library;
use super::thread::Wake;
use crate::compare::{Disagreement, Importance, Paired, disagreements, importance};
use crate::data::{Dataset, InputImage};
use crate::evaluate::{Predictions, SplitName};
use crate::model::Classifier;
use crate::predict::{LastInput, LatestOnly, Prediction};
use crate::runs::table::SummaryMetric;
use crate::runs::{Record, RunFolder, RunId};
use models::{ModelRef, Models, Source};

/// Maximum number of rows for a forest, the newest: more take seconds and add no information.
const MAX_ROWS: usize = 2_000;

/// The part of the studio's state that the analyses need.
pub(super) struct CompareContext<'a> {
    pub(super) library: &'a Library,
    pub(super) dataset: Option<&'a Arc<Dataset>>,
    /// The newest weights of the run in training, or of the one trained last.
    pub(super) trained: Option<&'a Arc<Classifier>>,
    pub(super) sketch: InputImage,
}

impl CompareContext<'_> {
    /// Where the model of a run is.
    fn model_ref(&self, id: &RunId) -> Option<ModelRef> {
        let run = self.library.get(id)?;
        let own = self.library.own().is_some_and(|own| own.id == *id);
        let live = self.trained.cloned().filter(|_| own).map(Source::Live);
        let folder = || self.library.workspace.folder_of(id).map(Source::Folder);
        Some(ModelRef {
            id: id.clone(),
            name: run.record.name.clone(),
            source: live.or_else(folder),
        })
    }
}

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
        let (mut models, mut last) = (Models::default(), LastInput::default());
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
                        |asked: &ModelRef| prediction_of(&mut models, &mut last, asked, &sketch);
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

    /// Starts the threads unless they run.
    pub(super) fn spawn(&mut self, wake: &Wake) -> std::io::Result<()> {
        if self.threads.is_none() {
            self.threads = Some(Threads::spawn(wake)?);
        }
        Ok(())
    }

    /// Starts an analysis; its results arrive later.
    pub(super) fn start(&mut self, analysis: Analysis, context: &CompareContext<'_>) {
        match analysis {
            Analysis::Disagreements(baseline, candidate) => {
                self.request_disagreements([&baseline, &candidate], context);
            }
            Analysis::Importance(runs, metric) => self.request_importance(runs, metric, context),
            Analysis::Predict(runs) => {
                self.predictions.retain(|o| runs.contains(&o.run));
                self.sketched_by = runs;
                self.request_predictions(context);
            }
        }
    }

    fn request_disagreements(&self, runs: [&RunId; 2], context: &CompareContext<'_>) {
        let models = runs.map(|id| context.model_ref(id));
        if let ([Some(a), Some(b)], Some(dataset), Some(threads)) =
            (models, context.dataset, &self.threads)
        {
            threads.disagreements.ask(([a, b], dataset.clone()));
        }
    }

    fn request_importance(
        &self,
        runs: Vec<RunId>,
        metric: SummaryMetric,
        context: &CompareContext<'_>,
    ) {
        let newest = &runs[runs.len().saturating_sub(MAX_ROWS)..];
        let records = newest
            .iter()
            .filter_map(|id| Some(context.library.get(id)?.record.clone()));
        let records: Vec<Record> = records.collect();
        if let Some(threads) = &self.threads {
            threads.importance.ask((runs, metric, records));
        }
    }

    /// Requests the predictions of the runs that follow the sketch.
    pub(super) fn request_predictions(&self, context: &CompareContext<'_>) {
        let models = self.sketched_by.iter();
        let models: Vec<ModelRef> = models.filter_map(|id| context.model_ref(id)).collect();
        if let Some(threads) = self.threads.as_ref().filter(|_| !models.is_empty()) {
            threads.predictions.ask((models, context.sketch.clone()));
        }
    }
}

/// Compares both models on every test image.
fn find_disagreements(([baseline, candidate], dataset): DisagreementsQuery) -> Disagreements {
    let answers = |asked: &ModelRef| {
        if let Some(Source::Folder(folder)) = &asked.source
            && let Ok(folder) = RunFolder::open(folder)
        {
            let checked = folder.manifest().data.check(&asked.name, &dataset);
            checked.map_err(|e| format!("{e}: open that first"))?;
        }
        let classifier = Models::default().get(asked)?;
        let (test, all) = SplitName::Test
            .images(&dataset, &classifier)
            .map_err(|e| e.to_string())?;
        Predictions::new(&classifier, &test, &all)
            .map_err(|e| format!("{} cannot classify the images: {e}", asked.name))
    };
    let found = answers(&baseline).and_then(|a| {
        let b = answers(&candidate)?;
        Ok((Paired::of(&a, &b), disagreements(&a, &b)))
    });
    Disagreements {
        runs: [baseline.id, candidate.id],
        found,
    }
}

fn prediction_of(
    models: &mut Models,
    last: &mut LastInput,
    asked: &ModelRef,
    sketch: &InputImage,
) -> ModelPrediction {
    let mut classes = Vec::new();
    let answer = models.get(asked).and_then(|classifier| {
        classes.clone_from(&classifier.classes);
        last.classify(&classifier, classifier.recipe(), sketch)
            .map_err(|e| format!("{} cannot classify the sketch: {e}", asked.name))
    });
    ModelPrediction {
        run: asked.id.clone(),
        answer,
        classes,
    }
}
