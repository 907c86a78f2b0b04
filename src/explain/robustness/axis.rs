//! What is varied, and how far.

use crate::data::Affine;

/// Variants along an axis, half of them on each side of the input itself.
pub const STEPS: usize = 21;

/// The furthest rotation and slant, in degrees.
const ROTATION: f64 = 60.0;
const SLANT: f64 = 45.0;

/// Where a step is a pixel, and the furthest thickness one and a half: on images of this side.
const SIDE: f64 = 28.0;
const THICKNESS: f64 = 1.5;

/// One way in which an input is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Shifted to the left or to the right, by whole pixels.
    ShiftRight,
    /// Shifted up or down, by whole pixels.
    ShiftDown,
    /// Rotated about the center.
    Rotation,
    /// Made smaller or larger.
    Scale,
    /// Slanted to the left or to the right.
    Slant,
    /// Its strokes made thinner or thicker.
    Thickness,
}

impl Axis {
    /// The name.
    pub fn label(self) -> &'static str {
        match self {
            Axis::ShiftRight => "shift right",
            Axis::ShiftDown => "shift down",
            Axis::Rotation => "rotation",
            Axis::Scale => "scale",
            Axis::Slant => "slant",
            Axis::Thickness => "thickness",
        }
    }

    /// The value at `step` of [`STEPS`], for images of this height and width: pixels, degrees, or a
    /// factor.
    pub fn value(self, step: usize, [height, width]: [usize; 2]) -> f64 {
        let half = (STEPS / 2) as f64;
        let at = step as f64 - half;
        let pixels = |side: usize| (at * side as f64 / SIDE).round();
        match self {
            Axis::ShiftRight => pixels(width),
            Axis::ShiftDown => pixels(height),
            Axis::Rotation => ROTATION * at / half,
            Axis::Scale => (at / half).exp2(),
            Axis::Slant => SLANT * at / half,
            Axis::Thickness => THICKNESS * at / half * height.min(width) as f64 / SIDE,
        }
    }

    /// A value with its unit and direction.
    pub fn text(self, value: f64) -> String {
        let side = |back: &'static str, forth| if value < 0.0 { back } else { forth };
        let size = value.abs();
        match self {
            Axis::ShiftRight => format!("{size:.0} px {}", side("left", "right")),
            Axis::ShiftDown => format!("{size:.0} px {}", side("up", "down")),
            Axis::Rotation => {
                let direction = side("counterclockwise", "clockwise");
                format!("{size:.0}° {direction}")
            }
            Axis::Scale => format!("scaled to {:.0} %", 100.0 * value),
            Axis::Slant => format!("slanted {size:.0}° {}", side("left", "right")),
            Axis::Thickness => format!("{size:.2} px {}", side("thinner", "thicker")),
        }
    }
}

/// One or two axes that are varied together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sweep {
    /// From left to right.
    pub x: Axis,
    /// From top to bottom, if there are two.
    pub y: Option<Axis>,
}

impl Sweep {
    /// Those worth a look.
    pub const ALL: [Sweep; 4] = [
        Sweep::new(Axis::ShiftRight, Some(Axis::Rotation)),
        Sweep::new(Axis::ShiftRight, Some(Axis::ShiftDown)),
        Sweep::new(Axis::Scale, Some(Axis::Slant)),
        Sweep::new(Axis::Thickness, None),
    ];

    const fn new(x: Axis, y: Option<Axis>) -> Sweep {
        Sweep { x, y }
    }

    /// The names of the axes.
    pub fn label(self) -> String {
        match self.y {
            Some(y) => format!("{} × {}", self.x.label(), y.label()),
            None => self.x.label().to_owned(),
        }
    }

    /// Number of columns and of rows.
    pub fn size(self) -> [usize; 2] {
        [STEPS, if self.y.is_some() { STEPS } else { 1 }]
    }

    /// Number of variants.
    pub fn n_variants(self) -> usize {
        self.size().iter().product()
    }

    /// The index of the input itself, row by row.
    pub fn center(self) -> usize {
        self.n_variants() / 2
    }

    /// The axes with their values at variant `idx`, for images of this height and width.
    pub fn values(self, idx: usize, size: [usize; 2]) -> impl Iterator<Item = (Axis, f64)> {
        let along = |axis: Axis, step: usize| (axis, axis.value(step, size));
        let x = along(self.x, idx % STEPS);
        let y = self.y.map(|axis| along(axis, idx / STEPS));
        std::iter::once(x).chain(y)
    }

    /// Variant `idx` in words.
    pub fn text(self, idx: usize, size: [usize; 2]) -> String {
        if idx == self.center() {
            return "the input itself".to_owned();
        }
        let texts = self.values(idx, size).map(|(axis, value)| axis.text(value));
        texts.collect::<Vec<_>>().join(", ")
    }
}

/// A change of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    pub affine: Affine,
    /// Pixels added to the radius of strokes.
    pub thickness: f64,
}

impl Change {
    /// What makes variant `idx` of an image of this height and width.
    pub fn of(sweep: Sweep, idx: usize, size: [usize; 2]) -> Change {
        let (mut scale, mut slant, mut rotation, mut thickness) = (1.0, 0.0, 0.0, 0.0);
        let mut shift = [0.0; 2];
        for (axis, value) in sweep.values(idx, size) {
            match axis {
                Axis::ShiftDown => shift[0] = value as f32,
                Axis::ShiftRight => shift[1] = value as f32,
                Axis::Rotation => rotation = value,
                Axis::Scale => scale = value,
                Axis::Slant => slant = value,
                Axis::Thickness => thickness = value,
            }
        }
        Change {
            affine: Affine::new(scale, -slant, rotation, shift),
            thickness,
        }
    }
}
