//! Evaluation: how good a model is, and where it is wrong.
//!
//! The training loop calls [`measure()`] for loss and accuracy. For everything else,
//! [`Predictions`] are made once; [`Report`], [`Confusion`], [`Calibration`], [`ClassCurve`] and
//! [`Selection`] are computed from them in a moment.

mod calibration;
mod confusion;
mod curves;
mod error;
mod history;
mod interval;
mod label_issues;
mod loss;
mod measure;
pub(crate) mod number;
mod predictions;
mod report;
mod selection;
mod split;
mod temperature;
#[cfg(test)]
mod tests;
mod uncertainty;

pub use calibration::{Bin, Calibration, N_BINS, brier};
pub use confusion::{ConfusedPair, Confusion, Scores};
pub use curves::{ClassCurve, CoveragePoint, CurvePoint, coverage, coverage_from};
pub use error::EvaluateError;
pub use history::{History, Learned, Moment};
pub use interval::wilson;
pub use label_issues::label_issues;
pub use loss::Loss;
pub use measure::{Metrics, measure};
pub(crate) use measure::{eval_batch, n_correct};
pub use predictions::Predictions;
pub use report::{ClassReport, Report};
pub use selection::{Among, Filter, Selection, SortKey};
pub use split::SplitName;
pub use temperature::fit_temperature;
pub use uncertainty::Uncertainty;
