//! A model gets better.
//!
//! [`Job`] is a checked configuration with its data; [`train`] runs it and owns no thread, no file
//! and no window: it hears commands from [`Control`] and tells an [`Observer`] what happens.

mod checkpoint;
mod config;
mod control;
mod event;
mod gradient;
mod job;
mod kept;
mod loss;
mod metrics;
mod optimizer;
mod patience;
mod schedule;
mod steps;
mod worker;

pub use checkpoint::{Checkpoint, Cursor};
pub use config::{Field, FieldError, Optimizer, Setting, TrainConfig, Value};
pub use control::{Change, Control};
pub use event::{EpochPoint, Event, Finish, Metrics, StepPoint};
pub use gradient::Clip;
pub use job::Job;
pub use kept::Kept;
pub use loss::Loss;
pub use metrics::{argmax_rows, measure};
pub use optimizer::{OptimizerState, Pace};
pub use patience::{EarlyStopping, Plateau, Watch, Watched};
pub use schedule::Schedule;
pub(crate) use steps::live_changes;
pub use steps::{Observer, Outcome, TrainError, resume, train};
pub use worker::{Trainer, run_guarded};
