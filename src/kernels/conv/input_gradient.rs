//! dz laid out for the input gradient: a convolution of dz with the mirrored weights.
//!
//! With a stride, an input pixel only depends on every stride-th tap, and on which ones is decided
//! by its place between the strides: there are stride × stride phases of pixels, each with its own
//! taps, so that nothing is multiplied by the zeros of a dilated dz (Dumoulin and Visin: A guide to
//! convolution arithmetic for deep learning, 2018, section 4.5).

use super::border::copy_inside;
use super::geometry::{Geometry, area};

/// The pixels of an image that depend on the same taps.
pub(super) struct Phase {
    /// Their positions, in order.
    pub pixels: Vec<usize>,
    /// The corner of what each depends on, in dz with its border.
    pub corners: Vec<usize>,
    /// Offsets from a corner, `[taps, out]`.
    pub steps: Vec<usize>,
}

/// dz, channels last, in a border as wide as the kernel reaches; and what input pixels depend on.
#[derive(Default)]
pub(super) struct InputGradient {
    pub size: [usize; 2],
    /// Rows and columns before dz.
    before: [usize; 2],
    width: usize,
    pub phases: Vec<Phase>,
    /// The taps, `ky · kw + kx`, phase by phase.
    pub taps: Vec<usize>,
}

impl InputGradient {
    /// For an image computed in tiles of this side.
    pub fn new(g: &Geometry, side: usize) -> Self {
        let [kernel, stride, padding] = [g.window.kernel, g.window.stride, g.window.padding];
        let before = [0, 1].map(|axis| (kernel[axis] - 1) / stride[axis]);
        let size = [0, 1].map(|axis| {
            let last = (g.image[axis] - 1 + padding[axis]) / stride[axis];
            // The last tiles may reach beyond the image.
            let beyond = g.image[axis].next_multiple_of(side) - g.image[axis];
            g.conv[axis].max(last + 1) + before[axis] + padding[axis] + beyond
        });
        let mut this = Self {
            size,
            before,
            width: g.outputs,
            ..Self::default()
        };
        for y in 0..stride[0] {
            for x in 0..stride[1] {
                this.add_phase(g, [y, x]);
            }
        }
        this
    }

    /// Adds the pixels that are this far from a stride in the padded image.
    fn add_phase(&mut self, g: &Geometry, phase: [usize; 2]) {
        let [kernel, stride, padding] = [g.window.kernel, g.window.stride, g.window.padding];
        // The most taps of an axis are those of its first phase, which reach the border's start.
        let along = |axis: usize| (phase[axis]..kernel[axis]).step_by(stride[axis]);
        let at = |row: usize, col: usize| (row * self.size[1] + col) * self.width;
        let mut steps = Vec::new();
        for (i, ky) in along(0).enumerate() {
            for (j, kx) in along(1).enumerate() {
                self.taps.push(ky * kernel[1] + kx);
                let start = at(self.before[0] - i, self.before[1] - j);
                steps.extend(start..start + self.width);
            }
        }
        let inside = |axis: usize| {
            (0..g.image[axis]).filter(move |p| (p + padding[axis]) % stride[axis] == phase[axis])
        };
        let (mut pixels, mut corners) = (Vec::new(), Vec::new());
        for row in inside(0) {
            for col in inside(1) {
                pixels.push(row * g.image[1] + col);
                let [y, x] =
                    [(row, 0), (col, 1)].map(|(p, axis)| (p + padding[axis]) / stride[axis]);
                corners.push(at(y, x));
            }
        }
        self.phases.push(Phase {
            pixels,
            corners,
            steps,
        });
    }

    pub fn len(&self) -> usize {
        area(self.size) * self.width
    }

    /// Copies dz, `[conv pixels, out padded]`, into its border.
    pub fn fill(&self, g: &Geometry, dz: &[f32], wide: &mut [f32]) {
        let [top, left] = self.before;
        if g.outputs_padded() == self.width {
            let row = self.size[1] * self.width;
            return copy_inside(
                dz,
                g.conv[1] * self.width,
                (wide, row),
                [top, left * self.width],
            );
        }
        wide.fill(0.0);
        for (p, dz) in dz.chunks_exact(g.outputs_padded()).enumerate() {
            let (row, col) = (p / g.conv[1] + top, p % g.conv[1] + left);
            let start = (row * self.size[1] + col) * self.width;
            wide[start..start + self.width].copy_from_slice(&dz[..self.width]);
        }
    }
}
