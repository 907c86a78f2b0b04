//! Everything a person can ask for with one key or one word. Buttons, shortcuts and the palette
//! share these.

mod effect;
mod shortcuts;
mod text;

use super::settings::ThemeChoice;
use super::sweep_command::SweepCommand;
use super::tabs::Tab;
use crate::model::PRESETS;
use crate::studio::Format;
pub use effect::CommandEffect;

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
    RollBackSlower,
    /// Go back from a loss that cannot be trusted.
    RollBack,
    /// Leave the batch out.
    SkipBatch,
    /// Learn from the batch all the same.
    ContinueAnyway,
    /// Start a run from the weights that the timeline shows.
    Branch,
    /// Go on with the newest run that is over.
    ResumeRun,
    /// Look for a learning rate.
    FindLr,
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
    /// Every command.
    pub fn all() -> impl Iterator<Item = Command> {
        let presets = (0..PRESETS.len()).map(Command::Preset);
        PLAIN.iter().copied().chain(presets)
    }
}
