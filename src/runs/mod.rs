//! What happened.
//!
//! [`RunState`] is the fold of a run's events, live or replayed; [`Recorder`] writes a run to
//! a folder and [`RunFolder`] reads it.

mod branch;
mod checkpoints;
mod folder;
mod id;
mod manifest;
mod recorder;
mod state;
mod workspace;

pub use branch::Parent;
pub use checkpoints::{BestBy, CheckpointPolicy};
pub use folder::{RunFolder, RunFolderError, Summary};
pub use id::RunId;
pub use manifest::{DataMark, Machine, Manifest, Versions};
pub use recorder::Recorder;
pub use state::{ChangePoint, RunState, Status};
pub use workspace::{default_workspace, new_folder, read_workspace};
