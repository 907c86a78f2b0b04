//! Numbers as bytes: a uniform grid for what layers compute, and one per output for weights.

use candle_core::{Result, Tensor};

/// Greatest absolute value of an int8 weight: 7 bits of the 8. A processor without VNNI adds two
/// products of a uint8 and an int8 in 16 bits, which then never overflow: 2 · 255 · 63 < 2¹⁵.
pub(crate) const MAX_WEIGHT: f32 = 63.0;

/// The 256 values that a uint8 stands for: scale · (q − zero point).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    /// The distance between two values.
    pub scale: f32,
    /// The number that stands for 0.
    pub zero_point: u8,
}

impl Grid {
    /// Pixels from 0 to 1: exactly what an image file holds.
    pub const PIXELS: Grid = Grid {
        scale: 1.0 / 255.0,
        zero_point: 0,
    };

    /// The finest grid for values from `low` to `high` that has the value 0, which padding needs.
    pub fn of_range(low: f32, high: f32) -> Grid {
        let (low, high) = (low.min(0.0), high.max(0.0));
        let scale = (high - low) / 255.0;
        if !(scale.is_normal() && scale.is_sign_positive()) {
            return Grid::PIXELS;
        }
        Grid {
            scale,
            zero_point: (-low / scale).round().clamp(0.0, 255.0) as u8,
        }
    }

    /// The value of the grid next to each of `x`, as `QuantizeLinear` and `DequantizeLinear` give it.
    ///
    /// # Errors
    /// When candle cannot allocate the result.
    pub fn round(self, x: &Tensor) -> Result<Tensor> {
        let zero = f64::from(self.zero_point);
        let numbers = (x / f64::from(self.scale))?.round()?;
        let numbers = numbers.clamp(-zero, 255.0 - zero)?;
        numbers * f64::from(self.scale)
    }
}

/// Weights as int8 numbers, and the scale of each output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ByteWeights {
    /// As many as weights, each from −63 to 63.
    pub numbers: Vec<i8>,
    /// One per output.
    pub scales: Vec<f32>,
}

impl ByteWeights {
    /// Rounds `values`, of which each of `n_outputs` has as many, one output after the other.
    pub fn of(values: &[f32], n_outputs: usize) -> ByteWeights {
        let per_output = (values.len() / n_outputs.max(1)).max(1);
        let mut weights = ByteWeights {
            numbers: Vec::with_capacity(values.len()),
            scales: Vec::with_capacity(n_outputs),
        };
        for row in values.chunks(per_output) {
            let largest = row.iter().fold(0.0_f32, |max, v| max.max(v.abs()));
            let scale = match (largest / MAX_WEIGHT).is_normal() {
                true => largest / MAX_WEIGHT,
                false => 1.0,
            };
            let number = |v: &f32| (v / scale).round().clamp(-MAX_WEIGHT, MAX_WEIGHT) as i8;
            weights.numbers.extend(row.iter().map(number));
            weights.scales.push(scale);
        }
        weights
    }

    /// The values that the numbers stand for.
    pub fn values(&self) -> Vec<f32> {
        let per_output = (self.numbers.len() / self.scales.len().max(1)).max(1);
        let rows = self.numbers.chunks(per_output).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&n| f32::from(n) * scale))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn a_grid_has_zero_both_ends_and_nothing_outside() {
        for (low, high) in [(-1.0, 3.0), (0.0, 6.0), (-2.0, 0.0), (0.5, 2.0)] {
            let grid = Grid::of_range(low, high);
            let x = Tensor::new(&[0.0, low, high, 2.0 * high + 1.0, low - 9.0], &Device::Cpu);
            let found: Vec<f32> = grid.round(&x.unwrap()).unwrap().to_vec1().unwrap();
            assert_eq!(found[0], 0.0);
            for (value, expected) in found[1..]
                .iter()
                .zip([low, high, high.max(0.0), low.min(0.0)])
            {
                assert!(
                    (value - expected).abs() <= grid.scale,
                    "{low} {high}: {value}"
                );
            }
        }
    }

    #[test]
    fn pixels_are_exact_and_a_layer_of_zeros_has_a_grid() {
        let pixels: Vec<f32> = (0..=255).map(|p| p as f32 / 255.0).collect();
        let x = Tensor::new(pixels.as_slice(), &Device::Cpu).unwrap();
        let found: Vec<f32> = Grid::PIXELS.round(&x).unwrap().to_vec1().unwrap();
        for (found, expected) in found.iter().zip(&pixels) {
            assert!((found - expected).abs() < 1e-7);
        }
        assert_eq!(Grid::of_range(0.0, 0.0), Grid::PIXELS);
        assert_eq!(Grid::of_range(f32::NAN, f32::INFINITY), Grid::PIXELS);
    }

    #[test]
    fn weights_are_rounded_output_by_output() {
        let values = [0.4, -1.0, 0.0, 0.01, 0.02, -0.005, 0.0, 0.0, 0.0];
        let weights = ByteWeights::of(&values, 3);
        assert_eq!(weights.numbers, [25, -63, 0, 32, 63, -16, 0, 0, 0]);
        for (found, expected) in weights.values().iter().zip(values) {
            assert!((found - expected).abs() <= 0.5 / 63.0);
        }
    }
}
