//! Everything that a key or a button can do. Buttons, shortcuts and the palette share these
//! commands.

mod effect;
mod shortcuts;
mod text;

use super::settings::ThemeChoice;
use super::sweep_command::SweepCommand;
use super::tabs::Tab;
use crate::model::PRESETS;
use crate::studio::Format;
pub use effect::CommandEffect;

/// A command without arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start a run.
    Train,
    /// Pause or resume the run.
    PauseOrResume,
    /// Train one batch.
    Step,
    /// End the run.
    Stop,
    /// Roll back from an anomaly and continue with a smaller learning rate.
    RollBackSlower,
    /// Roll back from an anomaly.
    RollBack,
    /// Skip the batch.
    SkipBatch,
    /// Use the batch anyway.
    ContinueAnyway,
    /// Start a run from the snapshot that the timeline shows.
    Branch,
    /// Resume the latest run that has ended.
    ResumeRun,
    /// Find a learning rate.
    FindLr,
    /// Inspect the next batch.
    Inspect,
    /// Show the previous snapshot.
    PreviousSnapshot,
    /// Show the next snapshot.
    NextSnapshot,
    /// Copy the preset at this index into the settings.
    Preset(usize),
    /// Draw a new seed.
    NewSeed,
    /// Save the model to a file.
    SaveModel,
    /// Save a drawing of the network to a file.
    SaveDiagram,
    /// Save the curves to a file.
    SaveCurves,
    /// Open a model file.
    OpenModel,
    /// Use the trained model for predictions again.
    UseTrainedModel,
    /// Open a dataset folder.
    OpenData,
    /// Return to MNIST.
    UseMnist,
    /// Put an image file on the canvas.
    OpenImage,
    /// Put a random test image on the canvas.
    RandomTestImage,
    /// Undo the last change to the canvas or the settings, whichever was edited last.
    Undo,
    /// Redo it.
    Redo,
    /// Undo the last change to the canvas.
    UndoStroke,
    /// Redo it.
    RedoStroke,
    /// Undo the last change to the settings.
    UndoEdit,
    /// Redo it.
    RedoEdit,
    /// Empty the canvas.
    Clear,
    /// Toggle the logarithmic loss axis.
    LogLoss,
    /// Toggle the logarithmic horizontal axis.
    LogHorizontal,
    /// Reset the zoom of the curves.
    ShowWholeCurves,
    /// Show a tab.
    Tab(Tab),
    /// Export runs for other programs.
    Export(Format),
    /// Start, pause, resume or stop a sweep.
    Sweep(SweepCommand),
    /// Open another folder for runs.
    OpenWorkspace,
    /// Select a theme.
    Theme(ThemeChoice),
    /// Open the command palette.
    Palette,
}

const PLAIN: &[Command] = &[
    Command::Train,
    Command::PauseOrResume,
    Command::Step,
    Command::Stop,
    Command::RollBackSlower,
    Command::RollBack,
    Command::SkipBatch,
    Command::ContinueAnyway,
    Command::Branch,
    Command::ResumeRun,
    Command::FindLr,
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
    Command::Sweep(SweepCommand::Resume),
    Command::Sweep(SweepCommand::Compare),
    Command::OpenWorkspace,
    Command::Theme(ThemeChoice::System),
    Command::Theme(ThemeChoice::Dark),
    Command::Theme(ThemeChoice::Light),
    Command::Palette,
];

impl Command {
    /// Iterates over all commands.
    pub fn all() -> impl Iterator<Item = Command> {
        let presets = (0..PRESETS.len()).map(Command::Preset);
        PLAIN.iter().copied().chain(presets)
    }
}
