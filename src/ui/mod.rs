//! The window: one screen with the whole main loop.
//!
//! [`StudioApp`] applies messages from the studio's threads ([`eframe::App::logic`]), shows the
//! panels ([`eframe::App::ui`]), and sends what was requested to the studio as actions. Panels read
//! the studio and change nothing in it.

mod app;
mod attention;
mod clipboard;
mod column_names;
mod command;
mod dialogs;
mod drop;
mod help;
mod hover;
mod layout;
mod logo;
mod options;
mod palette;
mod panels;
mod session;
mod settings;
mod start;
mod tab;
mod tabs;
mod theme;
mod widgets;

pub use app::StudioApp;
pub use options::Options;
pub use start::run;
