//! Evaluation: how good a model is, and where it is wrong.

mod report;

pub use report::{ClassReport, Report, check_fit, evaluate};
