//! Pooling of one sample, channels first: plane by plane.

use super::Pooling;

impl Pooling {
    #[inline(always)]
    pub(super) fn max_first(&self, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
        let (plane, pooled) = self.sizes();
        let outputs = y
            .chunks_exact_mut(pooled)
            .zip(argmax.chunks_exact_mut(pooled));
        for (x, (y, argmax)) in x.chunks_exact(plane).zip(outputs) {
            match self.is_fours() {
                true => self.max_of_fours(x, y, argmax),
                false => self.max_of_windows(x, y, argmax),
            }
        }
    }

    /// Two rows at a time: without branches, for whole vectors.
    #[inline(always)]
    pub(super) fn max_of_fours(&self, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
        let (width, columns) = (self.image[1], self.output[1]);
        let rows = y
            .chunks_exact_mut(columns)
            .zip(argmax.chunks_exact_mut(columns));
        for (row, (y, argmax)) in rows.enumerate() {
            let start = 2 * row * width;
            let pairs = |start: usize| x[start..start + 2 * columns].as_chunks::<2>().0;
            let windows = pairs(start).iter().zip(pairs(start + width));
            let outputs = y.iter_mut().zip(argmax).zip((start as u32..).step_by(2));
            for ((above, below), ((y, argmax), at)) in windows.zip(outputs) {
                let mut best = (above[0], at);
                let next = width as u32;
                for (x, at) in [
                    (above[1], at + 1),
                    (below[0], at + next),
                    (below[1], at + next + 1),
                ] {
                    let is_better = (x > best.0) | x.is_nan();
                    best.0 = if is_better { x } else { best.0 };
                    best.1 = if is_better { at } else { best.1 };
                }
                (*y, *argmax) = best;
            }
        }
    }

    pub(super) fn max_of_windows(&self, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
        let width = self.image[1];
        for (i, rows, cols) in self.windows() {
            let mut best = (f32::NEG_INFINITY, rows.start * width + cols.start);
            for row in rows {
                let start = row * width + cols.start;
                for (at, &x) in (start..).zip(&x[start..start + cols.len()]) {
                    if x > best.0 || x.is_nan() {
                        best = (x, at);
                    }
                }
            }
            (y[i], argmax[i]) = (best.0, best.1 as u32);
        }
    }

    #[inline(always)]
    pub(super) fn max_first_backward(&self, dy: &[f32], argmax: &[u32], dx: &mut [f32]) {
        let (plane, pooled) = self.sizes();
        let inputs = dy.chunks_exact(pooled).zip(argmax.chunks_exact(pooled));
        for ((dy, argmax), dx) in inputs.zip(dx.chunks_exact_mut(plane)) {
            for (dy, &at) in dy.iter().zip(argmax) {
                dx[at as usize] += dy;
            }
        }
    }

    #[inline(always)]
    pub(super) fn average_first(&self, x: &[f32], y: &mut [f32]) {
        let (plane, pooled) = self.sizes();
        for (x, y) in x.chunks_exact(plane).zip(y.chunks_exact_mut(pooled)) {
            match self.is_fours() {
                true => self.average_of_fours(x, y),
                false => self.average_of_windows(x, y),
            }
        }
    }

    /// Two rows at a time, for whole vectors; the sums are those of [`Pooling::average_of_windows`].
    #[inline(always)]
    pub(super) fn average_of_fours(&self, x: &[f32], y: &mut [f32]) {
        let (width, columns) = (self.image[1], self.output[1]);
        let scale = self.share();
        for (y, x) in y.chunks_exact_mut(columns).zip(x.chunks_exact(2 * width)) {
            let (above, below) = x.split_at(width);
            let windows = above
                .as_chunks::<2>()
                .0
                .iter()
                .zip(below.as_chunks::<2>().0);
            for (y, (above, below)) in y.iter_mut().zip(windows) {
                *y = (0.0 + above[0] + above[1] + below[0] + below[1]) * scale;
            }
        }
    }

    pub(super) fn average_of_windows(&self, x: &[f32], y: &mut [f32]) {
        let width = self.image[1];
        let scale = self.share();
        for (i, rows, cols) in self.windows() {
            let mut sum = 0.0;
            for row in rows {
                for value in &x[row * width + cols.start..row * width + cols.end] {
                    sum += value;
                }
            }
            y[i] = sum * scale;
        }
    }

    #[inline(always)]
    pub(super) fn average_first_backward(&self, dy: &[f32], dx: &mut [f32]) {
        let (plane, pooled) = self.sizes();
        for (dy, dx) in dy.chunks_exact(pooled).zip(dx.chunks_exact_mut(plane)) {
            match self.is_fours() {
                true => self.average_of_fours_backward(dy, dx),
                false => self.average_of_windows_backward(dy, dx),
            }
        }
    }

    #[inline(always)]
    pub(super) fn average_of_fours_backward(&self, dy: &[f32], dx: &mut [f32]) {
        let (width, columns) = (self.image[1], self.output[1]);
        let scale = self.share();
        for (dy, dx) in dy.chunks_exact(columns).zip(dx.chunks_exact_mut(2 * width)) {
            for dx in dx.chunks_exact_mut(width) {
                for (dy, dx) in dy.iter().zip(dx.as_chunks_mut::<2>().0) {
                    *dx = [dx[0] + dy * scale, dx[1] + dy * scale];
                }
            }
        }
    }

    pub(super) fn average_of_windows_backward(&self, dy: &[f32], dx: &mut [f32]) {
        let width = self.image[1];
        let scale = self.share();
        for (i, rows, cols) in self.windows() {
            for row in rows {
                for dx in &mut dx[row * width + cols.start..row * width + cols.end] {
                    *dx += dy[i] * scale;
                }
            }
        }
    }
}
