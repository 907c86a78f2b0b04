//! Labels that are probably wrong, and what was decided about them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::data::edits::{Edit, EditLog, Edits};
use crate::data::{DataError, Dataset, ImageRef};
use crate::evaluate::{Predictions, label_issues};
use crate::predict::LatestOnly;
use crate::studio::Studio;
use crate::studio::message::Message;
use crate::studio::thread::Wake;
use crate::train::{Control, TrainConfig, cross_validate};

/// Models that are trained, each without the images that it judges.
pub const N_FOLDS: usize = 5;

/// Labels that are probably wrong.
#[derive(Clone, Debug)]
pub struct LabelIssues {
    /// The dataset they are of.
    pub dataset: Arc<Dataset>,
    /// What models predict for each training image that did not see it.
    pub predictions: Predictions,
    /// The images whose label is probably wrong, the least probable label first.
    pub images: Vec<ImageRef>,
}

struct Question {
    dataset: Arc<Dataset>,
    config: TrainConfig,
    control: Arc<Control>,
    n_done: Arc<AtomicUsize>,
    wake: Wake,
}

/// Finds labels that are probably wrong, and keeps what was decided about them.
pub struct Cleaner {
    thread: LatestOnly<Question, Option<Result<Arc<LabelIssues>, String>>>,
    wake: Wake,
    search: Option<(Arc<Control>, Arc<AtomicUsize>)>,
    issues: Option<Arc<LabelIssues>>,
    problem: Option<String>,
    decided: Option<Decided>,
}

/// What was decided about the images of a dataset.
struct Decided {
    dataset: Arc<Dataset>,
    log: Arc<Mutex<EditLog>>,
    edits: Edits,
    can_undo: bool,
}

/// The log of a dataset as the file thread read or changed it.
pub(in crate::studio) struct LogNews {
    dataset: Arc<Dataset>,
    log: Arc<Mutex<EditLog>>,
}

impl Cleaner {
    pub(super) fn new(wake: Wake) -> std::io::Result<Cleaner> {
        Ok(Cleaner {
            thread: LatestOnly::spawn("labels", wake.clone(), search)?,
            wake,
            search: None,
            issues: None,
            problem: None,
            decided: None,
        })
    }

    /// Models that are trained, of [`N_FOLDS`], while labels are searched.
    pub fn progress(&self) -> Option<usize> {
        let (_, n_done) = self.search.as_ref()?;
        Some(n_done.load(Ordering::Relaxed))
    }

    /// Why there is no result, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The labels of `dataset` that are probably wrong, once they were searched.
    pub fn issues(&self, dataset: &Arc<Dataset>) -> Option<&Arc<LabelIssues>> {
        let issues = self.issues.as_ref();
        issues.filter(|issues| Arc::ptr_eq(&issues.dataset, dataset))
    }

    /// What was decided about the images of `dataset`, once it was read.
    pub fn edits(&self, dataset: &Arc<Dataset>) -> Option<&Edits> {
        Some(&self.of(dataset)?.edits)
    }

    /// Whether a decision of this session can be undone.
    pub fn can_undo(&self) -> bool {
        self.decided
            .as_ref()
            .is_some_and(|decided| decided.can_undo)
    }

    fn of(&self, dataset: &Arc<Dataset>) -> Option<&Decided> {
        let decided = self.decided.as_ref();
        decided.filter(|decided| Arc::ptr_eq(&decided.dataset, dataset))
    }

    fn ask(&mut self, dataset: &Arc<Dataset>, config: TrainConfig) {
        self.stop();
        let (control, n_done) = (Arc::new(Control::default()), Arc::default());
        self.search = Some((Arc::clone(&control), Arc::clone(&n_done)));
        self.problem = None;
        self.thread.ask(Question {
            dataset: dataset.clone(),
            config,
            control,
            n_done,
            wake: self.wake.clone(),
        });
    }

    pub(super) fn stop(&mut self) {
        if let Some((control, _)) = self.search.take() {
            control.stop();
        }
    }

    pub(super) fn pump(&mut self) {
        let Some(found) = self.thread.take() else {
            return;
        };
        // Of a search that was stopped, there is nothing.
        match found {
            Some(Ok(issues)) => self.issues = Some(issues),
            Some(Err(text)) => self.problem = Some(text),
            None => return,
        }
        self.search = None;
    }

    /// Takes the log as it is now.
    pub(in crate::studio) fn receive(&mut self, news: LogNews) {
        let log = lock(&news.log);
        let (edits, can_undo) = (log.edits().clone(), log.can_undo());
        drop(log);
        self.decided = Some(Decided {
            dataset: news.dataset,
            log: news.log,
            edits,
            can_undo,
        });
    }
}

impl Drop for Cleaner {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock(log: &Mutex<EditLog>) -> std::sync::MutexGuard<'_, EditLog> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Trains the models that judge the labels; `None` if it was stopped.
fn search(question: Question) -> Option<Result<Arc<LabelIssues>, String>> {
    let Question {
        dataset,
        config,
        control,
        n_done,
        wake,
    } = question;
    let each = |n: usize| {
        n_done.store(n, Ordering::Relaxed);
        wake();
    };
    let predictions = cross_validate(&config, &dataset, N_FOLDS, &control, each);
    if control.is_stopped() {
        return None;
    }
    Some(match predictions {
        Ok(predictions) => {
            let image = |at: usize| ImageRef {
                is_test: false,
                idx: predictions.images()[at] as usize,
            };
            let images = label_issues(&predictions).into_iter().map(image).collect();
            Ok(Arc::new(LabelIssues {
                dataset,
                images,
                predictions,
            }))
        }
        Err(error) => Err(error.to_string()),
    })
}

impl Studio {
    /// Searches labels that are probably wrong, with the network and the settings of the panel.
    pub(super) fn find_label_issues(&mut self) {
        let (Some(dataset), true) = (self.dataset().cloned(), self.can_train()) else {
            return;
        };
        let mut config = self.draft().clone();
        config.n_validation = 0;
        config.batch_size = config.batch_size.min(dataset.train.len() / 2).max(1);
        self.datasets.cleaner.ask(&dataset, config);
    }

    /// Reads what was decided about the images of the open dataset.
    pub(super) fn read_edits(&mut self) {
        let (Some(dataset), Some(workspace)) = (self.dataset().cloned(), self.workspace()) else {
            return;
        };
        if self.datasets.cleaner.of(&dataset).is_some() {
            return;
        }
        let workspace = workspace.to_owned();
        self.files.run("reading the edits".to_owned(), move || {
            let opened = EditLog::open(&workspace, &dataset);
            let news = opened.map(|log| LogNews {
                dataset,
                log: Arc::new(Mutex::new(log)),
            });
            Message::Edits(news.map_err(|error| error.to_string()))
        });
    }

    pub(super) fn decide(&mut self, image: ImageRef, edit: Option<Edit>) {
        self.change_log(move |log, dataset| log.decide(dataset, image, edit, "label issue"));
    }

    pub(super) fn undo_edit(&mut self) {
        self.change_log(|log, dataset| log.undo(dataset).map(drop));
    }

    pub(super) fn change_log(
        &mut self,
        change: impl FnOnce(&mut EditLog, &Dataset) -> Result<(), DataError> + Send + 'static,
    ) {
        let Some(dataset) = self.dataset().cloned() else {
            return;
        };
        let Some(decided) = self.datasets.cleaner.of(&dataset) else {
            return;
        };
        let log = decided.log.clone();
        self.files.run("writing the edits".to_owned(), move || {
            let changed = change(&mut lock(&log), &dataset);
            let news = changed.map(|()| LogNews { dataset, log });
            Message::Edits(news.map_err(|error| error.to_string()))
        });
    }

    /// Stores the open dataset with its edits under a name of its own, and opens it.
    pub(super) fn save_edited(&mut self) {
        let (Some(dataset), Some(store)) = (self.dataset().cloned(), self.store()) else {
            return;
        };
        let Some(edits) = self.datasets.cleaner.edits(&dataset).cloned() else {
            return;
        };
        let activity = format!("storing {} with its edits", dataset.name);
        self.data.load(format!("{} with its edits", dataset.name));
        self.files.run(activity, move || {
            let stored = store.save_edited(&dataset, &edits, None);
            let path = stored
                .as_ref()
                .ok()
                .and_then(|stored| stored.folder.clone());
            Message::Data(
                Some(path.unwrap_or_else(|| PathBuf::from(&dataset.name))),
                stored.map_err(|error| error.to_string()),
            )
        });
    }
}
