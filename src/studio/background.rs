//! Work on other threads: one trains, one classifies the drawing, and one accesses files. They
//! report through one channel.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::Wake;
use super::launch::Reopened;
use super::live::{Keep, Live};
use super::rewind::Earlier;
use super::timeline::SharedTimeline;
use crate::data::{Dataset, DecodedImage};
use crate::model::Classifier;
use crate::predict::Predictor;
use crate::runs::RunId;
use crate::sweep::{Plan, SweepState};
use crate::train::{
    Checkpoint, Control, Event, Inspection, Job, LrCurve, Observer, Trainer, run_guarded,
};

/// Events that may be queued for the window. The loop sends about 30 per second, each with every
/// point since the last; if the window is frozen for longer, training waits for it.
const MAX_WAITING_EVENTS: usize = 64;

/// A result of a thread. An error is one sentence.
pub(super) enum Message {
    /// A dataset was read.
    Data(Result<Dataset, String>),
    /// A model was read.
    Opened(PathBuf, Result<Classifier, String>),
    /// A file was written, or could not be.
    Saved(PathBuf, Result<(), String>),
    /// A batch was inspected.
    Inspected(Result<Box<Inspection>, String>),
    /// The LR finder has finished.
    Rates(Result<LrCurve, String>),
    /// A run was read to resume it.
    Reopened(Result<Box<Reopened>, String>),
    /// The saved states of a run were read.
    Timeline(Result<Box<Earlier>, String>),
    /// The workspace was changed, or could not be.
    Tidied(Result<(), String>),
    /// The saved baseline of this workspace was read.
    Baseline(PathBuf, Result<Option<RunId>, String>),
    /// The workspace and its trash were changed, or could not be, and the trash now holds these
    /// runs.
    Trash(Result<Vec<RunId>, String>, Result<Vec<RunId>, String>),
    /// An image was read.
    Picture(Result<DecodedImage, String>),
    /// The sweeps in the workspace were read, with the errors of some of them.
    Sweeps(Vec<(Plan, SweepState)>, Vec<String>),
}

/// The state that a run starts from.
#[derive(Default)]
pub(super) struct Origin {
    /// A checkpoint; `None` for a run that starts from the beginning.
    pub(super) checkpoint: Option<Checkpoint>,
    /// The run's earlier events.
    pub(super) history: Vec<Event>,
}

type Task = Box<dyn FnOnce() -> Message + Send>;

/// The background threads.
pub(super) struct Background {
    pub(super) wake: Wake,
    tasks: Option<Sender<Task>>,
    messages: Receiver<Message>,
    files_thread: Option<JoinHandle<()>>,
    /// Descriptions of the queued file tasks.
    pub(super) activities: Vec<String>,
    events: Option<Receiver<Event>>,
    /// Errors of recording a run, one sentence each.
    problems: (Sender<String>, Receiver<String>),
    trainer: Option<Trainer>,
    latest: Latest,
    timeline: SharedTimeline,
    /// Stopped when the studio closes.
    closing: Arc<Control>,
    pub(super) predictor: Option<Predictor>,
}

/// The newest copy of the run's weights; reading it removes it.
#[derive(Clone, Default)]
pub(super) struct Latest(Arc<Mutex<Option<Arc<Classifier>>>>);

impl Latest {
    pub(super) fn set(&self, classifier: Classifier) {
        *self.lock() = Some(Arc::new(classifier));
    }

    fn take(&self) -> Option<Arc<Classifier>> {
        self.lock().take()
    }

    /// The value is always replaced as a whole, so a panic elsewhere cannot corrupt it.
    fn lock(&self) -> MutexGuard<'_, Option<Arc<Classifier>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Describes why the thread for `purpose` does not run.
pub(super) fn thread_problem(purpose: &str, error: &std::io::Error) -> String {
    format!("The {purpose} thread could not be started: {error}")
}

impl Background {
    pub(super) fn new(wake: Wake) -> std::io::Result<Background> {
        let (tasks, todo) = channel::<Task>();
        let (done, messages) = channel();
        let files_thread = std::thread::Builder::new()
            .name("files".to_owned())
            .spawn({
                let wake = wake.clone();
                move || {
                    for task in todo {
                        // Sending fails if the studio is closing; a task that was begun is
                        // finished.
                        let _ = done.send(task());
                        wake();
                    }
                }
            })?;
        Ok(Background {
            predictor: Some(Predictor::spawn(wake.clone())?),
            wake,
            tasks: Some(tasks),
            messages,
            files_thread: Some(files_thread),
            activities: Vec::new(),
            events: None,
            problems: channel(),
            trainer: None,
            latest: Latest::default(),
            timeline: SharedTimeline::default(),
            closing: Arc::new(Control::default()),
        })
    }

    /// The callback that wakes the window from other threads.
    pub(super) fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Queues a file task; `activity` describes it.
    pub(super) fn run(
        &mut self,
        activity: String,
        task: impl FnOnce() -> Message + Send + 'static,
    ) {
        if let Some(tasks) = &self.tasks {
            // The thread lives as long as the sender, and turns errors into messages.
            let _ = tasks.send(Box::new(task));
            self.activities.push(activity);
        }
    }

    /// The next result of a file task.
    pub(super) fn message(&mut self) -> Option<Message> {
        let message = self.messages.try_recv().ok()?;
        self.activities.remove(0);
        Some(message)
    }

    /// The next event of the run.
    pub(super) fn event(&mut self) -> Option<Event> {
        self.events.as_ref()?.try_recv().ok()
    }

    /// Weights newer than the last ones taken.
    pub(super) fn new_weights(&mut self) -> Option<Arc<Classifier>> {
        self.latest.take()
    }

    /// The next error of recording a run.
    pub(super) fn problem(&mut self) -> Option<String> {
        self.problems.1.try_recv().ok()
    }

    /// Starts a run, after waiting for the previous one to end. `keep` is where it is saved.
    pub(super) fn train(
        &mut self,
        job: Job,
        control: Control,
        origin: Origin,
        keep: Keep,
    ) -> std::io::Result<()> {
        self.end_training();
        let (sender, events): (SyncSender<Event>, _) = sync_channel(MAX_WAITING_EVENTS);
        self.latest = Latest::default();
        let live = Live::new(&job, sender, self.latest.clone(), self.wake.clone());
        self.timeline.clear();
        let live = live.with_timeline(self.timeline.clone());
        let live = live.recorded(keep, self.problems.0.clone());
        self.events = Some(events);
        let Origin {
            checkpoint,
            history,
        } = origin;
        let mut live = live;
        let trainer = Trainer::spawn(job, control, move |job, control| {
            history.iter().for_each(|event| live.event(event));
            if let (Some(checkpoint), false) = (&checkpoint, history.is_empty()) {
                // Saved at once: a crash before the next checkpoint must not lose how the run
                // began.
                live.checkpoint(checkpoint.clone());
            }
            let outcome = run_guarded(job, checkpoint, control, &mut live);
            live.finish(outcome);
        });
        self.trainer = Some(trainer?);
        Ok(())
    }

    /// Stopped when the studio closes; long tasks poll it.
    pub(super) fn closing(&self) -> Arc<Control> {
        self.closing.clone()
    }

    /// The saved states of the run.
    pub(super) fn timeline(&self) -> &SharedTimeline {
        &self.timeline
    }

    /// The run's trainer, to control it.
    pub(super) fn trainer(&self) -> Option<&Trainer> {
        self.trainer.as_ref()
    }

    /// Stops the run, if any, and waits for it. The receiver is dropped first: a sender blocked on
    /// a full channel would never wake.
    fn end_training(&mut self) {
        self.events = None;
        self.trainer = None;
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.closing.stop();
        self.end_training();
        self.predictor = None;
        self.tasks = None;
        if let Some(thread) = self.files_thread.take() {
            // Joined so that a save that was begun is finished before the program ends.
            let _ = thread.join();
        }
    }
}
