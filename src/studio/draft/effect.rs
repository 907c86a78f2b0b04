//! When a change of a setting takes effect.

/// When a change of a setting takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// At the next batch of the run that is training.
    Now,
    /// With the next run.
    NextRun,
}

impl Effect {
    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            Effect::Now => "takes effect at the next batch",
            Effect::NextRun => "takes effect with a new run",
        }
    }
}
