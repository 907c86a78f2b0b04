//! The regions of the window, one file each. A panel reads the studio and queues
//! actions and commands.

mod augmented_images;
pub mod classified;
pub mod compare;
pub mod curves;
pub mod data;
pub mod deploy;
pub mod draw;
pub mod evaluate;
pub mod explain;
mod grid_marks;
pub mod guard;
pub mod inspect;
pub mod layer_stats;
pub mod layers;
pub mod lr_finder;
pub mod network;
pub mod run_marks;
mod run_progress;
pub mod runs;
pub mod setup;
pub mod sketches;
pub mod status;
pub mod sweep;
pub mod timeline;
pub mod top_bar;
pub mod train;

use std::path::PathBuf;

use super::command::Command;
use super::hover::Hover;
use super::settings::Settings;
use crate::studio::{Action, Studio};

/// What a panel reads, and where it queues its requests.
pub struct PanelContext<'a> {
    /// The state of the app.
    pub studio: &'a Studio,
    /// The user's preferences for the window.
    pub settings: &'a mut Settings,
    /// The run under the pointer.
    pub hover: &'a mut Hover,
    /// The requests, carried out after the frame is drawn.
    pub output: &'a mut PanelOutput,
}

/// The requests of one frame.
#[derive(Debug, Default)]
pub struct PanelOutput {
    /// Actions of the studio.
    pub actions: Vec<Action>,
    /// Commands, which have no arguments.
    pub commands: Vec<Command>,
    /// Folders to open in the desktop's file manager.
    pub folders: Vec<PathBuf>,
}

impl PanelContext<'_> {
    /// Queues an action.
    pub fn act(&mut self, action: impl Into<Action>) {
        self.output.actions.push(action.into());
    }

    /// Queues a command.
    pub fn command(&mut self, command: impl Into<Command>) {
        self.output.commands.push(command.into());
    }
}
