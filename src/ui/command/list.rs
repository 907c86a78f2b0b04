//! All commands, in the order of the palette.

use super::Command;
use super::canvas::CanvasCommand;
#[cfg(feature = "serve")]
use super::deploy::DeployCommand;
use super::draft::DraftCommand;
use super::evaluate::EvaluateCommand;
use super::file::FileCommand;
use super::help::HelpCommand;
use super::last_edit::LastEditCommand;
use super::recovery::RecoveryCommand;
use super::run::RunCommand;
use super::sketch::SketchCommand;
use super::sweep::SweepCommand;
use super::timeline::TimelineCommand;
#[cfg(feature = "mlflow")]
use super::tracking::TrackingCommand;
use super::view::ViewCommand;
use crate::data::DataFormat;
use crate::export::model::{Engine, Language, ModelFormat};
use crate::model::PRESETS;
use crate::studio::{ExplainView, Format, Saved};
use crate::ui::place::{DataView, EvaluateView, Place, Side, TrainView};
use crate::ui::settings::ThemeChoice;

/// All commands but those for the presets and the views of places.
const PLAIN: &[Command] = &[
    Command::Run(RunCommand::Train),
    Command::Run(RunCommand::PauseOrResume),
    Command::Run(RunCommand::Step),
    Command::Run(RunCommand::Stop),
    Command::Recovery(RecoveryCommand::UndoRaise),
    Command::Recovery(RecoveryCommand::RollBackSlower),
    Command::Recovery(RecoveryCommand::RollBack),
    Command::Recovery(RecoveryCommand::SkipBatch),
    Command::Recovery(RecoveryCommand::ContinueAnyway),
    Command::Timeline(TimelineCommand::Branch),
    Command::Run(RunCommand::ResumeLatest),
    Command::Run(RunCommand::FindLr),
    Command::Run(RunCommand::Inspect),
    Command::Timeline(TimelineCommand::Previous),
    Command::Timeline(TimelineCommand::Next),
    Command::Draft(DraftCommand::NewSeed),
    Command::Draft(DraftCommand::Reset),
    Command::File(FileCommand::SaveModel),
    Command::File(FileCommand::ExportModel(ModelFormat::Onnx)),
    Command::File(FileCommand::ExportModel(ModelFormat::Int8)),
    Command::File(FileCommand::ExportModel(ModelFormat::Bundle)),
    Command::File(FileCommand::ExportModel(ModelFormat::Page)),
    Command::File(FileCommand::ExportModel(ModelFormat::Code(
        Language::Pytorch,
    ))),
    Command::File(FileCommand::ExportModel(ModelFormat::Code(Language::Keras))),
    Command::File(FileCommand::ExportModel(ModelFormat::Code(Language::Rust))),
    Command::File(FileCommand::ExportModel(ModelFormat::Card)),
    Command::File(FileCommand::ExportModel(ModelFormat::Engine(
        Engine::Triton,
    ))),
    Command::File(FileCommand::ExportModel(ModelFormat::Engine(
        Engine::Kserve,
    ))),
    Command::File(FileCommand::ExportModel(ModelFormat::Engine(
        Engine::Docker,
    ))),
    Command::File(FileCommand::ExportModel(ModelFormat::Engine(Engine::Ray))),
    Command::File(FileCommand::ExportModel(ModelFormat::Engine(
        Engine::Mlserver,
    ))),
    Command::File(FileCommand::ExportModel(ModelFormat::Engine(
        Engine::Systemd,
    ))),
    Command::File(FileCommand::SaveDiagram),
    Command::File(FileCommand::SaveCurves),
    Command::File(FileCommand::CopyCurves),
    Command::File(FileCommand::CopyTable),
    Command::File(FileCommand::SaveEvaluation(Saved::Predictions)),
    Command::File(FileCommand::SaveEvaluation(Saved::Confusion)),
    Command::File(FileCommand::SaveEvaluation(Saved::Reliability)),
    Command::File(FileCommand::SaveEvaluation(Saved::ClassCurves)),
    Command::File(FileCommand::SaveEvaluation(Saved::Report {
        with_images: true,
    })),
    Command::File(FileCommand::SaveEvaluation(Saved::Report {
        with_images: false,
    })),
    Command::File(FileCommand::OpenModel),
    Command::Canvas(CanvasCommand::UseTrainedModel),
    Command::File(FileCommand::OpenData),
    Command::File(FileCommand::OpenDataFile),
    Command::File(FileCommand::UseMnist),
    Command::File(FileCommand::ExportData(DataFormat::Folder)),
    Command::File(FileCommand::ExportData(DataFormat::Npz)),
    Command::File(FileCommand::ExportData(DataFormat::Csv)),
    Command::File(FileCommand::ExportData(DataFormat::Idx)),
    #[cfg(feature = "parquet")]
    Command::File(FileCommand::ExportData(DataFormat::Parquet)),
    Command::File(FileCommand::OpenImage),
    Command::File(FileCommand::OpenExamples),
    Command::Canvas(CanvasCommand::RandomTestImage),
    Command::LastEdit(LastEditCommand::Undo),
    Command::LastEdit(LastEditCommand::Redo),
    Command::Canvas(CanvasCommand::Undo),
    Command::Canvas(CanvasCommand::Redo),
    Command::Draft(DraftCommand::Undo),
    Command::Draft(DraftCommand::Redo),
    Command::Canvas(CanvasCommand::Clear),
    Command::Canvas(CanvasCommand::Copy),
    Command::Sketch(SketchCommand::ConfirmAnswer),
    Command::Sketch(SketchCommand::Show),
    Command::Sketch(SketchCommand::Teach),
    Command::Sketch(SketchCommand::Export),
    Command::Sketch(SketchCommand::MatchAugmentation),
    Command::View(ViewCommand::LogLoss),
    Command::View(ViewCommand::LogHorizontal),
    Command::View(ViewCommand::ShowWholeCurves),
    Command::View(ViewCommand::Place(Place::Data)),
    Command::View(ViewCommand::Place(Place::Network)),
    Command::View(ViewCommand::Place(Place::Train)),
    Command::View(ViewCommand::Place(Place::Evaluate)),
    Command::View(ViewCommand::Place(Place::Explain)),
    Command::View(ViewCommand::Place(Place::Compare)),
    Command::View(ViewCommand::Place(Place::Sweep)),
    Command::View(ViewCommand::Place(Place::Deploy)),
    Command::View(ViewCommand::TrainView(TrainView::Curves)),
    Command::View(ViewCommand::TrainView(TrainView::Layers)),
    Command::View(ViewCommand::TrainView(TrainView::LookInside)),
    Command::View(ViewCommand::Fold(Side::Settings)),
    Command::View(ViewCommand::Fold(Side::Draw)),
    Command::File(FileCommand::Export(Format::Csv)),
    Command::File(FileCommand::Export(Format::Jsonl)),
    Command::File(FileCommand::Export(Format::Tensorboard)),
    Command::Sweep(SweepCommand::Start),
    Command::Sweep(SweepCommand::PauseOrResume),
    Command::Sweep(SweepCommand::Stop),
    Command::Sweep(SweepCommand::Resume),
    Command::Sweep(SweepCommand::Compare),
    Command::Evaluate(EvaluateCommand::KeepBeside),
    Command::Evaluate(EvaluateCommand::AddInt8),
    #[cfg(feature = "serve")]
    Command::Deploy(DeployCommand::StartService),
    #[cfg(feature = "serve")]
    Command::Deploy(DeployCommand::StopService),
    #[cfg(feature = "mlflow")]
    Command::Tracking(TrackingCommand::Start),
    #[cfg(feature = "mlflow")]
    Command::Tracking(TrackingCommand::Stop),
    Command::File(FileCommand::OpenWorkspace),
    Command::View(ViewCommand::Theme(ThemeChoice::System)),
    Command::View(ViewCommand::Theme(ThemeChoice::Dark)),
    Command::View(ViewCommand::Theme(ThemeChoice::Light)),
    Command::View(ViewCommand::Larger),
    Command::View(ViewCommand::Smaller),
    Command::View(ViewCommand::NormalSize),
    Command::View(ViewCommand::Palette),
    Command::Help(HelpCommand::Shortcuts),
    Command::Help(HelpCommand::Tour),
    Command::Help(HelpCommand::About),
    Command::Help(HelpCommand::Licenses),
];

impl Command {
    /// Iterates over all commands.
    pub fn all() -> impl Iterator<Item = Command> {
        let presets = (0..PRESETS.len()).map(|idx| Command::Draft(DraftCommand::Preset(idx)));
        let data = DataView::ALL.into_iter().map(ViewCommand::DataView);
        let evaluate = EvaluateView::ALL.into_iter().map(ViewCommand::EvaluateView);
        let explain = ExplainView::ALL.into_iter().map(ViewCommand::ExplainView);
        let views = data.chain(evaluate).chain(explain).map(Command::View);
        PLAIN.iter().copied().chain(views).chain(presets)
    }
}
