//! What commands are called, and what they do, in a sentence each.

use super::Command;
use crate::model::PRESETS;
use crate::studio::Format;
use crate::ui::settings::ThemeChoice;

impl Command {
    /// The words for it.
    pub fn label(self) -> String {
        let label = match self {
            Command::Train => "Train",
            Command::PauseOrResume => "Pause or resume",
            Command::Step => "Step one batch",
            Command::Stop => "Stop",
            Command::RollBackSlower => "Go back, rate ÷ 10",
            Command::RollBack => "Go back",
            Command::SkipBatch => "Skip the batch",
            Command::ContinueAnyway => "Go on anyway",
            Command::Branch => "Branch from the timeline",
            Command::ResumeRun => "Go on with the newest run",
            Command::FindLr => "Find a learning rate",
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
            Command::RollBackSlower => {
                "Returns to an earlier full state and goes on with a tenth of the learning rate."
            }
            Command::RollBack => {
                "Returns to an earlier full state, exactly; unless a setting changes, the same happens again."
            }
            Command::SkipBatch => "Leaves this batch out and goes on with the next.",
            Command::ContinueAnyway => "Learns from this batch all the same.",
            Command::Branch => {
                "Starts a run from exactly the weights, optimizer and place in the data that the timeline shows, with the settings on the left; seed and held-out images stay."
            }
            Command::ResumeRun => {
                "Goes on with the newest run exactly where it was; a complete one gets five more epochs."
            }
            Command::FindLr => {
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
}
