//! Training.
//!
//! [`Job`] is a checked configuration with its dataset; [`train`] runs it and owns no thread, no
//! file and no window: it polls commands from [`Control`] and reports events to an [`Observer`].

mod active;
mod checkpoint;
mod config;
mod control;
mod cross_validate;
mod divergence;
mod early_stopping;
mod error;
mod event;
mod features;
mod fine_tuning;
mod images;
mod inspect;
mod job;
mod lr_finder;
mod optim;
mod parts;
mod points;
mod privacy;
mod steps;
mod transfer;
mod worker;

pub use active::{
    ActiveError, LabelPoint, MAX_CANDIDATES, Query, Round, Simulation, next_images, simulate,
    train_round,
};
pub use checkpoint::{Checkpoint, CheckpointError, Cursor, ExtraWeights, RollbackStates};
pub use config::{Clip, Optimizer, Privacy, Schedule, TrainConfig};
pub use config::{FieldError, Setting, SettingInfo, SettingMut, Value};
pub use config::{KeyError, current_key, named_value, parse_value};
pub use control::{Change, Control};
pub use cross_validate::{CrossValidateError, cross_validate};
pub use divergence::{
    Anomaly, Divergence, OnDivergence, Origin, RateRaise, Recovery, RollbackRate, WorstImage,
    detect,
};
pub use early_stopping::{EarlyStopping, Plateau, Watch, Watched};
pub use error::TrainError;
pub use event::{Event, Finish};
pub use inspect::{ForwardStats, LayerForwardStats, forward_stats};
pub use inspect::{InspectedImage, InspectedLayer, Inspection, inspect};
pub use inspect::{LayerPictures, LayerPoint, LayerStat, N_BARS};
pub use job::{Job, RunOptions};
pub use lr_finder::{LrCurve, LrPoint, LrSearch, LrSuggestions, find_lr, suggest};
pub use optim::{OptimizerState, StepHyper};
pub use points::{EpochPoint, SketchPoint, StepPoint};
pub use privacy::{Ledger, Spent};
pub(crate) use steps::live_changes;
pub use steps::{Observer, Outcome, resume, train};
pub use transfer::{Start, TransferError};
pub use worker::{Trainer, run_guarded};

// What the loop measures is part of what it takes and reports.
pub(crate) use crate::evaluate::number;
pub use crate::evaluate::{Loss, Metrics, measure};
