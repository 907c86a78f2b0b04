//! Training.
//!
//! [`Job`] is a checked configuration with its dataset; [`train`] runs it and owns no thread, no
//! file and no window: it polls commands from [`Control`] and reports events to an [`Observer`].

mod branch;
mod checkpoint;
mod config;
mod control;
mod divergence;
mod early_stopping;
mod event;
mod extra_weights;
mod forward_stats;
mod gradient;
mod guard;
mod inspect;
mod job;
mod keys;
mod layer_stats;
mod loss;
mod lr_finder;
mod metrics;
mod optimizer;
mod schedule;
mod steps;
mod worker;

pub use checkpoint::{Checkpoint, CheckpointError, Cursor, RollbackStates};
pub use config::{Field, FieldError, Optimizer, Setting, TrainConfig, Value};
pub use control::{Change, Control};
pub use divergence::{Divergence, Origin, Recovery, WorstImage};
pub use early_stopping::{EarlyStopping, Plateau, Watch, Watched};
pub(crate) use event::number;
pub use event::{EpochPoint, Event, Finish, Metrics, StepPoint};
pub use extra_weights::ExtraWeights;
pub use forward_stats::{ForwardStats, LayerForwardStats, forward_stats};
pub use gradient::Clip;
pub use guard::{Anomaly, OnDivergence, detect};
pub use inspect::{InspectedImage, InspectedLayer, Inspection, inspect};
pub use job::{Job, RunOptions};
pub use keys::{KeyError, current_key, parse_value};
pub use layer_stats::{LayerPoint, LayerStat, N_BARS};
pub use loss::Loss;
pub use lr_finder::{LrCurve, LrPoint, LrSearch, LrSuggestions, find_lr, suggest};
pub use metrics::{argmax_rows, measure};
pub use optimizer::{OptimizerState, StepHyper};
pub use schedule::Schedule;
pub(crate) use steps::live_changes;
pub use steps::{Observer, Outcome, TrainError, resume, train};
pub use worker::{Trainer, run_guarded};
