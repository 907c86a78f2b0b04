//! Differential privacy: what a training spends, as ε, and the noise that pays for it.

mod accountant;
mod ledger;
mod log_space;
mod noise;

pub use ledger::{Ledger, Spent};
pub(super) use noise::add_noise;
