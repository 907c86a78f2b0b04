//! Everything that a key or a button can do. Buttons, shortcuts and the palette share these
//! commands.

mod canvas;
#[cfg(feature = "serve")]
mod deploy;
mod draft;
mod effect;
mod evaluate;
mod file;
mod help;
mod kind;
mod last_edit;
mod list;
mod recovery;
mod run;
mod shortcuts;
mod sketch;
mod sweep;
mod timeline;
#[cfg(feature = "mlflow")]
mod tracking;
mod view;

use crate::studio::Studio;
pub use canvas::CanvasCommand;
#[cfg(feature = "serve")]
pub use deploy::DeployCommand;
pub use draft::DraftCommand;
pub use effect::CommandEffect;
pub use evaluate::EvaluateCommand;
pub use file::FileCommand;
pub use help::HelpCommand;
use kind::CommandKind;
pub use last_edit::LastEditCommand;
pub use recovery::RecoveryCommand;
pub use run::RunCommand;
pub use sketch::SketchCommand;
pub use sweep::SweepCommand;
pub use timeline::TimelineCommand;
#[cfg(feature = "mlflow")]
pub use tracking::TrackingCommand;
pub use view::ViewCommand;

/// A command without arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A command for runs.
    Run(RunCommand),
    /// A recovery from an anomaly.
    Recovery(RecoveryCommand),
    /// A command for the timeline.
    Timeline(TimelineCommand),
    /// A command for the settings.
    Draft(DraftCommand),
    /// A command that reads or writes files.
    File(FileCommand),
    /// A command for the canvas.
    Canvas(CanvasCommand),
    /// Undo or redo of what was edited last.
    LastEdit(LastEditCommand),
    /// A command that changes what the window shows.
    View(ViewCommand),
    /// A command for the labeled sketches.
    Sketch(SketchCommand),
    /// A command for sweeps.
    Sweep(SweepCommand),
    /// A command for the models that are compared in Evaluate.
    Evaluate(EvaluateCommand),
    /// A command for the service.
    #[cfg(feature = "serve")]
    Deploy(DeployCommand),
    /// A command for sending runs to an MLflow server.
    #[cfg(feature = "mlflow")]
    Tracking(TrackingCommand),
    /// A command that helps.
    Help(HelpCommand),
}

impl Command {
    fn kind(&self) -> &dyn CommandKind {
        match self {
            Command::Run(command) => command,
            Command::Recovery(command) => command,
            Command::Timeline(command) => command,
            Command::Draft(command) => command,
            Command::File(command) => command,
            Command::Canvas(command) => command,
            Command::LastEdit(command) => command,
            Command::View(command) => command,
            Command::Sketch(command) => command,
            Command::Sweep(command) => command,
            Command::Evaluate(command) => command,
            #[cfg(feature = "serve")]
            Command::Deploy(command) => command,
            #[cfg(feature = "mlflow")]
            Command::Tracking(command) => command,
            Command::Help(command) => command,
        }
    }

    /// The label.
    pub fn label(self) -> String {
        let kind = self.kind();
        format!("{}{}", kind.prefix(), kind.text().0)
    }

    /// One sentence that explains what the command does.
    pub fn explanation(self) -> &'static str {
        self.kind().text().1
    }

    /// Other words by which the palette finds it.
    pub fn keywords(self) -> &'static str {
        self.kind().keywords()
    }

    /// What the command does; `None` if that is not available now.
    pub fn effect(self, studio: &Studio) -> Option<CommandEffect> {
        self.kind().effect(studio)
    }

    /// Whether the command is available now.
    pub fn is_possible(self, studio: &Studio) -> bool {
        self.effect(studio).is_some()
    }
}

/// Lets a command of a kind be used as it is.
macro_rules! kinds {
    ($($kind:ident($command:ty)),+) => {
        $(impl From<$command> for Command {
            fn from(command: $command) -> Command {
                Command::$kind(command)
            }
        })+
    };
}

kinds!(
    Run(RunCommand),
    Recovery(RecoveryCommand),
    Timeline(TimelineCommand),
    Draft(DraftCommand),
    File(FileCommand),
    Canvas(CanvasCommand),
    LastEdit(LastEditCommand),
    View(ViewCommand),
    Sketch(SketchCommand),
    Sweep(SweepCommand),
    Evaluate(EvaluateCommand),
    Help(HelpCommand)
);

#[cfg(feature = "serve")]
kinds!(Deploy(DeployCommand));

#[cfg(feature = "mlflow")]
kinds!(Tracking(TrackingCommand));
