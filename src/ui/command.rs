//! Everything a person can ask for with one key or one word. Buttons, shortcuts and the palette
//! share these.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::dialogs::Purpose;
use super::settings::ThemeChoice;
use super::sweep_command::SweepCommand;
use super::tabs::Tab;
use crate::model::PRESETS;
use crate::runs::Status;
use crate::studio::{Action, Format, Model, Run, Studio, Touched};
use crate::train::{Alarm, Finish, Remedy};

/// An intention without details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start a run.
    Train,
    /// Pause the run, or let it go on.
    PauseOrResume,
    /// One batch.
    Step,
    /// End the run.
    Stop,
    /// Go back from a loss that cannot be trusted, and on with a smaller learning rate.
    GoBackSlower,
    /// Go back from a loss that cannot be trusted.
    GoBack,
    /// Leave the batch out.
    SkipBatch,
    /// Learn from the batch all the same.
    GoOn,
    /// Start a run from the weights that the timeline shows.
    Branch,
    /// Go on with the newest run that is over.
    ContinueRun,
    /// Look for a learning rate.
    FindRate,
    /// Look into the next batch.
    Inspect,
    /// The network as it was a little earlier.
    PreviousSnapshot,
    /// The network as it was a little later.
    NextSnapshot,
    /// Put the preset at this index into the settings.
    Preset(usize),
    /// Draw a new seed.
    NewSeed,
    /// Write the model to a file.
    SaveModel,
    /// Write a drawing of the network to a file.
    SaveDiagram,
    /// Write the curves to a file.
    SaveCurves,
    /// Read a model from a file.
    OpenModel,
    /// Go back to the trained network.
    UseTrainedModel,
    /// Read a folder of images.
    OpenData,
    /// Go back to MNIST.
    UseMnist,
    /// Put a picture on the canvas.
    OpenImage,
    /// Put a random test image on the canvas.
    RandomTestImage,
    /// Take back the last change of what was touched last, the canvas or the settings.
    Undo,
    /// Put it back.
    Redo,
    /// Take back the last change of the canvas.
    UndoStroke,
    /// Put it back.
    RedoStroke,
    /// Take back the last change of the settings.
    UndoEdit,
    /// Put it back.
    RedoEdit,
    /// Empty the canvas.
    Clear,
    /// Logarithmic loss or not.
    LogLoss,
    /// Logarithmic horizontal axis or not.
    LogHorizontal,
    /// Show all of the curves again.
    ShowWholeCurves,
    /// Turn the middle of the window to something.
    Tab(Tab),
    /// Write runs for other programs.
    Export(Format),
    /// Start, steer or end a sweep.
    Sweep(SweepCommand),
    /// Keep runs in another folder.
    OpenWorkspace,
    /// Choose a theme.
    Theme(ThemeChoice),
    /// Open the list of commands.
    Palette,
}

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

const PLAIN: &[Command] = &[
    Command::Train,
    Command::PauseOrResume,
    Command::Step,
    Command::Stop,
    Command::GoBackSlower,
    Command::GoBack,
    Command::SkipBatch,
    Command::GoOn,
    Command::Branch,
    Command::ContinueRun,
    Command::FindRate,
    Command::Inspect,
    Command::PreviousSnapshot,
    Command::NextSnapshot,
    Command::NewSeed,
    Command::SaveModel,
    Command::SaveDiagram,
    Command::SaveCurves,
    Command::OpenModel,
    Command::UseTrainedModel,
    Command::OpenData,
    Command::UseMnist,
    Command::OpenImage,
    Command::RandomTestImage,
    Command::Undo,
    Command::Redo,
    Command::UndoStroke,
    Command::RedoStroke,
    Command::UndoEdit,
    Command::RedoEdit,
    Command::Clear,
    Command::LogLoss,
    Command::LogHorizontal,
    Command::ShowWholeCurves,
    Command::Tab(Tab::Train),
    Command::Tab(Tab::Network),
    Command::Tab(Tab::Compare),
    Command::Tab(Tab::Sweep),
    Command::Tab(Tab::Layers),
    Command::Export(Format::Csv),
    Command::Export(Format::Jsonl),
    Command::Export(Format::Tensorboard),
    Command::Sweep(SweepCommand::Start),
    Command::Sweep(SweepCommand::PauseOrResume),
    Command::Sweep(SweepCommand::Stop),
    Command::Sweep(SweepCommand::GoOn),
    Command::Sweep(SweepCommand::Compare),
    Command::OpenWorkspace,
    Command::Theme(ThemeChoice::System),
    Command::Theme(ThemeChoice::Dark),
    Command::Theme(ThemeChoice::Light),
    Command::Palette,
];

impl Command {
    /// Every command.
    pub fn all() -> impl Iterator<Item = Command> {
        let presets = (0..PRESETS.len()).map(Command::Preset);
        PLAIN.iter().copied().chain(presets)
    }

    /// The words for it.
    pub fn label(self) -> String {
        let label = match self {
            Command::Train => "Train",
            Command::PauseOrResume => "Pause or resume",
            Command::Step => "Step one batch",
            Command::Stop => "Stop",
            Command::GoBackSlower => "Go back, rate ÷ 10",
            Command::GoBack => "Go back",
            Command::SkipBatch => "Skip the batch",
            Command::GoOn => "Go on anyway",
            Command::Branch => "Branch from the timeline",
            Command::ContinueRun => "Go on with the newest run",
            Command::FindRate => "Find a learning rate",
            Command::Inspect => "Look inside the next batch",
            Command::PreviousSnapshot => "Earlier snapshot",
            Command::NextSnapshot => "Later snapshot",
            Command::Preset(idx) => return format!("Preset: {}", PRESETS[idx].label),
            Command::NewSeed => "New seed",
            Command::SaveModel => "Save model…",
            Command::SaveDiagram => "Save drawing…",
            Command::SaveCurves => "Save curves…",
            Command::OpenModel => "Open model…",
            Command::UseTrainedModel => "Ask the trained network",
            Command::OpenData => "Open data folder…",
            Command::UseMnist => "Use MNIST",
            Command::OpenImage => "Open image…",
            Command::RandomTestImage => "Random test image",
            Command::Undo => "Undo last change",
            Command::Redo => "Redo last change",
            Command::UndoStroke => "Undo stroke",
            Command::RedoStroke => "Redo stroke",
            Command::UndoEdit => "Undo edit",
            Command::RedoEdit => "Redo edit",
            Command::Clear => "Clear canvas",
            Command::LogLoss => "Logarithmic loss",
            Command::LogHorizontal => "Logarithmic horizontal axis",
            Command::ShowWholeCurves => "Show whole curves",
            Command::Tab(tab) => return format!("Tab: {}", tab.label()),
            Command::Export(Format::Csv) => "Export runs as a table (CSV)…",
            Command::Export(Format::Jsonl) => "Export runs as JSON lines…",
            Command::Export(Format::Tensorboard) => "Export runs for TensorBoard…",
            Command::Sweep(command) => command.label(),
            Command::OpenWorkspace => "Open workspace…",
            Command::Theme(choice) => return format!("Theme: {}", choice.label()),
            Command::Palette => "All commands",
        };
        label.to_owned()
    }

    /// One sentence: what it does.
    pub fn explanation(self) -> &'static str {
        match self {
            Command::Train => "Starts a run with the settings on the left.",
            Command::PauseOrResume => "Lets training wait, or go on; nothing is lost.",
            Command::Step => "Trains exactly one batch, then waits; starts a run if there is none.",
            Command::Stop => "Ends the run after this batch; its curves and its network stay.",
            Command::GoBackSlower => {
                "Returns to an earlier full state and goes on with a tenth of the learning rate."
            }
            Command::GoBack => {
                "Returns to an earlier full state, exactly; unless a setting changes, the same happens again."
            }
            Command::SkipBatch => "Leaves this batch out and goes on with the next.",
            Command::GoOn => "Learns from this batch all the same.",
            Command::Branch => {
                "Starts a run from exactly the weights, optimiser and place in the data that the timeline shows, with the settings on the left; seed and held-out images stay."
            }
            Command::ContinueRun => {
                "Goes on with the newest run exactly where it was; a complete one gets five more epochs."
            }
            Command::FindRate => {
                "Tries growing learning rates in a short mock run and suggests one; no weights of yours are touched."
            }
            Command::Inspect => {
                "Shows the next batch of a paused run step by step: forward, backward and update, and what each changes."
            }
            Command::PreviousSnapshot => {
                "Lets the canvas ask the network as it was a little earlier."
            }
            Command::NextSnapshot => {
                "Lets the canvas ask the network as it was a little later, and in the end as it is now."
            }
            Command::Preset(idx) => PRESETS[idx].explanation,
            Command::NewSeed => "Draws a new seed, so that the next run starts from other weights.",
            Command::SaveModel => "Writes the network that the canvas asks to a file.",
            Command::SaveDiagram => {
                "Writes a drawing of the network in the settings to an SVG or PNG file, for a page or a talk."
            }
            Command::SaveCurves => {
                "Writes the curves that are shown to an SVG or PNG file, with axes and a legend."
            }
            Command::OpenModel => "Reads a network from a file and lets the canvas ask it.",
            Command::UseTrainedModel => {
                "Lets the canvas ask the network trained in this session instead of the opened one."
            }
            Command::OpenData => "Reads a folder with four IDX files, named as MNIST's are.",
            Command::UseMnist => "Goes back to the handwritten digits that come with the program.",
            Command::OpenImage => "Puts a PNG or JPEG file on the canvas.",
            Command::RandomTestImage => {
                "Puts an image that no network was trained on onto the canvas, with its true label."
            }
            Command::Undo => {
                "Takes back the last change of what was touched last: the canvas or the settings."
            }
            Command::Redo => "Puts back what was taken back last.",
            Command::UndoStroke => "Takes back the last stroke, image or clearing.",
            Command::RedoStroke => "Puts back the stroke, image or clearing that was taken back.",
            Command::UndoEdit => "Takes back the last change of the settings, layers included.",
            Command::RedoEdit => "Puts back the change of the settings that was taken back.",
            Command::Clear => "Removes all ink from the canvas; this can be undone.",
            Command::LogLoss => "Makes small losses as visible as large ones.",
            Command::LogHorizontal => "Spreads the beginning of training.",
            Command::ShowWholeCurves => {
                "Undoes zooming: shows every run from its beginning to now."
            }
            Command::Tab(tab) => tab.explanation(),
            Command::Export(Format::Csv) => {
                "One row a run with settings and metrics, for spreadsheets."
            }
            Command::Export(Format::Jsonl) => {
                "One line a run with settings, metrics and every epoch, for scripts."
            }
            Command::Export(Format::Tensorboard) => {
                "A folder with every point of each run and its settings, as TensorBoard reads it."
            }
            Command::Sweep(command) => command.explanation(),
            Command::OpenWorkspace => {
                "Shows the runs of another folder and keeps new ones there, now and in later sessions."
            }
            Command::Theme(ThemeChoice::System) => "Follows the desktop, where it tells its theme.",
            Command::Theme(ThemeChoice::Dark) => "For dark rooms.",
            Command::Theme(ThemeChoice::Light) => "For bright rooms.",
            Command::Palette => "Lists every command; type to find one.",
        }
    }

    /// The keys for it.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
        let (modifiers, key) = match self {
            Command::Train => (Modifiers::COMMAND, Key::Enter),
            Command::PauseOrResume => (Modifiers::NONE, Key::Space),
            Command::Step => (Modifiers::COMMAND, Key::Period),
            Command::Stop => (CTRL_SHIFT, Key::Period),
            Command::SaveModel => (Modifiers::COMMAND, Key::S),
            Command::OpenModel => (Modifiers::COMMAND, Key::O),
            Command::OpenImage => (Modifiers::COMMAND, Key::I),
            Command::RandomTestImage => (Modifiers::COMMAND, Key::T),
            Command::Undo => (Modifiers::COMMAND, Key::Z),
            Command::Redo => (CTRL_SHIFT, Key::Z),
            Command::Clear => (Modifiers::NONE, Key::Delete),
            Command::Tab(Tab::Train) => (Modifiers::COMMAND, Key::Num1),
            Command::Tab(Tab::Compare) => (Modifiers::COMMAND, Key::Num2),
            Command::Tab(Tab::Sweep) => (Modifiers::COMMAND, Key::Num3),
            Command::Tab(Tab::Network) => (Modifiers::COMMAND, Key::Num4),
            Command::Tab(Tab::Layers) => (Modifiers::COMMAND, Key::Num5),
            Command::PreviousSnapshot => (Modifiers::ALT, Key::ArrowLeft),
            Command::NextSnapshot => (Modifiers::ALT, Key::ArrowRight),
            Command::UseTrainedModel => (Modifiers::ALT, Key::End),
            Command::Palette => (Modifiers::COMMAND, Key::P),
            _ => return None,
        };
        Some(KeyboardShortcut::new(modifiers, key))
    }

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

    /// Label, explanation and keys, for a tooltip.
    pub fn tooltip(self, ctx: &egui::Context) -> String {
        // The keys undo what was touched last, and so either.
        let shortcut = match self {
            Command::UndoStroke | Command::UndoEdit => Command::Undo.shortcut(),
            Command::RedoStroke | Command::RedoEdit => Command::Redo.shortcut(),
            _ => self.shortcut(),
        };
        match shortcut {
            Some(shortcut) => {
                format!(
                    "{} ({})",
                    self.explanation(),
                    ctx.format_shortcut(&shortcut)
                )
            }
            None => self.explanation().to_owned(),
        }
    }
}

/// The run that began last.
fn newest(studio: &Studio) -> Option<&Run> {
    studio.own_run().or(studio.runs().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_shortcut_or_a_label() {
        let commands: Vec<Command> = Command::all().collect();
        for (idx, a) in commands.iter().enumerate() {
            for b in &commands[..idx] {
                assert_ne!(a.label(), b.label());
                if let (Some(x), Some(y)) = (a.shortcut(), b.shortcut()) {
                    assert_ne!(x, y, "{a:?} and {b:?}");
                }
            }
        }
    }

    #[test]
    fn no_shortcut_hides_one_of_the_toolkit() {
        // Quitting, zooming, and the clipboard.
        let taken = [
            Key::Q,
            Key::Plus,
            Key::Minus,
            Key::Num0,
            Key::C,
            Key::X,
            Key::V,
            Key::A,
        ];
        for command in Command::all() {
            if let Some(shortcut) = command.shortcut() {
                assert!(!taken.contains(&shortcut.logical_key), "{command:?}");
            }
        }
    }
}
