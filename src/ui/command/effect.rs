//! What commands do, and when they are available.

use super::Command;
use crate::model::PRESETS;
use crate::runs::Status;
use crate::studio::{
    Action, CanvasAction, DraftAction, FileAction, LastEdited, LrFinderAction, Model, Run,
    RunAction, Studio, TimelineAction,
};
use crate::train::{Anomaly, Finish, Recovery};
use crate::ui::dialogs::Purpose;
use crate::ui::settings::ThemeChoice;
use crate::ui::tabs::Tab;

/// What a command does.
#[derive(Debug)]
pub enum CommandEffect {
    /// Send an action to the studio.
    Act(Action),
    /// Ask for a path first.
    AskPath(Purpose),
    /// Toggle the logarithmic loss axis.
    ToggleLogLoss,
    /// Toggle the logarithmic horizontal axis.
    ToggleLogHorizontal,
    /// Reset the zoom of the curves.
    ShowWholeCurves,
    /// Show a tab.
    ShowTab(Tab),
    /// Show only the runs that match this filter, in the Compare tab.
    CompareRuns(String),
    /// Change the theme.
    SetTheme(ThemeChoice),
    /// Open or close the palette.
    TogglePalette,
}

impl Command {
    /// Whether the command is available now.
    pub fn is_possible(self, studio: &Studio) -> bool {
        match self {
            Command::Train => studio.can_train(),
            Command::Stop => studio.live_run().is_some(),
            // An anomaly needs a recovery first.
            Command::PauseOrResume => studio.live_run().is_some_and(|r| r.divergence.is_none()),
            Command::Step => {
                studio.can_train() || studio.live_run().is_some_and(|r| r.divergence.is_none())
            }
            Command::RollBackSlower
            | Command::RollBack
            | Command::SkipBatch
            | Command::ContinueAnyway => self.recovery(studio).is_some(),
            Command::Branch => studio.can_branch(),
            Command::FindLr => studio.can_train(),
            Command::Inspect => studio.can_inspect(),
            Command::ResumeRun => newest(studio).is_some_and(|run| studio.can_continue(&run.id)),
            Command::PreviousSnapshot => studio.timeline().states().len() > 1,
            Command::NextSnapshot => studio.shown_step().is_some(),
            Command::SaveModel => studio.classifier().is_some(),
            Command::SaveCurves => studio.runs().iter().any(|run| run.is_visible),
            Command::UseTrainedModel => {
                matches!(
                    studio.model(),
                    Model::Opened { .. } | Model::Snapshot { .. }
                ) && studio.has_trained_model()
            }
            Command::RandomTestImage => studio.dataset().is_some(),
            Command::Undo | Command::Redo => self.of_last_edited(studio).is_possible(studio),
            Command::UndoStroke => studio.pad().can_undo(),
            Command::RedoStroke => studio.pad().can_redo(),
            Command::UndoEdit => studio.can_undo_edit(),
            Command::RedoEdit => studio.can_redo_edit(),
            Command::Clear => !studio.pad().is_empty(),
            Command::Export(_) => studio.filtered_runs().next().is_some(),
            Command::OpenWorkspace => studio.live_run().is_none() && !studio.sweeps().is_live(),
            Command::Sweep(command) => command.is_possible(studio),
            _ => true,
        }
    }

    /// Returns what the command does.
    pub fn effect_of(self, studio: &Studio) -> CommandEffect {
        let is_paused = studio
            .live_run()
            .is_some_and(|r| r.status == Status::Paused);
        if let Some(recovery) = self.recovery(studio) {
            return CommandEffect::Act(RunAction::Recover(recovery).into());
        }
        CommandEffect::Act(match self {
            Command::Train => RunAction::Train.into(),
            Command::Branch => RunAction::Branch.into(),
            Command::FindLr => LrFinderAction::Start.into(),
            Command::Inspect => RunAction::Inspect.into(),
            Command::ResumeRun => match newest(studio) {
                Some(run) => {
                    let is_complete = run.state.status == Status::Finished(Finish::Completed);
                    RunAction::Continue(run.id.clone(), if is_complete { 5 } else { 0 }).into()
                }
                None => return CommandEffect::TogglePalette,
            },
            Command::PreviousSnapshot => TimelineAction::ShowPrevious.into(),
            Command::NextSnapshot => TimelineAction::ShowNext.into(),
            Command::PauseOrResume if is_paused => RunAction::Resume.into(),
            Command::PauseOrResume => RunAction::Pause.into(),
            Command::Step => RunAction::Step.into(),
            Command::Stop => RunAction::Stop.into(),
            Command::Preset(idx) => DraftAction::ChoosePreset(PRESETS[idx].name).into(),
            Command::NewSeed => DraftAction::NewSeed.into(),
            Command::UseTrainedModel => CanvasAction::UseTrainedModel.into(),
            Command::UseMnist => FileAction::UseMnist.into(),
            Command::RandomTestImage => CanvasAction::RandomTestImage.into(),
            Command::Undo | Command::Redo => return self.of_last_edited(studio).effect_of(studio),
            Command::UndoStroke => CanvasAction::Undo.into(),
            Command::RedoStroke => CanvasAction::Redo.into(),
            Command::UndoEdit => DraftAction::Undo.into(),
            Command::RedoEdit => DraftAction::Redo.into(),
            Command::Clear => CanvasAction::Clear.into(),
            Command::SaveModel => return CommandEffect::AskPath(Purpose::SaveModel),
            Command::SaveDiagram => return CommandEffect::AskPath(Purpose::SaveDiagram),
            Command::SaveCurves => return CommandEffect::AskPath(Purpose::SaveCurves),
            Command::OpenModel => return CommandEffect::AskPath(Purpose::OpenModel),
            Command::Export(format) => return CommandEffect::AskPath(Purpose::Export(format)),
            Command::OpenData => return CommandEffect::AskPath(Purpose::OpenData),
            Command::OpenImage => return CommandEffect::AskPath(Purpose::OpenImage),
            Command::Sweep(command) => return command.effect_of(studio),
            Command::OpenWorkspace => return CommandEffect::AskPath(Purpose::OpenWorkspace),
            Command::LogLoss => return CommandEffect::ToggleLogLoss,
            Command::LogHorizontal => return CommandEffect::ToggleLogHorizontal,
            Command::ShowWholeCurves => return CommandEffect::ShowWholeCurves,
            Command::Tab(tab) => return CommandEffect::ShowTab(tab),
            Command::Theme(choice) => return CommandEffect::SetTheme(choice),
            // Without a divergence there is nothing to do; `is_possible` returns false.
            Command::Palette
            | Command::RollBackSlower
            | Command::RollBack
            | Command::SkipBatch
            | Command::ContinueAnyway => return CommandEffect::TogglePalette,
        })
    }

    /// The recovery it stands for, if that is available now.
    fn recovery(self, studio: &Studio) -> Option<Recovery> {
        let divergence = studio.live_run()?.divergence.as_ref()?;
        let back = |divides_rate| {
            let step = divergence.default_rollback_step()?;
            Some(Recovery::RollBack { step, divides_rate })
        };
        match self {
            Command::RollBackSlower => back(true),
            Command::RollBack => back(false),
            Command::SkipBatch => divergence.can_skip.then_some(Recovery::SkipBatch),
            Command::ContinueAnyway => {
                matches!(divergence.anomaly, Anomaly::Spike { .. }).then_some(Recovery::Continue)
            }
            _ => None,
        }
    }

    /// The undo or redo of what was edited last.
    fn of_last_edited(self, studio: &Studio) -> Command {
        match (self, studio.last_edited()) {
            (Command::Undo, LastEdited::Canvas) => Command::UndoStroke,
            (Command::Undo, LastEdited::Settings) => Command::UndoEdit,
            (_, LastEdited::Canvas) => Command::RedoStroke,
            (_, LastEdited::Settings) => Command::RedoEdit,
        }
    }
}

/// The run that was started last.
fn newest(studio: &Studio) -> Option<&Run> {
    studio.own_run().or(studio.runs().last())
}
