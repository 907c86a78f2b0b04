//! The regions of the window, one file each. A panel reads the studio and reports wishes.

mod augmented_images;
pub mod compare;
pub mod curves;
pub mod draw;
pub mod guard;
pub mod inspect;
pub mod layer_stats;
pub mod layers;
pub mod lr_finder;
pub mod network;
pub mod run_marks;
pub mod runs;
pub mod schedule;
pub mod setup;
pub mod status;
pub mod sweep;
pub mod timeline;
pub mod top_bar;

use std::path::PathBuf;

use super::command::Command;
use super::hover::Hover;
use super::settings::Settings;
use crate::studio::{Action, Studio};

/// What a panel may see, and where it puts what was asked for.
pub struct PanelContext<'a> {
    /// The state of the app.
    pub studio: &'a Studio,
    /// How the person likes the window.
    pub settings: &'a mut Settings,
    /// Which run the pointer is at.
    pub hover: &'a mut Hover,
    /// What is to be done about it, after everything is drawn.
    pub output: &'a mut PanelOutput,
}

/// What was asked for during one frame.
#[derive(Debug, Default)]
pub struct PanelOutput {
    /// For the studio.
    pub actions: Vec<Action>,
    /// Without details.
    pub commands: Vec<Command>,
    /// Folders to be opened by the desktop.
    pub folders: Vec<PathBuf>,
}

impl PanelContext<'_> {
    /// Asks the studio for something.
    pub fn act(&mut self, action: Action) {
        self.output.actions.push(action);
    }

    /// Asks for a command.
    pub fn command(&mut self, command: Command) {
        self.output.commands.push(command);
    }
}
