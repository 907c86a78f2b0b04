//! Thicker and thinner strokes: gray dilation and erosion by a disk (Serra 1982: Image analysis and
//! mathematical morphology), whose radius need not be whole: a pixel counts as far as the disk
//! covers it.

/// The image, `[channels, height, width]`, with strokes whose radius is `pixels` larger.
pub(super) fn thickened(image: &[f32], [_, height, width]: [usize; 3], pixels: f64) -> Vec<f32> {
    if pixels == 0.0 || image.is_empty() {
        return image.to_vec();
    }
    let disk = Disk::new(pixels.abs());
    let planes = image.chunks_exact(height * width);
    match pixels > 0.0 {
        true => planes.flat_map(|p| disk.dilated(p, width)).collect(),
        // To erode the ink is to dilate the paper.
        false => {
            let paper = |plane: &[f32]| plane.iter().map(|v| 1.0 - v).collect::<Vec<_>>();
            let eroded = planes.flat_map(|p| disk.dilated(&paper(p), width));
            eroded.map(|v| 1.0 - v).collect()
        }
    }
}

/// Offsets down and right, with how much of the pixel there the disk covers.
struct Disk(Vec<([isize; 2], f32)>);

impl Disk {
    fn new(radius: f64) -> Disk {
        let reach = radius.ceil() as isize;
        let offsets = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| [dy, dx]));
        let weight = |[dy, dx]: [isize; 2]| {
            let distance = (dy as f64).hypot(dx as f64);
            (radius + 1.0 - distance).clamp(0.0, 1.0) as f32
        };
        let weighted = offsets.map(|offset| (offset, weight(offset)));
        Disk(weighted.filter(|(_, weight)| *weight > 0.0).collect())
    }

    /// The largest value under the disk around each pixel of a plane.
    fn dilated(&self, plane: &[f32], width: usize) -> Vec<f32> {
        let height = plane.len() / width;
        let mut largest = vec![0.0f32; plane.len()];
        for &([dy, dx], weight) in &self.0 {
            for y in overlap(dy, height) {
                let row = &plane[y.wrapping_add_signed(dy) * width..][..width];
                let columns = overlap(dx, width);
                let from = row[columns.start.wrapping_add_signed(dx)..].iter();
                let to = &mut largest[y * width..][..width][columns];
                let pairs = to.iter_mut().zip(from);
                pairs.for_each(|(most, v)| *most = most.max(weight * v));
            }
        }
        largest
    }
}

/// The places along an axis of `n` that stay on it when `offset` is added.
fn overlap(offset: isize, n: usize) -> std::ops::Range<usize> {
    let far = offset.unsigned_abs().min(n);
    match offset < 0 {
        true => far..n,
        false => 0..n - far,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [usize; 3] = [1, 5, 5];

    /// A row of ink in the middle.
    fn line() -> Vec<f32> {
        (0..25).map(|i| f32::from(u8::from(i / 5 == 2))).collect()
    }

    fn column(image: &[f32]) -> Vec<f32> {
        image.iter().skip(2).step_by(5).copied().collect()
    }

    #[test]
    fn a_stroke_grows_by_fractions_of_a_pixel() {
        let found = |pixels| column(&thickened(&line(), SHAPE, pixels));
        assert_eq!(found(0.0), [0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(found(0.25), [0.0, 0.25, 1.0, 0.25, 0.0]);
        assert_eq!(found(1.0), [0.0, 1.0, 1.0, 1.0, 0.0]);
        assert_eq!(found(1.5), [0.5, 1.0, 1.0, 1.0, 0.5]);
    }

    #[test]
    fn a_stroke_shrinks_by_as_much_and_the_edge_is_no_paper() {
        let thick = thickened(&line(), SHAPE, 1.0);
        let found = |pixels| column(&thickened(&thick, SHAPE, pixels));
        assert_eq!(found(-1.0), [0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(found(-0.25), [0.0, 0.75, 1.0, 0.75, 0.0]);
        let full = thickened(&[1.0; 25], SHAPE, -1.5);
        assert_eq!(full, [1.0; 25]);
    }
}
