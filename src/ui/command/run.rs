//! Commands for the run in training, and for starting runs.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act_if};
use crate::runs::Status;
use crate::studio::{LrFinderAction, RunAction, Studio};
use crate::train::Finish;

/// A command for runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunCommand {
    /// Start a run.
    Train,
    /// Pause or resume the run.
    PauseOrResume,
    /// Train one batch.
    Step,
    /// End the run.
    Stop,
    /// Resume the latest run that has ended.
    ResumeLatest,
    /// Find a learning rate.
    FindLr,
    /// Inspect the next batch.
    Inspect,
}

/// Epochs by which a completed run is continued.
const N_MORE_EPOCHS: usize = 5;

impl CommandKind for RunCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            RunCommand::Train => ("Train", "Starts a run with the settings on the left."),
            RunCommand::PauseOrResume => (
                "Pause or resume",
                "Pauses or resumes training; nothing is lost.",
            ),
            RunCommand::Step => (
                "Train one batch",
                "Trains exactly one batch, then pauses; starts a run if there is none.",
            ),
            RunCommand::Stop => (
                "Stop",
                "Ends the run after this batch; its curves and its model are kept.",
            ),
            RunCommand::ResumeLatest => (
                "Resume latest run",
                "Resumes the latest run exactly where it ended; a completed one gets 5 more epochs.",
            ),
            RunCommand::FindLr => (
                "Find a learning rate",
                "Runs a short trial with a rising learning rate and suggests one; your weights \
                 are not changed.",
            ),
            RunCommand::Inspect => (
                "Inspect the next batch",
                "Shows the next batch of a paused run step by step: forward, backward and \
                 update, and what each changes.",
            ),
        }
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        // An anomaly needs a recovery first.
        let is_steerable = studio.live_run().is_some_and(|r| r.divergence.is_none());
        let is_paused = studio
            .live_run()
            .is_some_and(|r| r.status == Status::Paused);
        match self {
            RunCommand::Train => act_if(studio.can_train(), RunAction::Train),
            RunCommand::PauseOrResume if is_paused => act_if(is_steerable, RunAction::Resume),
            RunCommand::PauseOrResume => act_if(is_steerable, RunAction::Pause),
            RunCommand::Step => act_if(studio.can_train() || is_steerable, RunAction::Step),
            RunCommand::Stop => act_if(studio.live_run().is_some(), RunAction::Stop),
            RunCommand::ResumeLatest => resume_latest(studio),
            RunCommand::FindLr => act_if(studio.can_train(), LrFinderAction::Start),
            RunCommand::Inspect => act_if(studio.can_inspect(), RunAction::Inspect),
        }
    }
}

/// Resumes the run that was started last.
fn resume_latest(studio: &Studio) -> Option<CommandEffect> {
    let run = studio.own_run().or(studio.runs().last())?;
    let is_complete = run.state.status == Status::Finished(Finish::Completed);
    let n_more = if is_complete { N_MORE_EPOCHS } else { 0 };
    act_if(
        studio.can_continue(&run.id),
        RunAction::Continue(run.id.clone(), n_more),
    )
}
