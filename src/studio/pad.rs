//! The canvas: strokes in, grey pixels out.

use crate::data::GreyImage;

/// One movement of the pen.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Whether it removes ink instead of adding it.
    pub erases: bool,
    /// Points in canvas coordinates from 0 to 1, x to the right and y down; at least one.
    pub points: Vec<[f32; 2]>,
}

/// The canvas with its history. Every change counts up [`Pad::version`].
#[derive(Debug)]
pub struct Pad {
    // (the UI engineer fills this)
}

impl Pad {
    /// Pixels a side.
    pub const SIDE: usize = 280;

    /// What is on the canvas: `SIDE` × `SIDE`, ink bright on black.
    pub fn image(&self) -> &GreyImage {
        todo!()
    }

    /// Counts up with every change, so that an answer can be told from an older one.
    pub fn version(&self) -> u64 {
        todo!()
    }

    /// Whether there is no ink at all.
    pub fn is_empty(&self) -> bool {
        todo!()
    }

    /// Width of the pen, as a share of the canvas' side.
    pub fn brush(&self) -> f32 {
        todo!()
    }

    /// Whether there is something to take back.
    pub fn can_undo(&self) -> bool {
        todo!()
    }

    /// Whether there is something to put back.
    pub fn can_redo(&self) -> bool {
        todo!()
    }

    /// The true label of the test image on the canvas, while nothing was drawn over it.
    pub fn true_label(&self) -> Option<u32> {
        todo!()
    }
}
