//! Sweep commands without arguments.

use super::command::CommandEffect;
use crate::studio::{Action, ShownSweep, Studio, SweepAction, SweepPhase};

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
    /// Show its runs in the Compare tab.
    Compare,
}

impl SweepCommand {
    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            SweepCommand::Start => "Start the sweep",
            SweepCommand::PauseOrResume => "Pause or resume the sweep",
            SweepCommand::Stop => "Stop the sweep",
            SweepCommand::Resume => "Resume the stopped sweep",
            SweepCommand::Compare => "Compare the sweep's runs",
        }
    }

    /// One sentence that explains what the command does.
    pub fn explanation(self) -> &'static str {
        match self {
            SweepCommand::Start => {
                "Trains the trials that the Sweep tab defines, based on the settings on the left."
            }
            SweepCommand::PauseOrResume => "Pauses or resumes all trials; nothing is lost.",
            SweepCommand::Stop => {
                "Stops the sweep after the current batches; it can be resumed later."
            }
            SweepCommand::Resume => {
                "Resumes this sweep: finished trials are kept, interrupted ones continue."
            }
            SweepCommand::Compare => "Shows only the runs of this sweep in the Compare tab.",
        }
    }

    /// Whether the command is available now.
    pub fn is_possible(self, studio: &Studio) -> bool {
        let sweeps = studio.sweeps();
        let shown = sweeps.shown();
        match self {
            SweepCommand::Start => {
                let has_all = studio.dataset().is_some() && studio.workspace().is_some();
                has_all && sweeps.problems().is_empty() && !sweeps.is_live()
            }
            SweepCommand::PauseOrResume | SweepCommand::Stop => {
                shown.is_some_and(ShownSweep::is_live)
            }
            SweepCommand::Resume => shown.is_some_and(ShownSweep::can_resume),
            SweepCommand::Compare => shown.is_some(),
        }
    }

    /// Returns what the command does.
    pub(super) fn effect_of(self, studio: &Studio) -> CommandEffect {
        let shown = studio.sweeps().shown();
        let is_paused = shown.is_some_and(|shown| shown.phase == SweepPhase::Paused);
        let action = match self {
            SweepCommand::Start => SweepAction::Start,
            SweepCommand::PauseOrResume if is_paused => SweepAction::Resume,
            SweepCommand::PauseOrResume => SweepAction::Pause,
            SweepCommand::Stop => SweepAction::Stop,
            SweepCommand::Resume => SweepAction::Continue,
            SweepCommand::Compare => {
                let name = shown.map(|shown| shown.plan.definition.name.as_str());
                // Quoted, for an exact match: `rates` is not `rates-2`.
                return CommandEffect::CompareRuns(format!(
                    "sweep = \"{}\"",
                    name.unwrap_or_default()
                ));
            }
        };
        CommandEffect::Act(Action::Sweep(action))
    }
}
