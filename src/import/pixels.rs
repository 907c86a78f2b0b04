//! What a network does with pixels before its first layer: scale · x + shift. Ours gets values from
//! 0 to 1.

use super::chain::Chain;

/// Below this factor, a network wants pixels from 0 to 255.
const MAX_SCALE_OF_BYTES: f64 = 0.01;

/// Scale and shift, for each channel or for all.
#[derive(Debug)]
pub(super) struct Pixels {
    scale: Vec<f64>,
    shift: Vec<f64>,
    is_bytes: bool,
}

impl Pixels {
    /// Pixels as they are.
    ///
    /// * `is_bytes`: whether they are whole numbers from 0 to 255
    pub fn new(is_bytes: bool) -> Pixels {
        Pixels {
            scale: vec![1.0],
            shift: vec![0.0],
            is_bytes,
        }
    }

    /// Applies scale · x + shift, each of one value or one per channel.
    ///
    /// # Errors
    /// When they are for another number of channels.
    pub fn apply(&mut self, scale: &[f64], shift: &[f64]) -> Result<(), String> {
        let n = scale.len().max(shift.len()).max(self.scale.len());
        let fits = |values: &[f64]| values.len() == 1 || values.len() == n;
        if !fits(scale) || !fits(shift) || !fits(&self.scale) {
            return Err(format!(
                "scales {} and {} channels",
                scale.len(),
                self.scale.len()
            ));
        }
        let of = |values: &[f64], idx: usize| values[idx % values.len()];
        let both = (0..n).map(|idx| {
            let (a, b) = (of(scale, idx), of(shift, idx));
            (a * of(&self.scale, idx), a * of(&self.shift, idx) + b)
        });
        (self.scale, self.shift) = both.unzip();
        Ok(())
    }

    /// Begins the network: with a batch norm, if the pixels are not values from 0 to 1.
    ///
    /// # Errors
    /// When they are scaled for another number of channels.
    pub fn begin(self, chain: &mut Chain) -> Result<(), String> {
        let largest = self.scale.iter().fold(0f64, |most, s| most.max(s.abs()));
        let wants_bytes = self.is_bytes || largest < MAX_SCALE_OF_BYTES;
        let range = if wants_bytes { 255.0 } else { 1.0 };
        let scale: Vec<f64> = self.scale.iter().map(|s| s * range).collect();
        let is_plain = scale.iter().all(|s| (s - 1.0).abs() < 1e-6)
            && self.shift.iter().all(|s| s.abs() < 1e-9);
        if !is_plain {
            return chain.affine(&scale, &self.shift);
        }
        if !wants_bytes {
            let said = "it does not scale its pixels, so they are taken to be from 0 to 1";
            chain.notes.push(said.to_owned());
        }
        Ok(())
    }
}
