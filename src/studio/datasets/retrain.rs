//! "Train again with the edits": did they help?

use std::path::PathBuf;
use std::sync::Arc;

use crate::compare::{BOOTSTRAP_SEED, Paired, PairedTest, Verdict, image_words};
use crate::data::Dataset;
use crate::data::edits::Edits;
use crate::data::store::Store;
use crate::evaluate::Predictions;
use crate::model::Classifier;
use crate::predict::LatestOnly;
use crate::runs::{MODEL_FILE, RunFolder, RunId};
use crate::studio::Studio;
use crate::studio::canvas::Model;
use crate::studio::message::Message;
use crate::studio::thread::Wake;
use crate::text::{count, sentence};
use crate::train::TrainConfig;

/// A run on the dataset without the edits.
struct Baseline {
    name: String,
    folder: PathBuf,
    config: TrainConfig,
}

/// Everything to train again.
pub(in crate::studio) struct Edited {
    dataset: Dataset,
    baseline: Baseline,
}

/// What is asked of the thread: which of two models is better on the test images of a dataset.
struct Question {
    dataset: Arc<Dataset>,
    baseline: Baseline,
    name: String,
    edited: Arc<Classifier>,
}

/// What the edits did.
#[derive(Clone, Debug, PartialEq)]
pub struct EditsVerdict {
    /// The names of the run with the edits and of the one without.
    pub names: [String; 2],
    /// On how many test images each of the two models is right.
    pub paired: Paired,
    /// Whether the difference could be chance.
    pub test: PairedTest,
}

impl EditsVerdict {
    /// Whether the edits helped.
    pub fn verdict(&self) -> Verdict {
        self.test.verdict()
    }

    /// The verdict in a few words.
    pub fn headline(&self) -> &'static str {
        match self.verdict() {
            Verdict::Better => "The edits helped, surely.",
            Verdict::Worse => "The edits did harm, surely.",
            _ => "Cannot tell from these test images whether the edits helped.",
        }
    }

    /// The test in a sentence.
    pub fn describe(&self) -> String {
        let [edited, baseline] = &self.names;
        image_words(&self.paired, &self.test, [edited, baseline])
    }
}

/// How far training again is.
#[derive(Default)]
enum Phase {
    #[default]
    Idle,
    /// The edited dataset is being stored.
    Preparing,
    /// The run with the edits is training.
    Training {
        run: RunId,
        dataset: Arc<Dataset>,
        baseline: Box<Baseline>,
    },
    /// Both models are being measured.
    Comparing,
}

/// Trains again with the edits, and says what they did.
pub struct Retrainer {
    phase: Phase,
    thread: LatestOnly<Question, Result<EditsVerdict, String>>,
    verdict: Option<EditsVerdict>,
}

impl Retrainer {
    pub(super) fn new(wake: Wake) -> std::io::Result<Retrainer> {
        Ok(Retrainer {
            phase: Phase::Idle,
            thread: LatestOnly::spawn("edits", wake, compare)?,
            verdict: None,
        })
    }

    /// Whether it is going on.
    pub fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }

    /// What the edits did that were trained on last.
    pub fn verdict(&self) -> Option<&EditsVerdict> {
        self.verdict.as_ref()
    }
}

impl Studio {
    /// Whether a run with the edits can start: there are some, and no other run is live.
    pub fn can_train_edited(&self) -> bool {
        let edits = self.dataset().and_then(|d| self.datasets.cleaner.edits(d));
        let has_edits = edits.is_some_and(|edits| edits.n_changes() > 0);
        has_edits && self.live_run().is_none() && !self.sweeps.is_live()
    }

    /// Stores the dataset with its edits, and trains on it as the newest run on this dataset did.
    pub(super) fn train_edited(&mut self) {
        let (Some(dataset), Some(store)) = (self.dataset().cloned(), self.store()) else {
            return;
        };
        let Some(edits) = self.datasets.cleaner.edits(&dataset).cloned() else {
            return;
        };
        if !self.can_train_edited() || self.datasets.retrainer.is_busy() {
            return;
        }
        let runs = self.runs().iter().rev();
        let ended = runs.filter(|run| !run.state.is_live());
        let known = ended.filter_map(|run| {
            Some(Baseline {
                name: run.state.name.clone(),
                folder: self.library.workspace.folder_of(&run.id)?,
                config: run.state.config.clone(),
            })
        });
        let known: Vec<Baseline> = known.collect();
        self.datasets.retrainer.phase = Phase::Preparing;
        self.datasets.retrainer.verdict = None;
        let activity = format!("storing {} with its edits", dataset.name);
        self.files.run(activity, move || {
            Message::Edited(prepare(&dataset, &edits, known, &store).map(Box::new))
        });
    }

    /// Starts the run with the edits.
    pub(in crate::studio) fn receive_edited(&mut self, edited: Result<Box<Edited>, String>) {
        self.datasets.retrainer.phase = Phase::Idle;
        let edited = match edited {
            Ok(edited) => *edited,
            Err(text) => return self.notices.error(sentence(&text)),
        };
        let Edited { dataset, baseline } = edited;
        if self.live_run().is_some() {
            let text = "Another run has started meanwhile: nothing was trained with the edits";
            return self.notices.error(text.to_owned());
        }
        self.open_dataset(dataset);
        self.list_stored();
        self.set_draft(baseline.config.clone());
        let name = format!("{} edited", baseline.name);
        if !self.begin_or_tell(baseline.config.clone(), Some(name)) {
            return;
        }
        let run = self.own_run().map(|run| run.id.clone());
        if let (Some(run), Some(dataset)) = (run, self.dataset().cloned()) {
            self.datasets.retrainer.phase = Phase::Training {
                run,
                dataset,
                baseline: Box::new(baseline),
            };
        }
    }

    /// Goes on when the run has ended, and takes the verdict.
    pub(super) fn pump_retrainer(&mut self) {
        match &self.datasets.retrainer.phase {
            Phase::Training { .. } if self.live_run().is_none() => self.compare_edited(),
            Phase::Comparing => {
                if let Some(found) = self.datasets.retrainer.thread.take() {
                    self.datasets.retrainer.phase = Phase::Idle;
                    self.datasets.retrainer.verdict = self.notices.check(found);
                }
            }
            Phase::Idle | Phase::Preparing | Phase::Training { .. } => {}
        }
    }

    fn compare_edited(&mut self) {
        let phase = std::mem::take(&mut self.datasets.retrainer.phase);
        let Phase::Training {
            run,
            dataset,
            baseline,
        } = phase
        else {
            return;
        };
        let own = self.own_run().filter(|own| own.id == run);
        let name = own.map(|own| own.state.name.clone());
        let (Some(name), Model::Trained(edited)) = (name, self.model()) else {
            return;
        };
        self.datasets.retrainer.thread.ask(Question {
            dataset,
            baseline: *baseline,
            name,
            edited: edited.clone(),
        });
        self.datasets.retrainer.phase = Phase::Comparing;
    }
}

/// Stores the edited dataset, and finds the newest run with a model that was trained on the other.
fn prepare(
    dataset: &Dataset,
    edits: &Edits,
    known: Vec<Baseline>,
    store: &Store,
) -> Result<Edited, String> {
    let is_of_dataset = |run: &Baseline| {
        let folder = RunFolder::open(&run.folder);
        let fits = |folder: RunFolder| folder.manifest().data.fingerprint == dataset.fingerprint;
        folder.is_ok_and(fits) && run.folder.join(MODEL_FILE).is_file()
    };
    let baseline = known.into_iter().find(is_of_dataset).ok_or_else(|| {
        format!(
            "no run was trained on {} without the edits: train one first, to compare with",
            dataset.name
        )
    })?;
    let edited = dataset.with_edits(edits).map_err(|e| e.to_string())?;
    let edited = Dataset {
        name: format!("{} edited", dataset.name),
        ..edited
    };
    Ok(Edited {
        dataset: store.save_made(edited).map_err(|e| e.to_string())?,
        baseline,
    })
}

/// Compares both models on the test images as they are labeled now.
fn compare(question: Question) -> Result<EditsVerdict, String> {
    let Question {
        dataset,
        baseline,
        name,
        edited,
    } = question;
    let before = Classifier::load(&baseline.folder.join(MODEL_FILE)).map_err(|e| e.to_string())?;
    let all: Vec<u32> = (0..dataset.test.len() as u32).collect();
    let answers = |model: &Classifier| {
        let predictions = Predictions::new(model, &dataset.test, &all);
        predictions.map_err(|e| {
            let images = count(all.len(), "test image");
            format!("the {images} cannot be classified: {e}")
        })
    };
    let paired = Paired::of(&answers(&before)?, &answers(&edited)?);
    Ok(EditsVerdict {
        names: [name, baseline.name],
        paired,
        test: paired.test(BOOTSTRAP_SEED),
    })
}
