//! Large copies, by all threads: most of their time is page faults of memory that is new.

use candle_core::{Device, Result, Tensor};

use super::pool;
use super::support::read;

/// Elements per chunk of work.
const CHUNK: usize = 1 << 16;

/// Makes copies, in reused memory if there is some.
#[derive(Debug, Default)]
pub struct Copies(Vec<Vec<f32>>);

impl Copies {
    /// Reuses the memory of `old`, whose values are no longer needed.
    pub fn in_place_of(old: impl IntoIterator<Item = Vec<f32>>) -> Copies {
        Copies(old.into_iter().collect())
    }

    /// Copies `values`.
    pub fn of(&mut self, values: &[f32]) -> Vec<f32> {
        let at = self.0.iter().position(|old| old.len() == values.len());
        let mut copy = match at {
            Some(at) => self.0.swap_remove(at),
            None => vec![0.0; values.len()],
        };
        let parts = copy.chunks_mut(CHUNK).zip(values.chunks(CHUNK));
        pool::for_parts_worth(values.len(), parts, |_, (to, from)| {
            to.copy_from_slice(from)
        });
        copy
    }

    /// Copies the elements of `x`.
    ///
    /// # Errors
    /// When `x` is not of f32.
    pub fn of_tensor(&mut self, x: &Tensor) -> Result<Vec<f32>> {
        read(&x.detach().to_device(&Device::Cpu)?, |x| Ok(self.of(x)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_equal_and_take_the_place_of_old_ones() {
        let values: Vec<f32> = (0..3 * CHUNK + 7).map(|i| i as f32).collect();
        let old = vec![5.0; values.len()];
        let place = old.as_ptr();
        let mut copies = Copies::in_place_of([vec![1.0], old]);
        let copy = copies.of(&values);
        assert_eq!((copy.as_ptr(), &copy), (place, &values));
        assert_eq!(copies.of(&values), values);
        assert!(copies.of(&[]).is_empty());
    }
}
