//! A lesson: the dataset of the examples, and the run that learns them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::measure::Question;
use super::{Phase, Teach};
use crate::data::sketches::{Sketch, examples};
use crate::data::store::Store;
use crate::data::{DataError, Dataset};
use crate::model::Classifier;
use crate::runs::RunId;
use crate::studio::canvas::Model;
use crate::studio::message::Message;
use crate::studio::{RunAction, Studio};
use crate::text::{sentence, thousands};
use crate::train::TrainConfig;

/// The folder, among the examples, of models that have no file of their own.
const MODELS: &str = ".models";

/// What a lesson begins with.
#[derive(Clone)]
pub(in crate::studio) struct Base {
    /// The model that is taught.
    pub(super) classifier: Arc<Classifier>,
    /// Its file, if it has one.
    path: Option<PathBuf>,
    /// How it is called.
    name: String,
    /// The dataset whose images of old classes are mixed in.
    data: Option<Arc<Dataset>>,
}

/// Everything that a lesson needs.
pub(in crate::studio) struct Prepared {
    dataset: Dataset,
    config: TrainConfig,
    base: Base,
    new_classes: Vec<String>,
}

/// A lesson whose run is training.
pub(super) struct Running {
    run: RunId,
    begun: Instant,
    dataset: Arc<Dataset>,
    base: Base,
    new_classes: Vec<String>,
}

/// What is to be prepared.
struct Wanted {
    base: Base,
    examples: Arc<[Sketch]>,
    classes: Vec<String>,
    n_mixed: Option<usize>,
    trains_body: bool,
    workspace: Option<PathBuf>,
}

impl Teach {
    /// The name of the model that the newest lesson began with, if `run` learned in it.
    fn base_of(&self, run: Option<&RunId>) -> Option<&Base> {
        let (taught, base) = self.taught.as_ref()?;
        Some(base).filter(|_| run == Some(taught))
    }
}

impl Studio {
    /// What is taught: the model on the canvas, or what the lesson that made it began with, so that
    /// more examples do not pile up on a model that has seen the others. `None` without a model.
    fn lesson_base(&self) -> Option<Base> {
        let run = self.trained_run().map(|run| &run.id);
        if let (Model::Trained(_), Some(base)) = (self.model(), self.teach.base_of(run)) {
            return Some(base.clone());
        }
        let name = match self.model() {
            Model::None => return None,
            Model::Snapshot { step, .. } => format!("update {}", thousands(*step)),
            Model::Trained(_) => self
                .trained_run()
                .map_or("the trained model", |run| &run.state.name)
                .to_owned(),
            Model::Opened { path, .. } => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                name.to_string_lossy().into_owned()
            }
        };
        Some(Base {
            classifier: self.classifier()?.clone(),
            path: self.fine_tuned_model().map(|(path, _)| path),
            name,
            data: self.dataset().cloned(),
        })
    }

    /// The name of the model that a lesson would begin with.
    pub fn taught_model(&self) -> Option<String> {
        Some(self.lesson_base()?.name)
    }

    /// Whether a lesson can begin: there is a model, examples of a class, and no sweep.
    pub fn can_teach(&self) -> bool {
        let has_model = !matches!(self.model(), Model::None);
        let is_free = !self.teach.is_busy() && !self.sweeps.is_live();
        has_model && is_free && !self.teach.examples.is_empty()
    }

    /// Begins a lesson; a run in training is stopped first.
    pub(super) fn begin_lesson(&mut self) {
        if !self.can_teach() {
            return;
        }
        self.teach.lesson = None;
        self.teach.phase = Phase::Stopping(Instant::now());
        if self.live_run().is_some() {
            self.handle(RunAction::Stop);
        }
        self.pump_teach();
    }

    fn prepare(&mut self, begun: Instant) {
        let Some(base) = self.lesson_base() else {
            self.teach.phase = Phase::Idle;
            return;
        };
        self.teach.phase = Phase::Preparing(begun);
        let with_examples = |class: &&String| self.teach.of_class(class).next().is_some();
        let wanted = Wanted {
            base,
            examples: self.teach.examples.clone(),
            classes: self
                .teach
                .classes
                .iter()
                .filter(with_examples)
                .cloned()
                .collect(),
            n_mixed: self.teach.n_mixed(),
            trains_body: self.teach.trains_body,
            workspace: self.workspace().map(Path::to_owned),
        };
        self.files.run("preparing the lesson".to_owned(), move || {
            Message::Prepared(prepare(wanted).map(Box::new))
        });
    }

    /// Starts the run of a lesson that was prepared.
    pub(in crate::studio) fn receive_prepared(&mut self, prepared: Result<Box<Prepared>, String>) {
        let Phase::Preparing(begun) = self.teach.phase else {
            return;
        };
        self.teach.phase = Phase::Idle;
        let prepared = match prepared {
            Ok(prepared) => *prepared,
            Err(text) => return self.notices.error(sentence(&text)),
        };
        if self.live_run().is_some() {
            let text = "Another run has started meanwhile: nothing was taught";
            return self.notices.error(text.to_owned());
        }
        self.open_dataset(prepared.dataset);
        self.set_draft(prepared.config.clone());
        if !self.begin_or_tell(prepared.config, None) {
            return;
        }
        let run = self.own_run().map(|run| run.id.clone());
        if let (Some(run), Some(dataset)) = (run, self.dataset().cloned()) {
            self.list_stored();
            self.teach.taught = Some((run.clone(), prepared.base.clone()));
            self.teach.phase = Phase::Training(Box::new(Running {
                run,
                begun,
                dataset,
                base: prepared.base,
                new_classes: prepared.new_classes,
            }));
        }
    }

    /// Goes on with the lesson, if there is one.
    pub(in crate::studio) fn pump_teach(&mut self) {
        match &self.teach.phase {
            Phase::Stopping(begun) if self.live_run().is_none() => self.prepare(*begun),
            Phase::Training(running) if self.live_run().is_none() => {
                let is_it = self.own_run().is_some_and(|run| run.id == running.run);
                let question = Question {
                    secs: running.begun.elapsed().as_secs_f64(),
                    dataset: running.dataset.clone(),
                    base: running.base.classifier.clone(),
                    new_classes: running.new_classes.clone(),
                    n_mixed: self.teach.n_mixed(),
                    taught: match self.model() {
                        Model::Trained(classifier) if is_it => classifier.clone(),
                        _ => {
                            self.teach.phase = Phase::Idle;
                            return;
                        }
                    },
                };
                self.teach.thread.ask(question);
                self.teach.phase = Phase::Measuring;
            }
            Phase::Measuring => match self.teach.thread.take() {
                Some(Ok(lesson)) => {
                    self.teach.lesson = Some(lesson);
                    self.teach.phase = Phase::Idle;
                }
                Some(Err(text)) => {
                    self.notices.error(sentence(&text));
                    self.teach.phase = Phase::Idle;
                }
                None => {}
            },
            Phase::Idle | Phase::Stopping(_) | Phase::Preparing(_) | Phase::Training(_) => {}
        }
    }
}

/// Makes the dataset of a lesson and keeps it, and the settings of its run.
fn prepare(wanted: Wanted) -> Result<Prepared, String> {
    let told = |error: DataError| error.to_string();
    let Wanted {
        mut base,
        classes,
        workspace,
        ..
    } = wanted;
    let model = base.classifier.clone();
    let (recipe, shape) = (model.recipe(), model.network.spec().input);
    let made = examples(&wanted.examples, &classes, recipe, shape).map_err(told)?;
    let made = match wanted.n_mixed {
        Some(n) => Dataset {
            name: made.name.clone(),
            ..mixed(&made, &base, n)?
        },
        None if classes.len() < 2 => {
            let text =
                "a model needs at least two classes: name another one, or keep the old classes";
            return Err(text.to_owned());
        }
        None => made,
    };
    let dataset = match &workspace {
        Some(workspace) => Store::of(workspace).save_made(made).map_err(told)?,
        None => made,
    };
    let path = match &base.path {
        Some(path) => path.clone(),
        None => saved(&model, workspace.as_deref())?,
    };
    base.path = Some(path.clone());
    let config = TrainConfig::teaching(&model, &path, &dataset, wanted.trains_body);
    let config = config.map_err(|e| e.to_string())?;
    Ok(Prepared {
        dataset,
        config,
        base,
        new_classes: classes,
    })
}

/// The examples with images of the classes that the model knows.
fn mixed(made: &Dataset, base: &Base, n: usize) -> Result<Dataset, String> {
    let known = &base.classifier.classes;
    let data = base.data.as_ref();
    let data = data.filter(|data| data.classes.iter().any(|class| known.contains(class)));
    let Some(data) = data else {
        return Err(format!(
            "to keep the old classes, open the dataset that {} was trained on: the open one has none \
             of them",
            base.name
        ));
    };
    let joined = made.joined(data, Some(n), |class| known.iter().any(|k| k == class));
    joined.map_err(|error| error.to_string())
}

/// Saves a model that has no file.
fn saved(model: &Classifier, workspace: Option<&Path>) -> Result<PathBuf, String> {
    let Some(workspace) = workspace else {
        return Err(
            "save the model first, or open a workspace: a run starts from a file".to_owned(),
        );
    };
    let folder = crate::data::sketches::SketchFolder::examples(workspace);
    let folder = folder.path().join(MODELS);
    let now = humantime::format_rfc3339_nanos(SystemTime::now());
    let path = folder.join(format!("{now}.safetensors").replace(':', "-"));
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    model.save(&path).map_err(|e| e.to_string())?;
    Ok(path)
}
