//! The record of runs.
//!
//! [`RunState`] is the fold of a run's events, live or replayed, and [`Record`] is the same without
//! the points; [`Recorder`] writes a run to a folder and [`RunFolder`] reads it. A workspace is a
//! folder of runs: [`list_runs`] lists it once, [`Watch`] watches it, and [`table`] filters, sorts
//! and groups the runs.

mod baseline;
mod best_epoch;
mod branch;
mod check;
mod checkpoint_writer;
mod checkpoints;
mod error;
mod file_names;
mod folder;
mod history;
mod id;
mod index;
mod kept_events;
mod listing;
mod lock;
mod manifest;
mod metric;
mod notes;
mod record;
mod recorder;
mod rescue;
mod rollback;
mod run_summary;
mod start_model;
mod state;
pub mod table;
mod tail;
mod tidy;
mod trash;
mod value;
mod watch;
mod workspace;

pub use baseline::{read_baseline, write_baseline};
pub use best_epoch::BestBy;
pub use branch::{Parent, ParentHistory};
pub use check::{Finding, FindingKind, check_workspace};
pub use checkpoints::CheckpointPolicy;
pub use error::{DifferentDataset, NoModel, RunFolderError};
pub use file_names::MODEL_FILE;
pub use folder::{RunFolder, Summary};
pub use id::RunId;
pub use listing::{FindError, Listing, UnreadableRun, list_runs, read_run};
pub use manifest::{DatasetRef, Machine, Manifest, RunMeta, TrialOf, Versions};
pub use metric::{Direction, Metric};
pub use notes::Notes;
pub use record::Record;
pub use recorder::{Recorder, is_free};
pub use run_summary::{Aggregates, RunSummary};
pub use state::{ChangePoint, RunState, Status};
pub use tail::{News, Tail};
pub use trash::{delete_run, deleted_runs, discard_run, empty_trash, restore_run};
pub use value::{Value, settings};
pub use watch::{Watch, WatchNews};
pub use workspace::{default_workspace, new_folder};
