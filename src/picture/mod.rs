//! Networks, curves, confusion matrices, reliability diagrams and ROC curves as pictures, for
//! export.
//!
//! A [`Picture`] is a list of boxes, lines and texts; the window paints it, and [`Picture::write`]
//! saves it as SVG or PNG.

mod average;
mod axis;
mod batches;
mod class_curves;
mod curves;
mod evaluation;
mod file;
pub mod fonts;
mod marks;
mod network;
mod palette;
mod reduce;
mod series;
mod svg;

pub use average::Average;
pub use axis::{XAxis, YAxis};
pub use batches::{Batches, Spike, range_with_spikes};
pub use class_curves::{MAX_CURVES, class_curves};
pub use curves::{Curve, CurvesView, curves};
pub use evaluation::{MAX_DRAWN_CLASSES, confusion_matrix, reliability_diagram};
pub use file::{PictureError, PictureFormat, Pixels};
pub use marks::{Mark, linear_marks, log_marks, plain, round_to};
pub use network::{Diagram, DiagramBlock, diagram};
pub use palette::{DARK, LIGHT, Palette, Rgb};
pub use reduce::reduce;
pub use series::{BandPoint, Series, Spread, band};

/// A color with opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// The color.
    pub rgb: Rgb,
    /// Opacity, from 0, invisible, to 1, opaque.
    pub opacity: f32,
}

impl Ink {
    /// The color, opaque.
    pub fn solid(rgb: Rgb) -> Ink {
        Ink { rgb, opacity: 1.0 }
    }
}

/// A font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// For text.
    Text,
    /// For emphasized text.
    Heavy,
    /// For numbers: tabular digits.
    Number,
}

/// Which part of a text is at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// Text in one font and color.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The text.
    pub text: String,
    /// The font.
    pub face: Face,
    /// Font size, in points.
    pub size: f32,
    /// The color.
    pub ink: Ink,
}

/// One element of a picture. Positions are in points from the upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A box.
    Rect {
        /// Left, top, width, height.
        rect: [f32; 4],
        /// Corner radius.
        radius: f32,
        /// Fill color.
        fill: Option<Ink>,
        /// Border color, 1 point wide.
        rim: Option<Ink>,
    },
    /// A polygon.
    Area {
        /// Its vertices.
        points: Vec<[f32; 2]>,
        /// Fill color.
        fill: Ink,
    },
    /// A line through points.
    Line {
        /// The points.
        points: Vec<[f32; 2]>,
        /// Its color.
        ink: Ink,
        /// Its width, in points.
        width: f32,
        /// Whether it is dashed.
        is_dashed: bool,
    },
    /// A circle.
    Circle {
        /// Its center.
        center: [f32; 2],
        /// Its radius, in points.
        radius: f32,
        /// Fill color.
        fill: Ink,
        /// Border color, 1 point wide.
        rim: Option<Ink>,
    },
    /// Text, vertically centered at a position.
    Text {
        /// The position.
        at: [f32; 2],
        /// Which part of the text is there.
        anchor: Anchor,
        /// The spans, one after the other.
        spans: Vec<Span>,
    },
}

/// Boxes, lines and texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// A description, for screen readers.
    pub title: String,
    /// Width and height, in points.
    pub size: [f32; 2],
    /// The background.
    pub paper: Rgb,
    /// The elements, back to front.
    pub items: Vec<Item>,
}

impl Picture {
    /// Adds a line.
    pub(crate) fn line(&mut self, points: &[[f32; 2]], ink: Ink, width: f32) {
        self.items.push(Item::Line {
            points: points.to_vec(),
            ink,
            width,
            is_dashed: false,
        });
    }

    /// Adds a text of one span.
    pub(crate) fn text(&mut self, at: [f32; 2], anchor: Anchor, span: Span) {
        self.items.push(Item::Text {
            at,
            anchor,
            spans: vec![span],
        });
    }
}
