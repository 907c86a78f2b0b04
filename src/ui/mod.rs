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
mod pace;
mod palette;
mod panels;
mod place;
mod rail;
mod session;
mod settings;
mod shortcuts;
mod side;
mod start;
mod theme;
mod widgets;

pub use app::StudioApp;
pub use options::Options;
pub use start::run;
