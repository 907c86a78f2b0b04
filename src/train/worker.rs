//! Training on a thread of its own; an error or a panic in it does not affect the rest.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::checkpoint::Checkpoint;
use super::control::Control;
use super::event::{Event, Finish};
use super::job::Job;
use super::steps::{Observer, Outcome, resume, train};

/// Runs `job` like [`train`], or continues from `start` like [`resume`], and turns an error or a
/// panic into a failed run: the observer always gets an [`Event::Finished`], and `None` means that
/// it was [`Finish::Failed`].
pub fn run_guarded(
    job: &Job,
    start: Option<Checkpoint>,
    control: &Control,
    observer: &mut dyn Observer,
) -> Option<Outcome> {
    // What the closure leaves half done (network, optimizer) is dropped with it.
    let result = catch_unwind(AssertUnwindSafe(|| match start {
        Some(checkpoint) => resume(job, checkpoint, control, observer),
        None => train(job, control, observer),
    }));
    let message = match result {
        Ok(Ok(outcome)) => return Some(outcome),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => format!("training stopped because of a bug: {}", panic_text(&*panic)),
    };
    observer.event(&Event::Finished {
        finish: Finish::Failed { message },
        test: None,
    });
    None
}

/// The message of a panic.
fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// A training thread. Dropping it stops the run and waits for it: first close any channel the
/// observer may be blocked on.
#[derive(Debug)]
pub struct Trainer {
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

impl Trainer {
    /// Calls `run` on a new thread, with the given `control`.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn spawn(
        job: Job,
        control: Control,
        run: impl FnOnce(&Job, &Control) + Send + 'static,
    ) -> std::io::Result<Trainer> {
        let control = Arc::new(control);
        let thread = std::thread::Builder::new()
            .name("trainer".to_owned())
            .spawn({
                let control = control.clone();
                move || run(&job, &control)
            })?;
        Ok(Trainer {
            control,
            thread: Some(thread),
        })
    }

    /// The control of the run.
    pub fn control(&self) -> &Control {
        &self.control
    }
}

impl Drop for Trainer {
    fn drop(&mut self) {
        self.control.stop();
        if let Some(thread) = self.thread.take() {
            // Errors and panics of the thread were turned into events; nothing is left to report.
            let _ = thread.join();
        }
    }
}
