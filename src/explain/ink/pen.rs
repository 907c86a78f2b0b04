//! A dab of the pen on an input.

/// The width of the pen, as a share of the shorter side: that of MNIST's strokes, and the pen's of
/// the canvas.
const WIDTH: f64 = 0.075;

/// What one dab of the pen covers.
pub(super) struct Pen {
    /// Offsets down and right, with how much of the pixel there is covered.
    covered: Vec<([isize; 2], f32)>,
    /// Height and width of the input.
    size: [usize; 2],
}

impl Pen {
    /// The pen for inputs of this height and width.
    pub fn new(size: [usize; 2]) -> Pen {
        let radius = (WIDTH * size[0].min(size[1]) as f64 / 2.0).max(0.5);
        let reach = (radius + 0.5).ceil() as isize;
        let offsets = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| [dy, dx]));
        let coverage = |[dy, dx]: [isize; 2]| {
            let distance = (dy as f64).hypot(dx as f64);
            (radius + 0.5 - distance).clamp(0.0, 1.0) as f32
        };
        let covered = offsets.map(|offset| (offset, coverage(offset)));
        Pen {
            covered: covered.filter(|(_, coverage)| *coverage > 0.0).collect(),
            size,
        }
    }

    /// The pixels of a plane that a dab on pixel `at` covers, with how much of each.
    pub fn dab(&self, at: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let [height, width] = self.size;
        let (y, x) = (at / width, at % width);
        self.covered.iter().filter_map(move |&([dy, dx], share)| {
            let y = y.checked_add_signed(dy).filter(|y| *y < height)?;
            let x = x.checked_add_signed(dx).filter(|x| *x < width)?;
            Some((y * width + x, share))
        })
    }
}
