//! Runs against each other: where two models part, who says what to the sketch, and which setting
//! mattered. What takes time happens on threads of its own; what was found is here to be read.

mod export;
mod models;
mod queue;

use std::sync::Arc;

use super::{Studio, Wake};
use crate::compare::{
    Answers, Disagreement, Facts, Importance, Metric, Paired, disagreements, importance,
};
use crate::data::{Dataset, GreyImage};
use crate::predict::{Newest, Prediction, classify};
use crate::runs::{RunFolder, RunId};
pub use export::Format;
use models::{Asked, Models, Source};

/// Rows that a forest is grown on at most, the newest: more take seconds and tell no more.
const MOST_ROWS: usize = 2_000;

/// The seed of the forest: the same runs give the same bars.
const FOREST_SEED: u64 = 1;

/// A question about several runs.
#[derive(Clone, Debug)]
pub enum Question {
    /// On which test images do the models of two runs part? Baseline and candidate.
    Part(RunId, RunId),
    /// Which setting of these runs mattered for the metric?
    Weigh(Vec<RunId>, Metric),
    /// What do the models of these runs say to the sketch, now and whenever it changes? No runs
    /// end it.
    Sketch(Vec<RunId>),
}

/// Where the models of two runs part.
#[derive(Clone, Debug)]
pub struct Parted {
    /// Baseline and candidate.
    pub runs: [RunId; 2],
    /// On how many images each is right, and the images on which they part, the clearest first. The
    /// error is one sentence.
    pub found: Result<(Paired, Vec<Disagreement>), String>,
}

/// What one run's model says to the sketch.
#[derive(Clone, Debug)]
pub struct Opinion {
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
    pub parted: Option<Parted>,
    /// Which setting mattered, of the runs asked about; the error is one sentence.
    pub importance: Option<(Vec<RunId>, Metric, Result<Importance, String>)>,
    /// What the models say to the sketch.
    pub opinions: Vec<Opinion>,
    sketched_by: Vec<RunId>,
    threads: Option<Threads>,
}

type PartQuestion = ([Asked; 2], Arc<Dataset>);
type WeighQuestion = (Vec<RunId>, Metric, Vec<Facts>);
type SketchQuestion = (Vec<Asked>, GreyImage);
type Weighed = (Vec<RunId>, Metric, Result<Importance, String>);

struct Threads {
    part: Newest<PartQuestion, Parted>,
    weigh: Newest<WeighQuestion, Weighed>,
    sketch: Newest<SketchQuestion, Vec<Opinion>>,
}

impl Threads {
    fn spawn(wake: &Wake) -> std::io::Result<Threads> {
        let mut models = Models::default();
        Ok(Threads {
            part: Newest::spawn("disagreements", wake.clone(), part)?,
            weigh: Newest::spawn(
                "importance",
                wake.clone(),
                |(runs, metric, rows): WeighQuestion| {
                    let found = importance(&rows, metric, FOREST_SEED);
                    (runs, metric, found)
                },
            )?,
            sketch: Newest::spawn(
                "opinions",
                wake.clone(),
                move |(runs, sketch): SketchQuestion| {
                    models.keep_only(&runs);
                    let opinion = |asked: &Asked| opinion(&mut models, asked, &sketch);
                    runs.iter().map(opinion).collect()
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
        self.parted = threads.part.take().or(self.parted.take());
        self.importance = threads.weigh.take().or(self.importance.take());
        if let Some(opinions) = threads.sketch.take() {
            // An answer to a question that was withdrawn meanwhile is no news.
            self.opinions = opinions;
            self.opinions.retain(|o| self.sketched_by.contains(&o.run));
        }
    }
}

impl Studio {
    /// What was asked about several runs, and found.
    pub fn compared(&self) -> &Compared {
        &self.compared
    }

    pub(super) fn compare(&mut self, question: Question) {
        if self.compared.threads.is_none() {
            match Threads::spawn(&self.background.wake) {
                Ok(threads) => self.compared.threads = Some(threads),
                Err(error) => {
                    self.complain(format!("runs cannot be compared: no thread ({error})"));
                    return;
                }
            }
        }
        match question {
            Question::Part(baseline, candidate) => self.part([baseline, candidate]),
            Question::Weigh(runs, metric) => self.weigh(runs, metric),
            Question::Sketch(runs) => {
                self.compared.opinions.retain(|o| runs.contains(&o.run));
                self.compared.sketched_by = runs;
                self.ask_opinions();
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
        let newest = &runs[runs.len().saturating_sub(MOST_ROWS)..];
        let rows = newest
            .iter()
            .filter_map(|id| Some(Facts::new(&self.run(id)?.record)));
        let rows: Vec<Facts> = rows.collect();
        if let Some(threads) = &self.compared.threads {
            threads.weigh.ask((runs, metric, rows));
        }
    }

    /// Asks the runs that follow the sketch about what is on the canvas now.
    pub(super) fn ask_opinions(&mut self) {
        let asked = self.compared.sketched_by.iter();
        let asked: Vec<Asked> = asked.filter_map(|id| self.asked(id)).collect();
        if let Some(threads) = self.compared.threads.as_ref().filter(|_| !asked.is_empty()) {
            threads.sketch.ask((asked, self.pad.image().clone()));
        }
    }

    /// Where the model of a run is.
    fn asked(&self, id: &RunId) -> Option<Asked> {
        let run = self.run(id)?;
        let own = self.library.own().is_some_and(|own| own.id == *id);
        let live = self.trained.clone().filter(|_| own).map(Source::Live);
        let folder = || Some(Source::Folder(self.workspace.as_ref()?.join(id.as_str())));
        Some(Asked {
            id: id.clone(),
            name: run.record.name.clone(),
            source: live.or_else(folder),
        })
    }
}

/// Asks both models about every test image.
fn part(([baseline, candidate], dataset): PartQuestion) -> Parted {
    let answers = |asked: &Asked| {
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
    Parted {
        runs: [baseline.id, candidate.id],
        found,
    }
}

fn opinion(models: &mut Models, asked: &Asked, sketch: &GreyImage) -> Opinion {
    let mut classes = Vec::new();
    let answer = models.get(asked).and_then(|classifier| {
        classes.clone_from(&classifier.classes);
        classify(&classifier, sketch).map_err(|e| format!("{} cannot be asked: {e}", asked.name))
    });
    Opinion {
        run: asked.id.clone(),
        answer,
        classes,
    }
}
