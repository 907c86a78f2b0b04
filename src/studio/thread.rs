//! What the studio's threads have in common.

use std::sync::Arc;

/// Called from other threads when there is something to [`super::Studio::pump`].
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Describes why the thread for `purpose` does not run.
pub(super) fn thread_problem(purpose: &str, error: &std::io::Error) -> String {
    format!("The {purpose} thread could not be started: {error}")
}
