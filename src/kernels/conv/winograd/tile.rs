//! The two sizes of minimal filtering, and their transforms along one axis: of M results from M + 2
//! pixels and three taps.
//!
//! They evaluate polynomials at M + 2 points, one of them infinity. F(2, 3) takes 0, 1 and -1; F(4, 3)
//! takes 0, ±√½ and ±√2, which lose less to rounding than the 0, ±1 and ±2 of Lavin and Gray: twice
//! the error of a plain sum instead of ten times (Barabasz et al.: Error analysis and improving the
//! accuracy of Winograd convolution for deep neural networks, 2020, on the choice of points).

use pulp::Simd;
use std::f32::consts::SQRT_2;

/// The size of a tile of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Tile {
    /// 2 × 2: 16 multiplications instead of 36.
    Two,
    /// 4 × 4: 36 multiplications instead of 144.
    Four,
}

impl Tile {
    /// Results along a side.
    pub fn side(self) -> usize {
        match self {
            Tile::Two => 2,
            Tile::Four => 4,
        }
    }

    /// Pixels of a patch, before and after the transform.
    pub fn places(self) -> usize {
        (self.side() + 2).pow(2)
    }

    /// Rows and columns of tiles that cover so many pixels.
    pub fn cover(self, size: [usize; 2]) -> [usize; 2] {
        size.map(|n| n.div_ceil(self.side()))
    }
}

/// The transforms of `M` results from `P` pixels.
// Arrays are made by [`Transforms::pixels`] and [`Transforms::results`], element by element: what the
// compiler leaves a loop is kept in memory instead of registers.
pub(in super::super) trait Transforms<const M: usize, const P: usize> {
    /// Calls a function, which must be inlined, for each pixel along an axis.
    fn pixels<R>(f: impl FnMut(usize) -> R) -> [R; P];
    /// The same for each result.
    fn results<R>(f: impl FnMut(usize) -> R) -> [R; M];
    /// The same for each tap.
    #[inline(always)]
    fn taps<R>(mut f: impl FnMut(usize) -> R) -> [R; 3] {
        [f(0), f(1), f(2)]
    }

    /// G g, of taps.
    fn of_taps<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; P];
    /// Bᵀ d, of pixels.
    fn of_pixels<S: Simd>(simd: S, d: [S::f32s; P]) -> [S::f32s; P];
    /// Aᵀ s, of sums of products: results.
    fn of_sums<S: Simd>(simd: S, s: [S::f32s; P]) -> [S::f32s; M];
    /// A z, of the gradients of results.
    fn of_gradients<S: Simd>(simd: S, z: [S::f32s; M]) -> [S::f32s; P];
    /// Gᵀ s, of sums of products: the gradients of taps.
    fn of_products<S: Simd>(simd: S, s: [S::f32s; P]) -> [S::f32s; 3];
}

/// F(2, 3).
pub(super) struct Two;

impl Transforms<2, 4> for Two {
    #[inline(always)]
    fn pixels<R>(mut f: impl FnMut(usize) -> R) -> [R; 4] {
        [f(0), f(1), f(2), f(3)]
    }

    #[inline(always)]
    fn results<R>(mut f: impl FnMut(usize) -> R) -> [R; 2] {
        [f(0), f(1)]
    }

    /// G = [1 0 0; ½ ½ ½; ½ -½ ½; 0 0 1]
    #[inline(always)]
    fn of_taps<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; 4] {
        let half = simd.splat_f32s(0.5);
        let ends = simd.mul_f32s(simd.add_f32s(g[0], g[2]), half);
        let middle = simd.mul_f32s(g[1], half);
        let sum = simd.add_f32s(ends, middle);
        let difference = simd.sub_f32s(ends, middle);
        [g[0], sum, difference, g[2]]
    }

    /// Bᵀ = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]
    #[inline(always)]
    fn of_pixels<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 4] {
        let first = simd.sub_f32s(d[0], d[2]);
        let sum = simd.add_f32s(d[1], d[2]);
        let difference = simd.sub_f32s(d[2], d[1]);
        let last = simd.sub_f32s(d[1], d[3]);
        [first, sum, difference, last]
    }

    /// Aᵀ = [1 1 1 0; 0 1 -1 -1]
    #[inline(always)]
    fn of_sums<S: Simd>(simd: S, s: [S::f32s; 4]) -> [S::f32s; 2] {
        let first = simd.add_f32s(simd.add_f32s(s[0], s[1]), s[2]);
        let second = simd.sub_f32s(simd.sub_f32s(s[1], s[2]), s[3]);
        [first, second]
    }

    #[inline(always)]
    fn of_gradients<S: Simd>(simd: S, z: [S::f32s; 2]) -> [S::f32s; 4] {
        let sum = simd.add_f32s(z[0], z[1]);
        let difference = simd.sub_f32s(z[0], z[1]);
        [z[0], sum, difference, simd.neg_f32s(z[1])]
    }

    #[inline(always)]
    fn of_products<S: Simd>(simd: S, s: [S::f32s; 4]) -> [S::f32s; 3] {
        let half = simd.splat_f32s(0.5);
        let sum = simd.mul_f32s(simd.add_f32s(s[1], s[2]), half);
        let difference = simd.mul_f32s(simd.sub_f32s(s[1], s[2]), half);
        [
            simd.add_f32s(s[0], sum),
            difference,
            simd.add_f32s(sum, s[3]),
        ]
    }
}

/// F(4, 3).
pub(super) struct Four;

/// √½, the smaller point but 0.
const NEAR: f32 = SQRT_2 / 2.0;
/// √2, the larger one.
const FAR: f32 = SQRT_2;

/// x · factor
#[inline(always)]
fn times<S: Simd>(simd: S, factor: f32, x: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(factor), x)
}

/// x · factor + y
#[inline(always)]
fn plus<S: Simd>(simd: S, factor: f32, x: S::f32s, y: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(simd.splat_f32s(factor), x, y)
}

/// even + odd and even - odd: the values of a polynomial at a point and its opposite.
#[inline(always)]
fn both<S: Simd>(simd: S, even: S::f32s, odd: S::f32s) -> [S::f32s; 2] {
    [simd.add_f32s(even, odd), simd.sub_f32s(even, odd)]
}

impl Transforms<4, 6> for Four {
    #[inline(always)]
    fn pixels<R>(mut f: impl FnMut(usize) -> R) -> [R; 6] {
        [f(0), f(1), f(2), f(3), f(4), f(5)]
    }

    #[inline(always)]
    fn results<R>(mut f: impl FnMut(usize) -> R) -> [R; 4] {
        [f(0), f(1), f(2), f(3)]
    }

    /// G = [1 0 0; -⅔ ∓√2/3 -⅓; ⅙ ±√2/6 ⅓; 0 0 1]
    #[inline(always)]
    fn of_taps<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; 6] {
        let near = plus(simd, 2.0, g[0], g[2]);
        let far = plus(simd, 0.5, g[0], g[2]);
        let [a, b] = both(
            simd,
            times(simd, -1.0 / 3.0, near),
            times(simd, -SQRT_2 / 3.0, g[1]),
        );
        let [c, d] = both(
            simd,
            times(simd, 1.0 / 3.0, far),
            times(simd, SQRT_2 / 6.0, g[1]),
        );
        [g[0], a, b, c, d, g[2]]
    }

    /// Bᵀ = [1 0 -5/2 0 1 0; 0 ∓√2 -2 ±√½ 1 0; 0 ∓√½ -½ ±√2 1 0; 0 1 0 -5/2 0 1]
    #[inline(always)]
    fn of_pixels<S: Simd>(simd: S, d: [S::f32s; 6]) -> [S::f32s; 6] {
        let near = plus(simd, NEAR, d[3], times(simd, -FAR, d[1]));
        let far = plus(simd, FAR, d[3], times(simd, -NEAR, d[1]));
        let [a, b] = both(simd, plus(simd, -2.0, d[2], d[4]), near);
        let [c, e] = both(simd, plus(simd, -0.5, d[2], d[4]), far);
        let first = plus(simd, -2.5, d[2], simd.add_f32s(d[0], d[4]));
        let last = plus(simd, -2.5, d[3], simd.add_f32s(d[1], d[5]));
        [first, a, b, c, e, last]
    }

    /// Aᵀ = [1 1 1 1 1 0; 0 √½ -√½ √2 -√2 0; 0 ½ ½ 2 2 0; 0 √2/4 -√2/4 2√2 -2√2 1]
    #[inline(always)]
    fn of_sums<S: Simd>(simd: S, s: [S::f32s; 6]) -> [S::f32s; 4] {
        let [near, of_near] = both(simd, s[1], s[2]);
        let [far, of_far] = both(simd, s[3], s[4]);
        [
            simd.add_f32s(simd.add_f32s(s[0], near), far),
            plus(simd, NEAR, of_near, times(simd, FAR, of_far)),
            plus(simd, 0.5, near, times(simd, 2.0, far)),
            plus(
                simd,
                NEAR / 2.0,
                of_near,
                plus(simd, 2.0 * FAR, of_far, s[5]),
            ),
        ]
    }

    #[inline(always)]
    fn of_gradients<S: Simd>(simd: S, z: [S::f32s; 4]) -> [S::f32s; 6] {
        let near = plus(simd, NEAR / 2.0, z[3], times(simd, NEAR, z[1]));
        let far = plus(simd, 2.0 * FAR, z[3], times(simd, FAR, z[1]));
        let [a, b] = both(simd, plus(simd, 0.5, z[2], z[0]), near);
        let [c, d] = both(simd, plus(simd, 2.0, z[2], z[0]), far);
        [z[0], a, b, c, d, z[3]]
    }

    #[inline(always)]
    fn of_products<S: Simd>(simd: S, s: [S::f32s; 6]) -> [S::f32s; 3] {
        let [near, of_near] = both(simd, s[1], s[2]);
        let [far, of_far] = both(simd, s[3], s[4]);
        let difference = simd.sub_f32s(far, near);
        [
            plus(simd, -2.0 / 3.0, near, plus(simd, 1.0 / 6.0, far, s[0])),
            plus(
                simd,
                -SQRT_2 / 3.0,
                of_near,
                times(simd, SQRT_2 / 6.0, of_far),
            ),
            plus(simd, 1.0 / 3.0, difference, s[5]),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::simd;
    use pulp::WithSimd;

    /// Along one axis: results by the transforms and by plain sums, and both sides of ⟨A z, s⟩ = ⟨z, Aᵀ s⟩
    /// and of ⟨G g, s⟩ = ⟨g, Gᵀ s⟩.
    struct Check<T>(T);

    fn numbers(seed: f32) -> impl Fn(usize) -> f32 {
        move |i| (seed + 1.7 * i as f32).sin()
    }

    impl WithSimd for Check<Two> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            check::<S, Two, 2, 4>(simd);
        }
    }

    impl WithSimd for Check<Four> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            check::<S, Four, 4, 6>(simd);
        }
    }

    fn check<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(simd: S) {
        let (d, g, z, s) = (numbers(1.0), numbers(2.0), numbers(3.0), numbers(4.0));
        let splat = |x: f32| simd.splat_f32s(x);
        let first = |x: S::f32s| pulp::bytemuck::cast_slice::<S::f32s, f32>(&[x])[0];
        let dot = |a: &[S::f32s], b: &[S::f32s]| -> f32 {
            a.iter().zip(b).map(|(a, b)| first(*a) * first(*b)).sum()
        };
        let pixels = T::of_pixels(simd, T::pixels(|i| splat(d(i))));
        let taps = T::taps(|i| splat(g(i)));
        let of_taps = T::of_taps(simd, taps);
        let products = T::pixels(|i| simd.mul_f32s(pixels[i], of_taps[i]));
        for (i, found) in T::of_sums(simd, products).into_iter().enumerate() {
            let expected: f32 = (0..3).map(|tap| d(i + tap) * g(tap)).sum();
            assert!(
                (first(found) - expected).abs() < 2e-6,
                "{i}: {found:?} {expected}"
            );
        }
        let (z, s) = (T::results(|i| splat(z(i))), T::pixels(|i| splat(s(i))));
        let pairs = [
            (
                dot(&T::of_gradients(simd, z), &s),
                dot(&z, &T::of_sums(simd, s)),
            ),
            (dot(&of_taps, &s), dot(&taps, &T::of_products(simd, s))),
        ];
        for (one, other) in pairs {
            assert!((one - other).abs() < 1e-5, "{one} {other}");
        }
    }

    #[test]
    fn the_transforms_are_a_convolution_and_their_transposes_its_gradients() {
        simd::run(Check(Two));
        simd::run(Check(Four));
    }
}
