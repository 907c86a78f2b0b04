//! Networks and curves as pictures that leave the program.
//!
//! A [`Picture`] is a list of boxes, lines and words; the window paints it, and a file gets it as
//! SVG or PNG ([`Picture::write`]).

mod average;
mod axis;
mod curves;
mod file;
pub mod fonts;
mod marks;
mod network;
mod palette;
mod reduce;
mod series;
mod svg;

pub use average::Average;
pub use axis::{Metric, XAxis};
pub use curves::{Curve, CurvesView, curves};
pub use file::{PictureError, PictureFormat};
pub use marks::{Mark, linear_marks, log_marks, plain, round_to};
pub use network::{Diagram, DiagramBlock, diagram};
pub use palette::{DARK, LIGHT, Palette, Rgb};
pub use reduce::reduce;
pub use series::{BandPoint, Series, Spread, band};

/// A color, more or less opaque.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// The color.
    pub rgb: Rgb,
    /// From 0, not seen, to 1, hiding what is behind it.
    pub opacity: f32,
}

impl Ink {
    /// The color, hiding what is behind it.
    pub fn solid(rgb: Rgb) -> Ink {
        Ink { rgb, opacity: 1.0 }
    }
}

/// Which letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// For words.
    Text,
    /// For words that matter.
    Heavy,
    /// For numbers: digits of equal width.
    Number,
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// Words in one face and color.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The words.
    pub text: String,
    /// The letters.
    pub face: Face,
    /// Their height, in points.
    pub size: f32,
    /// Their color.
    pub ink: Ink,
}

/// One thing in a picture. Places are in points from the upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A box.
    Rect {
        /// Left, top, width, height.
        rect: [f32; 4],
        /// Of its corners.
        radius: f32,
        /// What fills it.
        fill: Option<Ink>,
        /// Its rim, 1 point wide.
        rim: Option<Ink>,
    },
    /// What lies within points.
    Area {
        /// The points of its edge.
        points: Vec<[f32; 2]>,
        /// What fills it.
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
        /// Its middle.
        center: [f32; 2],
        /// Its radius, in points.
        radius: f32,
        /// What fills it.
        fill: Ink,
        /// Its rim, 1 point wide.
        rim: Option<Ink>,
    },
    /// Words, the middle of their height at a place.
    Text {
        /// The place.
        at: [f32; 2],
        /// Which part of the words stands there.
        anchor: Anchor,
        /// The words, one after the other.
        spans: Vec<Span>,
    },
}

/// Boxes, lines and words.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// Width and height, in points.
    pub size: [f32; 2],
    /// What is behind everything.
    pub paper: Rgb,
    /// What is in it, the hindmost first.
    pub items: Vec<Item>,
}

impl Picture {
    /// A line without corners.
    pub(crate) fn line(&mut self, points: &[[f32; 2]], ink: Ink, width: f32) {
        self.items.push(Item::Line {
            points: points.to_vec(),
            ink,
            width,
            is_dashed: false,
        });
    }

    /// Words of one kind.
    pub(crate) fn text(&mut self, at: [f32; 2], anchor: Anchor, span: Span) {
        self.items.push(Item::Text {
            at,
            anchor,
            spans: vec![span],
        });
    }
}
