//! Ctrl-C, SIGTERM and SIGHUP: the first one stops the work in order, the second one exits at once.

use std::sync::Arc;

use super::out;
use crate::signals;
pub(super) use crate::signals::INTERRUPTED;
use crate::train::Control;

/// What Ctrl-C stops, and the messages about it.
pub(super) struct Interrupt<C> {
    /// Controls the work.
    pub(super) control: Arc<C>,
    pub(super) is_stopped: fn(&C) -> bool,
    pub(super) stop: fn(&C),
    /// What is finished before the work stops.
    pub(super) after: &'static str,
    /// What Ctrl-C does if its handler cannot be installed.
    pub(super) unhandled: &'static str,
}

/// Stops training after a batch.
///
/// * `unhandled`: what Ctrl-C does if its handler cannot be installed
pub(super) fn stop_training(control: &Arc<Control>, unhandled: &'static str) {
    Interrupt {
        control: control.clone(),
        is_stopped: Control::is_stopped,
        stop: Control::stop,
        after: "this batch",
        unhandled,
    }
    .listen();
}

impl<C: Send + Sync + 'static> Interrupt<C> {
    /// Installs the handler.
    pub(super) fn listen(self) {
        let unhandled = self.unhandled;
        let installed = signals::listen(move || {
            if (self.is_stopped)(&self.control) {
                std::process::exit(INTERRUPTED.into());
            }
            let after = self.after;
            out::eprint(&format!(
                "stopping after {after}; Ctrl-C again to exit at once"
            ));
            (self.stop)(&self.control);
        });
        if let Err(error) = installed {
            out::eprint(&format!("warning: Ctrl-C will {unhandled}: {error}"));
        }
    }
}
