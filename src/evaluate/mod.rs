//! How good, and wrong where.

mod report;

pub use report::{ClassReport, Report, check_fit, evaluate};
