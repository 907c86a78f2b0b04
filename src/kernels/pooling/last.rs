//! Pooling of one sample, channels last: the lanes are channels.

use super::Pooling;

impl Pooling {
    /// Calls `each` for every pixel of every window: (window, pixel of the image, whether it is the
    /// window's first).
    #[inline(always)]
    fn pixels(&self, mut each: impl FnMut(usize, usize, bool)) {
        for (i, rows, cols) in self.windows() {
            let mut is_first = true;
            for row in rows {
                for col in cols.clone() {
                    each(i, row * self.image[1] + col, is_first);
                    is_first = false;
                }
            }
        }
    }

    #[inline(always)]
    pub(super) fn max_last(&self, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
        let c = self.channels;
        self.pixels(|window, at, is_first| {
            let (y, argmax) = (&mut y[window * c..][..c], &mut argmax[window * c..][..c]);
            if is_first {
                y.fill(f32::NEG_INFINITY);
                argmax.fill(at as u32);
            }
            for ((y, argmax), &x) in y.iter_mut().zip(argmax).zip(&x[at * c..][..c]) {
                let is_better = (x > *y) | x.is_nan();
                *y = if is_better { x } else { *y };
                *argmax = if is_better { at as u32 } else { *argmax };
            }
        });
    }

    #[inline(always)]
    pub(super) fn max_last_backward(&self, dy: &[f32], argmax: &[u32], dx: &mut [f32]) {
        let c = self.channels;
        self.pixels(|window, at, _| {
            let (dy, argmax) = (&dy[window * c..][..c], &argmax[window * c..][..c]);
            for (dx, (&dy, &argmax)) in dx[at * c..][..c].iter_mut().zip(dy.iter().zip(argmax)) {
                *dx += if argmax == at as u32 { dy } else { 0.0 };
            }
        });
    }

    #[inline(always)]
    pub(super) fn average_last(&self, x: &[f32], y: &mut [f32]) {
        let c = self.channels;
        y.fill(0.0);
        self.pixels(|window, at, _| {
            let y = &mut y[window * c..][..c];
            y.iter_mut()
                .zip(&x[at * c..][..c])
                .for_each(|(y, x)| *y += x);
        });
        let scale = self.share();
        y.iter_mut().for_each(|y| *y *= scale);
    }

    #[inline(always)]
    pub(super) fn average_last_backward(&self, dy: &[f32], dx: &mut [f32]) {
        let c = self.channels;
        let scale = self.share();
        self.pixels(|window, at, _| {
            let dy = &dy[window * c..][..c];
            let dx = &mut dx[at * c..][..c];
            dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy * scale);
        });
    }
}
