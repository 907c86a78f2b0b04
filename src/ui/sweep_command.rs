//! What can be done with sweeps without details.

use super::command::CommandEffect;
use crate::studio::{Action, ShownSweep, Studio, SweepAction, SweepPhase};

/// Something to do with the sweep that is defined, or the one that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepCommand {
    /// Start the sweep of the form.
    Start,
    /// Let its trials wait, or go on.
    PauseOrResume,
    /// End it for now.
    Stop,
    /// Go on with it.
    Resume,
    /// Look at its runs where runs are compared.
    Compare,
}

impl SweepCommand {
    /// The words for it.
    pub fn label(self) -> &'static str {
        match self {
            SweepCommand::Start => "Start the sweep",
            SweepCommand::PauseOrResume => "Pause or resume the sweep",
            SweepCommand::Stop => "Stop the sweep",
            SweepCommand::Resume => "Go on with the sweep",
            SweepCommand::Compare => "Compare the sweep's runs",
        }
    }

    /// One sentence: what it does.
    pub fn explanation(self) -> &'static str {
        match self {
            SweepCommand::Start => {
                "Trains the trials that the Sweep tab defines, from the settings on the left."
            }
            SweepCommand::PauseOrResume => {
                "Lets every trial wait after its current batch, or go on; nothing is lost."
            }
            SweepCommand::Stop => {
                "Ends the sweep after the current batches; it can go on later where it was."
            }
            SweepCommand::Resume => {
                "Goes on with this sweep: what is done stays, what was interrupted goes on."
            }
            SweepCommand::Compare => {
                "Shows the runs of this sweep, and no others, in the Compare tab."
            }
        }
    }

    /// Whether it can be done now.
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

    /// What it comes to.
    pub(super) fn effect_of(self, studio: &Studio) -> CommandEffect {
        let shown = studio.sweeps().shown();
        let is_paused = shown.is_some_and(|shown| shown.phase == SweepPhase::Paused);
        let action = match self {
            SweepCommand::Start => SweepAction::Start,
            SweepCommand::PauseOrResume if is_paused => SweepAction::Resume,
            SweepCommand::PauseOrResume => SweepAction::Pause,
            SweepCommand::Stop => SweepAction::Stop,
            SweepCommand::Resume => SweepAction::Resume,
            SweepCommand::Compare => {
                let name = shown.map(|shown| shown.plan.definition.name.as_str());
                // The name alone: `rates` is not `rates-2`.
                return CommandEffect::CompareRuns(format!(
                    "sweep = \"{}\"",
                    name.unwrap_or_default()
                ));
            }
        };
        CommandEffect::Act(Action::Sweep(action))
    }
}
