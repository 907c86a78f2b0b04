//! The parent of a branch.

use serde::{Deserialize, Serialize};

use crate::text;
use crate::train::{EpochPoint, StepPoint};

/// The run and the update that a branch starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Name of the run.
    pub run: String,
    /// Updates done.
    pub step: u64,
}

impl Parent {
    /// Describes the branch in words.
    pub fn words(&self) -> String {
        let step = text::thousands(self.step);
        format!("branch of {} at update {step}", self.run)
    }
}

impl std::fmt::Display for Parent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.run, self.step)
    }
}

/// The parent's history before the branch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParentHistory {
    /// The updates before the branch point.
    pub points: Vec<StepPoint>,
    /// The finished epochs.
    pub epochs: Vec<EpochPoint>,
}
