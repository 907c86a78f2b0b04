//! The progress of an import on the terminal, and its end by Ctrl-C.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::interrupt::{INTERRUPTED, Interrupt};
use crate::data::{DataError, ImportProgress};

/// How often the progress is shown.
const INTERVAL: Duration = Duration::from_millis(100);

/// What became of an import.
pub(super) enum Task<T> {
    Done(T),
    /// Ctrl-C, with the exit code.
    Canceled(ExitCode),
}

/// Does an import with a progress bar, until Ctrl-C.
pub(super) fn importing<T>(
    work: impl FnOnce(&ImportProgress) -> Result<T, DataError>,
) -> anyhow::Result<Task<T>> {
    let progress = Arc::new(ImportProgress::default());
    Interrupt {
        control: progress.clone(),
        is_stopped: ImportProgress::is_canceled,
        stop: ImportProgress::cancel,
        after: "this image",
        unhandled: "leave what is half written",
    }
    .listen();
    let is_done = AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        let bar = scope.spawn(|| show(&progress, &is_done));
        let result = work(&progress);
        is_done.store(true, Ordering::Relaxed);
        bar.thread().unpark();
        result
    });
    match result {
        Ok(done) => Ok(Task::Done(done)),
        Err(DataError::Canceled) => Ok(Task::Canceled(INTERRUPTED.into())),
        Err(error) => Err(error.into()),
    }
}

/// Shows the progress on standard error, if that is a terminal.
fn show(progress: &ImportProgress, is_done: &AtomicBool) {
    let template = "{bar:30} {pos} of {len} images  {eta} left";
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    while !is_done.load(Ordering::Relaxed) {
        let [done, all] = progress.counts().map(|n| n as u64);
        if all > 0 {
            bar.set_length(all);
            bar.set_position(done);
        }
        std::thread::park_timeout(INTERVAL);
    }
    bar.finish_and_clear();
}
