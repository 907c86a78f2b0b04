//! Ctrl-C, SIGTERM and SIGHUP: the first one asks what is running to end, the second one does not
//! ask.

use std::sync::Arc;

use super::out;
use crate::signals;
pub(super) use crate::signals::INTERRUPTED;

/// What Ctrl-C ends, and the words for it.
pub(super) struct Interrupt<C> {
    /// What it is steered by.
    pub(super) control: Arc<C>,
    pub(super) is_stopped: fn(&C) -> bool,
    pub(super) stop: fn(&C),
    /// What is finished before it ends.
    pub(super) after: &'static str,
    /// What Ctrl-C does if it cannot be heard.
    pub(super) unheard: &'static str,
}

impl<C: Send + Sync + 'static> Interrupt<C> {
    /// Listens from now on.
    pub(super) fn listen(self) {
        let unheard = self.unheard;
        let installed = signals::listen(move || {
            if (self.is_stopped)(&self.control) {
                std::process::exit(INTERRUPTED.into());
            }
            let after = self.after;
            out::say(&format!(
                "stopping after {after}; Ctrl-C again to exit at once"
            ));
            (self.stop)(&self.control);
        });
        if let Err(error) = installed {
            out::say(&format!("warning: Ctrl-C will {unheard}: {error}"));
        }
    }
}
