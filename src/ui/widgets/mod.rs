//! Building blocks of the panels. They use the studio's types, but hold no state of it.

mod bars;
mod button;
mod canvas;
mod columns;
mod combo;
mod field;
mod first_step;
mod icon;
mod layer_row;
mod number;
mod picture;
mod section;
mod signed;
mod thumbnail;
mod track;
mod typed;

pub use bars::{Bar, probability_bars};
pub use button::{Weight, icon_button, labeled_button, slim_slider};
pub use canvas::Canvas;
pub use columns::Columns;
pub use combo::{combo, combo_of_width};
pub use field::{Row, error_ui};
pub use first_step::first_step_ui;
pub use icon::Icon;
pub use layer_row::{LayerRow, layer_header};
pub use number::{Number, VALUE_WIDTH};
pub use picture::paint_picture;
pub use section::section;
pub use signed::{furthest, signed_color, signed_legend_ui, signed_picture};
pub use thumbnail::{Textures, Thumbnail, thumbnails};
pub use track::Track;
