//! A model gets better.
//!
//! [`Job`] is a checked configuration with its data; [`train`] runs it and owns no thread, no file
//! and no window: it hears commands from [`Control`] and tells an [`Observer`] what happens.

mod branch;
mod checkpoint;
mod config;
mod control;
mod digits;
mod event;
mod examine;
mod gradient;
mod guard;
mod job;
mod kept;
mod keys;
mod layer_stats;
mod loss;
mod metrics;
mod microscope;
mod optimizer;
mod patience;
mod rate_finder;
mod schedule;
mod steps;
mod trouble;
mod worker;

pub use checkpoint::{Checkpoint, CheckpointError, Cursor, WayBack};
pub use config::{Field, FieldError, Optimizer, Setting, TrainConfig, Value};
pub use control::{Change, Control};
pub use digits::thousands;
pub(crate) use event::number;
pub use event::{EpochPoint, Event, Finish, Metrics, StepPoint};
pub use examine::{LayerReading, Readings, examine};
pub use gradient::Clip;
pub use guard::{Alarm, OnDivergence, judge};
pub use job::{Job, RunOptions};
pub use kept::Kept;
pub use keys::{KeyError, parse_value};
pub use layer_stats::{LayerPoint, LayerStat, N_BARS};
pub use loss::Loss;
pub use metrics::{argmax, argmax_rows, measure};
pub use microscope::{InspectedImage, InspectedLayer, Inspection, inspect};
pub use optimizer::{OptimizerState, Pace};
pub use patience::{EarlyStopping, Plateau, Watch, Watched};
pub use rate_finder::{RateCurve, RatePoint, RateSearch, RateSuggestions, find_rate, suggest};
pub use schedule::Schedule;
pub(crate) use steps::live_changes;
pub use steps::{Observer, Outcome, TrainError, resume, train};
pub use trouble::{Origin, Remedy, Trouble, WorstImage};
pub use worker::{Trainer, run_guarded};
