//! What happened.
//!
//! [`RunState`] is the fold of a run's events, live or replayed; [`RunFolder`] keeps a run on disk.

mod folder;
mod state;

pub use folder::{Recorder, RunFolder, RunFolderError};
pub use state::{ChangePoint, RunState, Status};
