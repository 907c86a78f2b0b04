//! Commands for sweeps.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act_if};
use crate::studio::{ShownSweep, Studio, SweepAction, SweepPhase};

/// A command for the sweep in the form or the one that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepCommand {
    /// Start the sweep defined in the form.
    Start,
    /// Pause or resume its trials.
    PauseOrResume,
    /// Stop it.
    Stop,
    /// Resume it after it was stopped.
    Resume,
    /// Show its runs in Compare.
    Compare,
}

impl CommandKind for SweepCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            SweepCommand::Start => (
                "Start the sweep",
                "Trains the trials that Sweep defines, based on the settings on the left.",
            ),
            SweepCommand::PauseOrResume => (
                "Pause or resume the sweep",
                "Pauses or resumes all trials; nothing is lost.",
            ),
            SweepCommand::Stop => (
                "Stop the sweep",
                "Stops the sweep after the current batches; it can be resumed later.",
            ),
            SweepCommand::Resume => (
                "Resume the stopped sweep",
                "Resumes this sweep: finished trials are kept, interrupted ones continue.",
            ),
            SweepCommand::Compare => (
                "Compare the sweep's runs",
                "Shows only the runs of this sweep in Compare.",
            ),
        }
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        let shown = studio.sweeps().shown();
        let is_live = shown.is_some_and(ShownSweep::is_live);
        let is_paused = shown.is_some_and(|shown| shown.phase == SweepPhase::Paused);
        match self {
            SweepCommand::Start => act_if(can_start(studio), SweepAction::Start),
            SweepCommand::PauseOrResume if is_paused => act_if(is_live, SweepAction::Resume),
            SweepCommand::PauseOrResume => act_if(is_live, SweepAction::Pause),
            SweepCommand::Stop => act_if(is_live, SweepAction::Stop),
            SweepCommand::Resume => act_if(
                shown.is_some_and(ShownSweep::can_resume),
                SweepAction::Continue,
            ),
            SweepCommand::Compare => {
                let name = &shown?.plan.definition.name;
                // Quoted, for an exact match: `rates` is not `rates-2`.
                Some(CommandEffect::CompareRuns(format!("sweep = \"{name}\"")))
            }
        }
    }
}

/// Whether the sweep in the form can start.
fn can_start(studio: &Studio) -> bool {
    let sweeps = studio.sweeps();
    let has_all = studio.dataset().is_some() && studio.workspace().is_some();
    has_all && sweeps.problems().is_empty() && !sweeps.is_live()
}
