//! Pieces that panels are made of. They know the studio's data, but hold no state of it.

mod bars;
mod button;
mod canvas;
mod combo;
mod field;
mod icon;
mod layer_row;
mod picture;
mod section;

pub use bars::{Bar, probability_bars};
pub use button::{Weight, icon_button, labeled_button, slim_slider};
pub use canvas::Canvas;
pub use combo::{combo, combo_of_width};
pub use field::{Number, Row, VALUE_WIDTH, error_ui};
pub use icon::Icon;
pub use layer_row::{LayerRow, layer_header};
pub use picture::paint_picture;
pub use section::section;
