//! Bytes of an image as the inputs of a network.

use super::simd;
use pulp::{Simd, WithSimd};

/// `values[i] = bytes[i] / 255`, correctly rounded.
///
/// # Panics
/// When the two differ in length.
pub fn unit_values(bytes: &[u8], values: &mut [f32]) {
    assert_eq!(bytes.len(), values.len());
    simd::run(UnitValues { bytes, values });
}

struct UnitValues<'a> {
    bytes: &'a [u8],
    values: &'a mut [f32],
}

impl WithSimd for UnitValues<'_> {
    type Output = ();

    /// A processor divides one vector at a time: the product with 1/255 and one correction by what
    /// is left over (as in Markstein 1990) are as exact and several times as fast.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (value, &byte) in self.values.iter_mut().zip(self.bytes) {
            *value = f32::from(byte);
        }
        let (inverse, most) = (simd.splat_f32s(1.0 / 255.0), simd.splat_f32s(255.0));
        let (values, rest) = S::as_mut_simd_f32s(self.values);
        for value in values {
            let quotient = simd.mul_f32s(*value, inverse);
            let left = simd.negate_mul_add_e_f32s(quotient, most, *value);
            *value = simd.mul_add_e_f32s(left, inverse, quotient);
        }
        rest.iter_mut().for_each(|value| *value /= 255.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::Arch;

    #[test]
    fn every_byte_is_divided_by_255_exactly() {
        let bytes: Vec<u8> = (0..=255).chain(0..7).collect();
        let expected: Vec<f32> = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        let mut values = vec![0.0; bytes.len()];
        unit_values(&bytes, &mut values);
        assert_eq!(values, expected);
        // Without fused operations, too.
        values.fill(0.0);
        Arch::Scalar.dispatch(UnitValues {
            bytes: &bytes,
            values: &mut values,
        });
        assert_eq!(values, expected);
    }
}
