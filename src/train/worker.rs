//! Training on a thread of its own, where neither an error nor a panic can hurt the rest.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::{Checkpoint, Control, Event, Finish, Job, Observer, Outcome, resume, train};

/// Runs `job` as [`train`] does, or goes on from `start` as [`resume`] does, and turns an error or a panic into a failed run: the observer
/// always hears a [`Event::Finished`], and `None` means that it said [`Finish::Failed`].
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
        Err(panic) => format!(
            "training stopped by a fault in the program: {}",
            panic_text(&*panic)
        ),
    };
    observer.event(&Event::Finished {
        finish: Finish::Failed { message },
        test: None,
    });
    None
}

/// What a panic said.
fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// A training thread. Dropping it stops the run and waits for it: close whatever the observer
/// may be waiting for first.
#[derive(Debug)]
pub struct Trainer {
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

impl Trainer {
    /// Calls `run` on a new thread, with a control that obeys what `control` was told before.
    ///
    /// # Errors
    /// When the system gives no thread.
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

    /// The way to steer the run.
    pub fn control(&self) -> &Control {
        &self.control
    }
}

impl Drop for Trainer {
    fn drop(&mut self) {
        self.control.stop();
        if let Some(thread) = self.thread.take() {
            // The thread's own faults were turned into events; there is nothing left to tell.
            let _ = thread.join();
        }
    }
}
