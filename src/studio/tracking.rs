//! Sends the runs that train in this window to an MLflow server, on a thread per run that training
//! never waits for: it reads the run's folder, which is the spool.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Studio;
use super::thread::{Wake, thread_problem};
use crate::export::{MlflowError, Tracker};
use crate::runs::RunId;

/// Time between two looks at a run that trains.
const EVERY: Duration = Duration::from_secs(2);

/// Time before a run that has ended is sent again to a server that was away.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Where runs are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackForm {
    /// Whether they are sent.
    pub is_on: bool,
    /// The MLflow server, such as `http://localhost:5000`.
    pub url: String,
}

/// How far the newest run is with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TrackState {
    /// No run was sent yet.
    #[default]
    Idle,
    /// It is being sent.
    Sending,
    /// All of it that there is was sent.
    Sent,
    /// The server is away, for this reason: it is tried again.
    Waiting(String),
    /// The server will not take it, for this reason.
    Failed(String),
}

impl TrackState {
    /// One word for it.
    pub fn label(&self) -> &'static str {
        match self {
            TrackState::Idle => "on",
            TrackState::Sending => "sending",
            TrackState::Sent => "sent",
            TrackState::Waiting(_) => "waiting",
            TrackState::Failed(_) => "failed",
        }
    }
}

/// Where runs are sent, and the run that is sent now.
pub struct RunTracker {
    wake: Wake,
    form: TrackForm,
    state: Arc<Mutex<TrackState>>,
    followed: Option<Followed>,
}

/// A run that is being sent.
struct Followed {
    id: RunId,
    /// Told when it has ended; the thread quits when it is dropped before.
    ended: Sender<()>,
    has_ended: bool,
}

impl RunTracker {
    pub(super) fn new(wake: Wake) -> RunTracker {
        RunTracker {
            wake,
            form: TrackForm::default(),
            state: Arc::default(),
            followed: None,
        }
    }

    /// Where runs are sent.
    pub fn form(&self) -> &TrackForm {
        &self.form
    }

    /// How far the newest run is with it.
    pub fn state(&self) -> TrackState {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    /// Sends runs elsewhere from now on, or no more.
    pub(super) fn set_form(&mut self, form: TrackForm) {
        self.form = form;
        self.followed = None;
        // A thread that still waits for an answer writes to the state before.
        self.state = Arc::default();
    }

    /// Begins to send the run in `folder`.
    fn follow(&mut self, id: &RunId, folder: PathBuf) -> std::io::Result<()> {
        let (ended, until) = mpsc::channel();
        let report = Report {
            wake: self.wake.clone(),
            state: self.state.clone(),
        };
        report.set(TrackState::Sending);
        let tracker = Tracker::of_environment(self.form.url.clone());
        let thread = std::thread::Builder::new().name("mlflow".to_owned());
        // It is not waited for: a server that does not answer must not keep the window open.
        thread.spawn(move || send(&tracker, &folder, &until, &report))?;
        self.followed = Some(Followed {
            id: id.clone(),
            ended,
            has_ended: false,
        });
        Ok(())
    }
}

/// What the thread tells the window.
struct Report {
    wake: Wake,
    state: Arc<Mutex<TrackState>>,
}

impl Report {
    fn set(&self, state: TrackState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        (self.wake)();
    }

    /// Says what a look at the run came to.
    fn looked(&self, sent: &Result<(), MlflowError>) {
        self.set(match sent {
            Ok(()) => TrackState::Sent,
            Err(error) if error.is_passing() => TrackState::Waiting(error.to_string()),
            Err(error) => TrackState::Failed(error.to_string()),
        });
    }
}

/// Sends the run in `folder` while it trains, and what is left of it once it has ended.
fn send(tracker: &Tracker, folder: &Path, until: &Receiver<()>, report: &Report) {
    let mut is_wanted = true;
    let mut sent = tracker.follow(folder, |last| {
        // Before its folder is there, there is nothing to say.
        let is_early = matches!(last, Some(Err(MlflowError::Run(_))));
        if let (Some(last), false) = (last, is_early) {
            report.looked(last);
        }
        let told = until.recv_timeout(EVERY);
        is_wanted = told != Err(RecvTimeoutError::Disconnected);
        told == Err(RecvTimeoutError::Timeout)
    });
    while is_wanted {
        report.looked(&sent);
        if !sent.as_ref().is_err_and(MlflowError::is_passing) {
            return;
        }
        is_wanted = until.recv_timeout(RETRY_AFTER) == Err(RecvTimeoutError::Timeout);
        sent = tracker.follow(folder, |_| false);
    }
}

impl Studio {
    /// Where runs are sent.
    pub fn run_tracker(&self) -> &RunTracker {
        &self.tracker
    }

    /// Begins to send a run that has started, and says of one that has ended that it has.
    pub(super) fn track_run(&mut self) {
        if !self.tracker.form.is_on || self.tracker.form.url.is_empty() {
            return;
        }
        let live = self.live_run_id().cloned();
        if let Some(followed) = &mut self.tracker.followed
            && !followed.has_ended
            && live.as_ref() != Some(&followed.id)
        {
            followed.has_ended = true;
            // A thread that has ended needs no word.
            let _ = followed.ended.send(());
        }
        let is_followed = |id: &RunId| {
            let followed = self.tracker.followed.as_ref();
            followed.is_some_and(|followed| followed.id == *id && !followed.has_ended)
        };
        let Some(id) = live.filter(|id| !is_followed(id)) else {
            return;
        };
        let Some(folder) = self.library.workspace.folder_of(&id) else {
            return;
        };
        if let Err(error) = self.tracker.follow(&id, folder) {
            self.notices.error(thread_problem("mlflow", &error));
            self.tracker.form.is_on = false;
        }
    }
}
