//! Memory offsets for the kernels of a first layer: convolution of few taps with max pooling.

use super::geometry::{Geometry, area};
use super::sparse::Sparse;
use crate::kernels::pooling::Window;
use std::cell::RefCell;
use std::sync::Arc;

/// With more taps it is faster to compute more pixels at a time.
const MAX_TAPS: usize = 64;

/// With more pixels per window it does not pay to copy the image for each of them.
const MAX_PIXELS: usize = 16;

/// Offsets into a sample with its border.
pub(super) struct PatchOffsets {
    /// The corner of the first patch of each pooled pixel's window.
    pub corners: Vec<usize>,
    /// The patches of a window, relative to the first.
    pub pixels: Vec<usize>,
    /// The taps of a patch, relative to its corner.
    pub taps: Vec<usize>,
    /// One more than the largest tap.
    pub reach: usize,
}

thread_local! {
    /// Those of the most recent layer, for any number of samples: each step needs them twice.
    static LAST: RefCell<Option<(Geometry, Arc<PatchOffsets>)>> = const { RefCell::new(None) };
}

impl PatchOffsets {
    /// The offsets for such a layer, if it has few taps and no pooling window is cut off.
    pub fn of(g: &Geometry) -> Option<Arc<Self>> {
        let pool = g.pool.filter(|pool| pool.padding == [0, 0])?;
        if area(pool.kernel) > MAX_PIXELS || g.taps() > MAX_TAPS || Sparse::supports(g) {
            return None;
        }
        let any = Geometry { n: 0, ..*g };
        LAST.with_borrow_mut(|last| match last {
            Some((of, places)) if *of == any => Some(Arc::clone(places)),
            _ => {
                let places = Arc::new(Self::new(g, pool));
                *last = Some((any, Arc::clone(&places)));
                Some(places)
            }
        })
    }

    fn new(g: &Geometry, pool: Window) -> Self {
        let (patches, taps) = (g.corners(), g.tap_offsets());
        let patch = |row: usize, col: usize| patches[row * g.conv[1] + col];
        let [height, width] = pool.stride;
        let corner = |p: usize| patch(p / g.pooled[1] * height, p % g.pooled[1] * width);
        let cols = pool.kernel[1];
        let pixels: Vec<usize> = (0..area(pool.kernel))
            .map(|k| patch(k / cols, k % cols))
            .collect();
        Self {
            corners: (0..area(g.pooled)).map(corner).collect(),
            reach: taps.iter().max().map_or(0, |last| last + 1),
            pixels,
            taps,
        }
    }
}
