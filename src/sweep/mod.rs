//! Many runs with different settings, to find the best.
//!
//! A [`Definition`] describes which keys of the configuration to search, how, and for how long. A
//! [`SweepFolder`] stores it beside the journal of its trials; [`run`] runs the trials that are not
//! done, several in parallel, and each of them is an ordinary run of the workspace.

mod axis;
mod check;
mod control;
mod definition;
mod draw;
mod emit;
mod error;
mod event;
mod executor;
mod folder;
mod journal;
mod leaderboard;
mod metric;
mod parse;
mod plan;
mod point;
mod prune;
mod sampler;
mod shared;
mod space;
mod state;
mod status;
mod task;
mod tpe;
mod trial;

pub use axis::{Axis, Values, When};
pub use check::{Location, Problem};
pub use control::SweepControl;
pub use definition::{Definition, Method, Prune};
pub use emit::{EmitError, Engine, emit};
pub use error::SweepError;
pub use event::SweepEvent;
pub use executor::{SweepEnd, run};
pub use folder::SweepFolder;
pub use leaderboard::LeaderboardEntry;
pub use metric::{Measure, OBJECTIVES};
pub use plan::Plan;
pub use point::{Point, describe, describe_with};
pub use prune::Verdict;
pub use state::{SweepState, Trial};
pub use status::TrialStatus;
