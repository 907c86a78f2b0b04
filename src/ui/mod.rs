//! The window: one screen with everything of the main loop on it.
//!
//! [`StudioApp`] takes in what the studio's threads tell ([`eframe::App::logic`]), shows the panels
//! ([`eframe::App::ui`]), and hands what was asked for to the studio as actions. Panels read the
//! studio and change nothing in it.

mod app;
mod command;
mod dialogs;
mod format;
mod layout;
mod logo;
mod looks;
mod palette;
mod panels;
mod settings;
mod start;
mod tabs;
mod theme;
mod widgets;

pub use app::{Options, StudioApp};
pub use start::run;
