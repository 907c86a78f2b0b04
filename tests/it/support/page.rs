//! MNIST digits drawn large on a page, as a person would on the canvas.

use candle_studio::data::GrayImage;
use candle_studio::random::{self, Stream};
use rand::Rng;

/// The 28×28 `digit`, enlarged `scale` times with linear interpolation, on a square black page of
/// `side` pixels. It is moved off the center by up to a third of the page each way, drawn from
/// `seed`, as far as its ink stays on the page.
pub fn page_with_digit(digit: &[u8], side: usize, scale: f64, seed: u64) -> GrayImage {
    let mut rng = random::rng(seed, Stream::Pick, 0, 0);
    let mut origin = |[first, last]: [usize; 2]| {
        let third = side as f64 / 3.0;
        let middle = (side as f64 - 28.0 * scale) / 2.0;
        // Interpolation spreads the ink by half a pixel.
        let least = (0.5 - first as f64) * scale;
        let most = side as f64 - (last as f64 + 1.5) * scale;
        (middle + rng.random_range(-third..=third))
            .min(most)
            .max(least)
    };
    let top = origin(ink_extent(|row, across| digit[row * 28 + across]));
    let left = origin(ink_extent(|column, across| digit[across * 28 + column]));
    let columns: Vec<_> = (0..side).map(|x| between(x, left, scale)).collect();
    let mut pixels = Vec::with_capacity(side * side);
    for y in 0..side {
        let rows = between(y, top, scale);
        pixels.extend(
            columns
                .iter()
                .map(|&columns| interpolated(digit, rows, columns)),
        );
    }
    GrayImage {
        width: side,
        height: side,
        pixels,
    }
}

/// The first and last of 28 lines that hold ink.
fn ink_extent(pixel: impl Fn(usize, usize) -> u8) -> [usize; 2] {
    let is_inked = |&line: &usize| (0..28).any(|across| pixel(line, across) > 0);
    let first = (0..28).find(is_inked).unwrap();
    let last = (0..28).rfind(is_inked).unwrap();
    [first, last]
}

/// Pixel `i` of the page lies between two lines of the digit: the first, from -1 (outside), and the
/// share of the second. `None` where both are outside.
fn between(i: usize, origin: f64, scale: f64) -> Option<(i32, f32)> {
    let at = (i as f64 + 0.5 - origin) / scale - 0.5;
    let is_near = at > -1.0 && at < 28.0;
    is_near.then(|| (at.floor() as i32, (at - at.floor()) as f32))
}

fn interpolated(digit: &[u8], rows: Option<(i32, f32)>, columns: Option<(i32, f32)>) -> u8 {
    let (Some((y, down)), Some((x, across))) = (rows, columns) else {
        return 0;
    };
    let at = |y: i32, x: i32| {
        let is_inside = (0..28).contains(&y) && (0..28).contains(&x);
        if is_inside {
            f32::from(digit[(y * 28 + x) as usize])
        } else {
            0.0
        }
    };
    let upper = at(y, x) * (1.0 - across) + at(y, x + 1) * across;
    let lower = at(y + 1, x) * (1.0 - across) + at(y + 1, x + 1) * across;
    (upper * (1.0 - down) + lower * down).round() as u8
}
