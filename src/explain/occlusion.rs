//! Occlusion: z(x) − z(x under a black window), for every position of the window; a pixel gets the
//! mean of the windows that cover it. The window covers all channels, and is cut at the edges.

use std::ops::Range;

use super::Map;
use super::error::ExplainError;
use super::probe::Probe;

/// The positions of a window on an image.
struct Windows {
    /// Height and width of the image.
    image: [usize; 2],
    side: usize,
    stride: usize,
}

impl Windows {
    /// Positions along an axis: enough that the last window reaches the edge.
    fn along(&self, axis: usize) -> usize {
        (self.image[axis] - self.side.min(self.image[axis])).div_ceil(self.stride) + 1
    }

    fn len(&self) -> usize {
        self.along(0) * self.along(1)
    }

    /// The pixels of a plane that the window at position `idx` covers, row by row.
    fn rows(&self, idx: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let width = self.image[1];
        let range = |axis: usize, position: usize| {
            let start = position * self.stride;
            start..(start + self.side).min(self.image[axis])
        };
        let columns = range(1, idx % self.along(1));
        let rows = range(0, idx / self.along(1));
        rows.map(move |row| row * width + columns.start..row * width + columns.end)
    }
}

pub(super) fn map(
    probe: &Probe<'_>,
    window: Option<usize>,
    stride: usize,
) -> Result<Map, ExplainError> {
    let [channels, height, width] = probe.shape();
    let windows = Windows {
        image: [height, width],
        side: window.unwrap_or(height.min(width) / 4).max(1),
        stride: stride.max(1),
    };
    let area = height * width;
    let (mut sums, mut counts) = (vec![0.0f64; area], vec![0u32; area]);
    probe.each_value(
        windows.len(),
        |idx, variant| {
            for plane in variant.chunks_exact_mut(area) {
                windows.rows(idx).for_each(|row| plane[row].fill(0.0));
            }
        },
        |idx, value| {
            let fall = f64::from(probe.value) - f64::from(value);
            for pixel in windows.rows(idx).flatten() {
                sums[pixel] += fall;
                counts[pixel] += 1;
            }
        },
    )?;
    let pairs = sums.iter().zip(&counts);
    // With a stride beyond the window, some pixels are never covered.
    let plane: Vec<f32> = pairs
        .map(|(sum, count)| (sum / f64::from((*count).max(1))) as f32)
        .collect();
    Ok(plane.repeat(channels).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(image: [usize; 2], side: usize, stride: usize) -> Vec<Vec<usize>> {
        let windows = Windows {
            image,
            side,
            stride,
        };
        let pixels = |idx| windows.rows(idx).flatten().collect();
        (0..windows.len()).map(pixels).collect()
    }

    #[test]
    fn windows_reach_the_edges_and_are_cut_there() {
        assert_eq!(covered([1, 3], 2, 1), [vec![0, 1], vec![1, 2]]);
        assert_eq!(covered([2, 3], 2, 2), [vec![0, 1, 3, 4], vec![2, 5]]);
        assert_eq!(covered([2, 2], 5, 1), [vec![0, 1, 2, 3]]);
        assert_eq!(covered([28, 28], 7, 1).len(), 22 * 22);
        assert_eq!(covered([1, 5], 1, 2), [vec![0], vec![2], vec![4]]);
    }
}
