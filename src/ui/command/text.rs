//! Labels and explanations of commands.

use super::Command;
use crate::model::PRESETS;
use crate::studio::Format;
use crate::ui::settings::ThemeChoice;

impl Command {
    /// The label.
    pub fn label(self) -> String {
        let label = match self {
            Command::Train => "Train",
            Command::PauseOrResume => "Pause or resume",
            Command::Step => "Train one batch",
            Command::Stop => "Stop",
            Command::RollBackSlower => "Roll back, rate ÷ 10",
            Command::RollBack => "Roll back",
            Command::SkipBatch => "Skip this batch",
            Command::ContinueAnyway => "Continue anyway",
            Command::Branch => "Branch from the timeline",
            Command::ResumeRun => "Resume latest run",
            Command::FindLr => "Find a learning rate",
            Command::Inspect => "Inspect the next batch",
            Command::PreviousSnapshot => "Previous snapshot",
            Command::NextSnapshot => "Next snapshot",
            Command::Preset(idx) => return format!("Preset: {}", PRESETS[idx].label),
            Command::NewSeed => "New seed",
            Command::SaveModel => "Save model…",
            Command::SaveDiagram => "Save drawing…",
            Command::SaveCurves => "Save curves…",
            Command::OpenModel => "Open model…",
            Command::UseTrainedModel => "Use the trained model",
            Command::OpenData => "Open dataset folder…",
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

    /// One sentence that explains what the command does.
    pub fn explanation(self) -> &'static str {
        match self {
            Command::Train => "Starts a run with the settings on the left.",
            Command::PauseOrResume => "Pauses or resumes training; nothing is lost.",
            Command::Step => {
                "Trains exactly one batch, then pauses; starts a run if there is none."
            }
            Command::Stop => "Ends the run after this batch; its curves and its model are kept.",
            Command::RollBackSlower => {
                "Rolls back to an earlier state and continues with a tenth of the learning rate."
            }
            Command::RollBack => {
                "Rolls back exactly to an earlier state; without a changed setting the same \
                 happens again."
            }
            Command::SkipBatch => "Skips this batch and continues with the next.",
            Command::ContinueAnyway => "Uses this batch anyway.",
            Command::Branch => {
                "Starts a new run from this exact state (weights, optimizer, data position) with \
                 the settings on the left; seed and validation images stay the same."
            }
            Command::ResumeRun => {
                "Resumes the latest run exactly where it ended; a completed one gets 5 more epochs."
            }
            Command::FindLr => {
                "Runs a short trial with a rising learning rate and suggests one; your weights \
                 are not changed."
            }
            Command::Inspect => {
                "Shows the next batch of a paused run step by step: forward, backward and \
                 update, and what each changes."
            }
            Command::PreviousSnapshot => "Classifies the drawing with the previous snapshot.",
            Command::NextSnapshot => {
                "Classifies the drawing with the next snapshot, and after the last one with the \
                 current model."
            }
            Command::Preset(idx) => PRESETS[idx].explanation,
            Command::NewSeed => {
                "Draws a new seed, so that the next run starts from different weights."
            }
            Command::SaveModel => "Saves the model that classifies the drawing to a file.",
            Command::SaveDiagram => "Saves a drawing of the network in the settings as SVG or PNG.",
            Command::SaveCurves => {
                "Saves the curves that are shown as SVG or PNG, with axes and a legend."
            }
            Command::OpenModel => "Opens a model file and uses it to classify the drawing.",
            Command::UseTrainedModel => {
                "Classifies the drawing with the model trained in this session, not the opened one."
            }
            Command::OpenData => "Opens a folder with four IDX files, named like MNIST's.",
            Command::UseMnist => "Returns to the handwritten digits that come with the program.",
            Command::OpenImage => "Puts a PNG or JPEG file on the canvas.",
            Command::RandomTestImage => {
                "Puts an image that no network was trained on onto the canvas, with its label."
            }
            Command::Undo => {
                "Undoes the last change to the canvas or the settings, whichever was edited last."
            }
            Command::Redo => "Redoes the change that was undone last.",
            Command::UndoStroke => "Undoes the last stroke, image or clearing.",
            Command::RedoStroke => "Redoes the stroke, image or clearing that was undone.",
            Command::UndoEdit => "Undoes the last change to the settings, layers included.",
            Command::RedoEdit => "Redoes the change to the settings that was undone.",
            Command::Clear => "Removes all ink from the canvas; this can be undone.",
            Command::LogLoss => "Makes small losses as visible as large ones.",
            Command::LogHorizontal => "Spreads out the beginning of training.",
            Command::ShowWholeCurves => {
                "Resets the zoom: shows every run from its beginning to now."
            }
            Command::Tab(tab) => tab.explanation(),
            Command::Export(Format::Csv) => {
                "One row per run with settings and metrics, for spreadsheets."
            }
            Command::Export(Format::Jsonl) => {
                "One line per run with settings, metrics and every epoch, for scripts."
            }
            Command::Export(Format::Tensorboard) => {
                "A folder with every point of each run and its settings, in TensorBoard's format."
            }
            Command::Sweep(command) => command.explanation(),
            Command::OpenWorkspace => {
                "Shows the runs of another folder and saves new ones there, also in later sessions."
            }
            Command::Theme(ThemeChoice::System) => "Follows the desktop, if it reports its theme.",
            Command::Theme(ThemeChoice::Dark) => "For dark rooms.",
            Command::Theme(ThemeChoice::Light) => "For bright rooms.",
            Command::Palette => "Lists all commands; type to search.",
        }
    }
}
