//! What commands come to, and when they can be given.

use super::Command;
use crate::model::PRESETS;
use crate::runs::Status;
use crate::studio::{Action, Model, Run, Studio, Touched};
use crate::train::{Alarm, Finish, Remedy};
use crate::ui::dialogs::Purpose;
use crate::ui::settings::ThemeChoice;
use crate::ui::tabs::Tab;

/// What a command comes to.
#[derive(Debug)]
pub enum Deed {
    /// Something for the studio.
    Act(Action),
    /// Ask for a path first.
    AskPath(Purpose),
    /// Change how the curves are drawn.
    ToggleLogLoss,
    /// Change how the curves are drawn.
    ToggleLogHorizontal,
    /// Change how the curves are drawn.
    ShowWholeCurves,
    /// Turn the middle of the window to something.
    ShowTab(Tab),
    /// Look for these runs only, and turn to where they are compared.
    CompareRuns(String),
    /// Change the theme.
    SetTheme(ThemeChoice),
    /// Open or close the palette.
    TogglePalette,
}

impl Command {
    /// Whether it can be done now.
    pub fn is_possible(self, studio: &Studio) -> bool {
        match self {
            Command::Train => studio.can_train(),
            Command::Stop => studio.live_run().is_some(),
            // A loss that cannot be trusted wants an answer first.
            Command::PauseOrResume => studio.live_run().is_some_and(|r| r.trouble.is_none()),
            Command::Step => {
                studio.can_train() || studio.live_run().is_some_and(|r| r.trouble.is_none())
            }
            Command::GoBackSlower | Command::GoBack | Command::SkipBatch | Command::GoOn => {
                self.remedy(studio).is_some()
            }
            Command::Branch => studio.can_branch(),
            Command::FindRate => studio.can_train(),
            Command::Inspect => studio.can_inspect(),
            Command::ContinueRun => newest(studio).is_some_and(|run| studio.can_continue(&run.id)),
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
            Command::Undo | Command::Redo => self.of_last_touched(studio).is_possible(studio),
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

    /// What to do about it.
    pub fn deed(self, studio: &Studio) -> Deed {
        let is_paused = studio
            .live_run()
            .is_some_and(|r| r.status == Status::Paused);
        if let Some(remedy) = self.remedy(studio) {
            return Deed::Act(Action::TakeRemedy(remedy));
        }
        Deed::Act(match self {
            Command::Train => Action::Train,
            Command::Branch => Action::Branch,
            Command::FindRate => Action::FindRate,
            Command::Inspect => Action::Inspect,
            Command::ContinueRun => match newest(studio) {
                Some(run) => {
                    let is_complete = run.state.status == Status::Finished(Finish::Completed);
                    Action::Continue(run.id.clone(), if is_complete { 5 } else { 0 })
                }
                None => return Deed::TogglePalette,
            },
            Command::PreviousSnapshot => Action::ShowPreviousSnapshot,
            Command::NextSnapshot => Action::ShowNextSnapshot,
            Command::PauseOrResume if is_paused => Action::Resume,
            Command::PauseOrResume => Action::Pause,
            Command::Step => Action::Step,
            Command::Stop => Action::Stop,
            Command::Preset(idx) => Action::ChoosePreset(PRESETS[idx].name),
            Command::NewSeed => Action::NewSeed,
            Command::UseTrainedModel => Action::UseTrainedModel,
            Command::UseMnist => Action::UseMnist,
            Command::RandomTestImage => Action::RandomTestImage,
            Command::Undo | Command::Redo => return self.of_last_touched(studio).deed(studio),
            Command::UndoStroke => Action::UndoStroke,
            Command::RedoStroke => Action::RedoStroke,
            Command::UndoEdit => Action::UndoEdit,
            Command::RedoEdit => Action::RedoEdit,
            Command::Clear => Action::ClearCanvas,
            Command::SaveModel => return Deed::AskPath(Purpose::SaveModel),
            Command::SaveDiagram => return Deed::AskPath(Purpose::SaveDiagram),
            Command::SaveCurves => return Deed::AskPath(Purpose::SaveCurves),
            Command::OpenModel => return Deed::AskPath(Purpose::OpenModel),
            Command::Export(format) => return Deed::AskPath(Purpose::Export(format)),
            Command::OpenData => return Deed::AskPath(Purpose::OpenData),
            Command::OpenImage => return Deed::AskPath(Purpose::OpenImage),
            Command::Sweep(command) => return command.deed(studio),
            Command::OpenWorkspace => return Deed::AskPath(Purpose::OpenWorkspace),
            Command::LogLoss => return Deed::ToggleLogLoss,
            Command::LogHorizontal => return Deed::ToggleLogHorizontal,
            Command::ShowWholeCurves => return Deed::ShowWholeCurves,
            Command::Tab(tab) => return Deed::ShowTab(tab),
            Command::Theme(choice) => return Deed::SetTheme(choice),
            // Without a trouble there is nothing to do; `is_possible` says so.
            Command::Palette
            | Command::GoBackSlower
            | Command::GoBack
            | Command::SkipBatch
            | Command::GoOn => return Deed::TogglePalette,
        })
    }

    /// The remedy it stands for, if that can be taken now.
    fn remedy(self, studio: &Studio) -> Option<Remedy> {
        let trouble = studio.live_run()?.trouble.as_ref()?;
        let back = |divides_rate| {
            let step = trouble.usual_way_back()?;
            Some(Remedy::GoBack { step, divides_rate })
        };
        match self {
            Command::GoBackSlower => back(true),
            Command::GoBack => back(false),
            Command::SkipBatch => trouble.can_skip.then_some(Remedy::Skip),
            Command::GoOn => matches!(trouble.alarm, Alarm::Spike { .. }).then_some(Remedy::GoOn),
            _ => None,
        }
    }

    /// The undo or redo of what was touched last.
    fn of_last_touched(self, studio: &Studio) -> Command {
        match (self, studio.touched()) {
            (Command::Undo, Touched::Canvas) => Command::UndoStroke,
            (Command::Undo, Touched::Settings) => Command::UndoEdit,
            (_, Touched::Canvas) => Command::RedoStroke,
            (_, Touched::Settings) => Command::RedoEdit,
        }
    }
}

/// The run that began last.
fn newest(studio: &Studio) -> Option<&Run> {
    studio.own_run().or(studio.runs().last())
}
