//! Runs against each other: where two models part, who says what to the sketch, and which setting
//! mattered. What takes time happens on threads of its own; what was found is here to be read.

mod export;
mod models;
mod queue;

use std::sync::Arc;

use super::{Studio, Wake};
use crate::compare::{
    Answers, Disagreement, Importance, Metric, Paired, RunRow, disagreements, importance,
};
use crate::data::{Dataset, GrayImage};
use crate::predict::{LatestOnly, Prediction, classify};
use crate::runs::{RunFolder, RunId};
pub use export::Format;
use models::{ModelRef, Models, Source};

/// Rows that a forest is grown on at most, the newest: more take seconds and tell no more.
const MAX_ROWS: usize = 2_000;

/// The seed of the forest: the same runs give the same bars.
const FOREST_SEED: u64 = 1;

/// A question about several runs.
#[derive(Clone, Debug)]
pub enum Analysis {
    /// On which test images do the models of two runs part? Baseline and candidate.
    Disagreements(RunId, RunId),
    /// Which setting of these runs mattered for the metric?
    Importance(Vec<RunId>, Metric),
    /// What do the models of these runs say to the sketch, now and whenever it changes? No runs
    /// end it.
    Predict(Vec<RunId>),
}

/// Where the models of two runs part.
#[derive(Clone, Debug)]
pub struct Disagreements {
    /// Baseline and candidate.
    pub runs: [RunId; 2],
    /// On how many images each is right, and the images on which they part, the clearest first. The
    /// error is one sentence.
    pub found: Result<(Paired, Vec<Disagreement>), String>,
}

/// What one run's model says to the sketch.
#[derive(Clone, Debug)]
pub struct ModelPrediction {
    /// The run.
    pub run: RunId,
    /// Its answer, `None` without ink; the error is one sentence.
    pub answer: Result<Option<Prediction>, String>,
    /// The names of the model's classes.
    pub classes: Vec<String>,
}

/// What was asked about several runs, and found.
#[derive(Default)]
pub struct Compared {
    /// Where two models part.
    pub disagreements: Option<Disagreements>,
    /// Which setting mattered, of the runs asked about; the error is one sentence.
    pub importance: Option<(Vec<RunId>, Metric, Result<Importance, String>)>,
    /// What the models say to the sketch.
    pub predictions: Vec<ModelPrediction>,
    sketched_by: Vec<RunId>,
    threads: Option<Threads>,
}

type DisagreementsQuery = ([ModelRef; 2], Arc<Dataset>);
type ImportanceQuery = (Vec<RunId>, Metric, Vec<RunRow>);
type PredictQuery = (Vec<ModelRef>, GrayImage);
type Weighed = (Vec<RunId>, Metric, Result<Importance, String>);

struct Threads {
    part: LatestOnly<DisagreementsQuery, Disagreements>,
    weigh: LatestOnly<ImportanceQuery, Weighed>,
    sketch: LatestOnly<PredictQuery, Vec<ModelPrediction>>,
}

impl Threads {
    fn spawn(wake: &Wake) -> std::io::Result<Threads> {
        let mut models = Models::default();
        Ok(Threads {
            part: LatestOnly::spawn("disagreements", wake.clone(), part)?,
            weigh: LatestOnly::spawn(
                "importance",
                wake.clone(),
                |(runs, metric, rows): ImportanceQuery| {
                    let found = importance(&rows, metric, FOREST_SEED);
                    (runs, metric, found)
                },
            )?,
            sketch: LatestOnly::spawn(
                "opinions",
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
    /// Whether the models of two runs are being asked about the test images.
    pub fn is_parting(&self) -> bool {
        self.threads.as_ref().is_some_and(|t| t.part.is_busy())
    }

    /// Whether settings are being weighed.
    pub fn is_weighing(&self) -> bool {
        self.threads.as_ref().is_some_and(|t| t.weigh.is_busy())
    }

    /// Takes in what the threads have found.
    pub(super) fn pump(&mut self) {
        let Some(threads) = &self.threads else {
            return;
        };
        self.disagreements = threads.part.take().or(self.disagreements.take());
        self.importance = threads.weigh.take().or(self.importance.take());
        if let Some(predictions) = threads.sketch.take() {
            // An answer to a question that was withdrawn meanwhile is no news.
            self.predictions = predictions;
            self.predictions
                .retain(|o| self.sketched_by.contains(&o.run));
        }
    }
}

impl Studio {
    /// What was asked about several runs, and found.
    pub fn compared(&self) -> &Compared {
        &self.compared
    }

    pub(super) fn compare(&mut self, question: Analysis) {
        if self.compared.threads.is_none() {
            match Threads::spawn(&self.background.wake) {
                Ok(threads) => self.compared.threads = Some(threads),
                Err(error) => {
                    self.notify_error(format!("runs cannot be compared: no thread ({error})"));
                    return;
                }
            }
        }
        match question {
            Analysis::Disagreements(baseline, candidate) => self.part([baseline, candidate]),
            Analysis::Importance(runs, metric) => self.weigh(runs, metric),
            Analysis::Predict(runs) => {
                self.compared.predictions.retain(|o| runs.contains(&o.run));
                self.compared.sketched_by = runs;
                self.ask_predictions();
            }
        }
    }

    fn part(&mut self, runs: [RunId; 2]) {
        let asked = runs.each_ref().map(|id| self.asked(id));
        if let ([Some(a), Some(b)], Some(dataset), Some(threads)) =
            (asked, self.dataset(), &self.compared.threads)
        {
            threads.part.ask(([a, b], dataset.clone()));
        }
    }

    fn weigh(&mut self, runs: Vec<RunId>, metric: Metric) {
        let newest = &runs[runs.len().saturating_sub(MAX_ROWS)..];
        let rows = newest
            .iter()
            .filter_map(|id| Some(RunRow::new(&self.run(id)?.record)));
        let rows: Vec<RunRow> = rows.collect();
        if let Some(threads) = &self.compared.threads {
            threads.weigh.ask((runs, metric, rows));
        }
    }

    /// Asks the runs that follow the sketch about what is on the canvas now.
    pub(super) fn ask_predictions(&mut self) {
        let asked = self.compared.sketched_by.iter();
        let asked: Vec<ModelRef> = asked.filter_map(|id| self.asked(id)).collect();
        if let Some(threads) = self.compared.threads.as_ref().filter(|_| !asked.is_empty()) {
            threads.sketch.ask((asked, self.pad.image().clone()));
        }
    }

    /// Where the model of a run is.
    fn asked(&self, id: &RunId) -> Option<ModelRef> {
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

/// Asks both models about every test image.
fn part(([baseline, candidate], dataset): DisagreementsQuery) -> Disagreements {
    let answers = |asked: &ModelRef| {
        if let Some(Source::Folder(folder)) = &asked.source
            && let Ok(folder) = RunFolder::open(folder)
            && folder.manifest().data.fingerprint != dataset.fingerprint
        {
            return Err(format!(
                "{} learned from other images ({}) than are open now ({})",
                asked.name,
                folder.manifest().data.name,
                dataset.name
            ));
        }
        let classifier = Models::default().get(asked)?;
        Answers::new(&classifier, &dataset.test)
            .map_err(|e| format!("{} cannot be asked: {e:#}", asked.name))
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

fn prediction_of(models: &mut Models, asked: &ModelRef, sketch: &GrayImage) -> ModelPrediction {
    let mut classes = Vec::new();
    let answer = models.get(asked).and_then(|classifier| {
        classes.clone_from(&classifier.classes);
        classify(&classifier, sketch).map_err(|e| format!("{} cannot be asked: {e}", asked.name))
    });
    ModelPrediction {
        run: asked.id.clone(),
        answer,
        classes,
    }
}
