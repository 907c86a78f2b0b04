//! The thread of a sweep.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::data::Dataset;
use crate::studio::thread::Wake;
use crate::sweep::{self, Plan, SweepControl, SweepEnd, SweepEvent, SweepFolder, SweepState};

/// A message of the sweep's thread.
pub(super) enum Message {
    Opened(SweepState),
    Event(SweepEvent),
    Ended(Result<SweepEnd, String>),
}

/// The thread of a sweep. Dropping it stops the sweep and waits for it.
pub(super) struct LiveSweep {
    pub(super) control: Arc<SweepControl>,
    pub(super) messages: Receiver<Message>,
    thread: Option<JoinHandle<()>>,
}

impl LiveSweep {
    /// Runs the sweep of `plan` on its own thread, starting with the trial `retry` if there is one.
    pub(super) fn spawn(
        plan: &Plan,
        workspace: &Path,
        dataset: &Arc<Dataset>,
        retry: Option<usize>,
        wake: Wake,
    ) -> std::io::Result<LiveSweep> {
        let control = Arc::new(SweepControl::default());
        if let Some(trial) = retry {
            control.retry(trial);
        }
        let (sender, messages) = channel();
        let work = Work {
            workspace: workspace.to_owned(),
            plan: plan.clone(),
            dataset: dataset.clone(),
            control: control.clone(),
            sender,
            wake,
        };
        let thread = std::thread::Builder::new().name("sweep".to_owned());
        let thread = Some(thread.spawn(move || work.run())?);
        Ok(LiveSweep {
            control,
            messages,
            thread,
        })
    }
}

impl Drop for LiveSweep {
    fn drop(&mut self) {
        self.control.stop();
        if let Some(thread) = self.thread.take() {
            // Its errors were reported before.
            let _ = thread.join();
        }
    }
}

/// The data of the sweep's thread.
struct Work {
    workspace: PathBuf,
    plan: Plan,
    dataset: Arc<Dataset>,
    control: Arc<SweepControl>,
    sender: Sender<Message>,
    wake: Wake,
}

impl Work {
    fn run(self) {
        let result = self.sweep().map_err(|e| e.to_string());
        self.send(Message::Ended(result));
    }

    /// Fails if the studio is closing.
    fn send(&self, message: Message) {
        let _ = self.sender.send(message);
        (self.wake)();
    }

    fn sweep(&self) -> Result<SweepEnd, sweep::SweepError> {
        let fingerprint = &self.dataset.fingerprint;
        let mut folder = SweepFolder::open(&self.workspace, &self.plan, fingerprint)?;
        self.send(Message::Opened(folder.state().clone()));
        let parallel = self.plan.definition.parallel;
        // The sender may be used by only one thread at a time; the executor calls this under a
        // lock, so a clone of it is enough.
        let (sender, wake) = (self.sender.clone(), self.wake.clone());
        sweep::run(
            &mut folder,
            &self.dataset,
            parallel,
            &self.control,
            &mut move |event, _| {
                let _ = sender.send(Message::Event(event.clone()));
                wake();
            },
        )
    }
}
