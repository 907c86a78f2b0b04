//! Adam (<https://arxiv.org/abs/1412.6980>) and AdamW (<https://arxiv.org/abs/1711.05101>), like
//! `torch.optim`.

use super::shared::split_decay;
use pulp::Simd;

/// Adam's hyperparameters for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamHyper {
    /// Number of the step, from 1.
    pub step: u64,
    /// Learning rate.
    pub lr: f64,
    /// β₁, the decay of the mean of the gradient.
    pub beta1: f64,
    /// β₂, the decay of the mean of its square.
    pub beta2: f64,
    /// ε, added to the root against division by zero.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether weight decay is decoupled: applied to the weight (AdamW) instead of added to
    /// the gradient (Adam).
    pub decoupled: bool,
}

/// Smallest mean square of a gradient, 2⁻⁹⁵: far below what could matter beside ε, and far above
/// subnormal numbers, with which a processor computes a hundred times slower.
const MIN_SQUARE: f32 = f32::from_bits(0x1000_0000);

/// Vectors at a time.
const VECTORS: usize = 4;

/// The scalars of one Adam step.
#[derive(Clone, Copy)]
pub(in super::super) struct Scalars {
    beta1_rest: f32,
    beta2: f32,
    beta2_rest: f32,
    /// ε · √(1 − β₂ᵗ)
    epsilon: f32,
    /// lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ)
    step_size: f32,
    /// Weight decay added to the gradient.
    l2: f32,
    /// Factor of decoupled weight decay.
    keep: f32,
}

impl Scalars {
    pub(super) fn new(h: AdamHyper) -> Self {
        let t = h.step as f64;
        let correction = (1.0 - h.beta2.powf(t)).sqrt();
        let (l2, keep) = split_decay(h.lr, h.weight_decay, h.decoupled);
        Self {
            beta1_rest: (1.0 - h.beta1) as f32,
            beta2: h.beta2 as f32,
            beta2_rest: (1.0 - h.beta2) as f32,
            epsilon: (h.epsilon * correction) as f32,
            step_size: (h.lr * correction / (1.0 - h.beta1.powf(t))) as f32,
            l2,
            keep,
        }
    }

    /// Kingma and Ba 2015, with the corrections moved to the scalars (the end of their section
    /// 2). The last elements, fewer than a register holds, get the same operations.
    #[inline(always)]
    pub(super) fn step<S: Simd>(
        self,
        simd: S,
        p: &mut [f32],
        g: &[f32],
        m: &mut [f32],
        v: &mut [f32],
    ) {
        match self.l2 != 0.0 || self.keep != 1.0 {
            true => self.all::<S, true>(simd, p, g, m, v),
            false => self.all::<S, false>(simd, p, g, m, v),
        }
    }

    #[inline(always)]
    fn all<S: Simd, const DECAYS: bool>(
        self,
        simd: S,
        p: &mut [f32],
        g: &[f32],
        m: &mut [f32],
        v: &mut [f32],
    ) {
        let (p, p_rest) = S::as_mut_simd_f32s(p);
        let (g, g_rest) = S::as_simd_f32s(g);
        let (m, m_rest) = S::as_mut_simd_f32s(m);
        let (v, v_rest) = S::as_mut_simd_f32s(v);
        let (p, p_last) = p.as_chunks_mut::<VECTORS>();
        let (g, g_last) = g.as_chunks::<VECTORS>();
        let (m, m_last) = m.as_chunks_mut::<VECTORS>();
        let (v, v_last) = v.as_chunks_mut::<VECTORS>();
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            self.vectors::<S, DECAYS, VECTORS>(simd, p, g, m, v);
        }
        let last = p_last.iter_mut().zip(g_last).zip(m_last).zip(v_last);
        for (((p, g), m), v) in last {
            let [p, m, v] = [p, m, v].map(std::array::from_mut);
            self.vectors::<S, DECAYS, 1>(simd, p, &[*g], m, v);
        }
        if !p_rest.is_empty() {
            let rest = [&*p_rest, g_rest, &*m_rest, &*v_rest];
            let [mut p, g, mut m, mut v] = rest.map(|x| [simd.partial_load_f32s(x)]);
            self.vectors::<S, DECAYS, 1>(simd, &mut p, &g, &mut m, &mut v);
            simd.partial_store_f32s(p_rest, p[0]);
            simd.partial_store_f32s(m_rest, m[0]);
            simd.partial_store_f32s(v_rest, v[0]);
        }
    }

    /// Some vectors; skips weight decay if there is none. Each operation is done for all vectors
    /// before the next one: an operation takes some cycles, and the dependency chain of a single
    /// vector is longer than a processor's reordering window.
    #[inline(always)]
    fn vectors<S: Simd, const DECAYS: bool, const N: usize>(
        self,
        simd: S,
        p: &mut [S::f32s; N],
        g: &[S::f32s; N],
        m: &mut [S::f32s; N],
        v: &mut [S::f32s; N],
    ) {
        let all = |x| simd.splat_f32s(x);
        let mut g = *g;
        if DECAYS {
            for n in 0..N {
                g[n] = simd.mul_add_e_f32s(all(self.l2), p[n], g[n]);
            }
        }
        let mut root = [all(0.0); N];
        for n in 0..N {
            let share = simd.mul_f32s(g[n], all(self.beta2_rest));
            let kept = simd.mul_f32s(v[n], all(self.beta2));
            v[n] = simd.max_f32s(simd.mul_add_e_f32s(share, g[n], kept), all(MIN_SQUARE));
            root[n] = simd.sqrt_f32s(v[n]);
        }
        for n in 0..N {
            let mean = simd.mul_add_e_f32s(simd.sub_f32s(g[n], m[n]), all(self.beta1_rest), m[n]);
            m[n] = flush_tiny(simd, mean);
        }
        for root in &mut root {
            *root = simd.add_f32s(*root, all(self.epsilon));
        }
        let factor = reciprocals(simd, root);
        for n in 0..N {
            let step = simd.mul_f32s(m[n], all(self.step_size));
            if DECAYS {
                p[n] = simd.mul_f32s(p[n], all(self.keep));
            }
            p[n] = simd.negate_mul_add_e_f32s(step, factor[n], p[n]);
            if DECAYS {
                // Decay never ends, and makes a weight of no use subnormal.
                p[n] = flush_tiny(simd, p[n]);
            }
        }
    }
}

/// `x`, or zero where it is less than 2⁻⁶³.
#[inline(always)]
fn flush_tiny<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // Smaller exponents have none of these bits.
    let bits = simd.and_u32s(simd.transmute_u32s_f32s(x), simd.splat_u32s(0x6000_0000));
    let is_small = simd.equal_u32s(bits, simd.splat_u32s(0));
    simd.select_f32s(is_small, simd.splat_f32s(0.0), x)
}

/// 1 / x for positive normal x, to a unit in the last place.
///
/// A processor divides one vector at a time, which took half the time of a step. Instead, a guess
/// is made by negating the exponent in the bits, which is off by a twentieth at most; with the
/// error e = 1 − x·r of a guess r, r + r(e + e²) is off by e³, and r + r·e by e².
#[inline(always)]
fn reciprocals<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> [S::f32s; N] {
    let guess = simd.splat_u32s(0x7EF3_11C7);
    let one = simd.splat_f32s(1.0);
    let mut r = x.map(|x| {
        let bits = simd.sub_u32s(guess, simd.transmute_u32s_f32s(x));
        simd.transmute_f32s_u32s(bits)
    });
    let mut e = r;
    for n in 0..N {
        e[n] = simd.negate_mul_add_e_f32s(x[n], r[n], one);
    }
    for e in &mut e {
        *e = simd.mul_add_e_f32s(*e, *e, *e);
    }
    for n in 0..N {
        r[n] = simd.mul_add_e_f32s(r[n], e[n], r[n]);
    }
    for n in 0..N {
        e[n] = simd.negate_mul_add_e_f32s(x[n], r[n], one);
    }
    for n in 0..N {
        r[n] = simd.mul_add_e_f32s(r[n], e[n], r[n]);
    }
    r
}

#[cfg(test)]
mod tests {
    use super::super::super::simd;
    use super::super::{Rule, Slot};
    use super::*;
    use candle_core::{Tensor, Var};
    use pulp::WithSimd;

    /// A weight that got a gradient once and never again keeps no subnormal number, and is none.
    #[test]
    fn moments_of_a_weight_at_rest_end() {
        for weight_decay in [0.0, 100.0] {
            let param = Var::new(&[1f32], &candle_core::Device::Cpu).unwrap();
            let (mut m, mut v) = (Vec::new(), Vec::new());
            let hyper = |step| AdamHyper {
                step,
                lr: 1e-3,
                beta1: 0.9,
                beta2: 0.9,
                epsilon: 1e-7,
                weight_decay,
                decoupled: true,
            };
            let weight = || param.to_vec1::<f32>().unwrap()[0];
            for step in 1..=1_500 {
                let gradient = if step == 1 { 1f32 } else { 0.0 };
                let gradient = Tensor::new(&[gradient], &candle_core::Device::Cpu).unwrap();
                let mut slot = Slot {
                    param: &param,
                    first: &mut m,
                    second: &mut v,
                    lr_scale: 1.0,
                };
                slot.take(&gradient, Rule::Adam(hyper(step))).unwrap();
                for x in [m[0], v[0], weight()] {
                    assert!(x == 0.0 || x.is_normal(), "{x} at step {step}");
                }
            }
            assert_eq!((m[0], v[0]), (0.0, MIN_SQUARE));
            assert_eq!(weight() == 0.0, weight_decay > 0.0);
        }
    }

    /// From the smallest denominator that Adam's ε allows to the largest gradients.
    struct Reciprocals;

    impl WithSimd for Reciprocals {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            let mut x = 1e-30f32;
            while x < 1e30 {
                let [r] = reciprocals(simd, [simd.splat_f32s(x)]);
                let r = simd.reduce_max_f32s(r);
                let error = f64::from(r) * f64::from(x) - 1.0;
                assert!(error.abs() < 1.5e-7, "{x}: {error}");
                x *= 1.001;
            }
        }
    }

    #[test]
    fn reciprocals_are_exact_to_a_unit_in_the_last_place() {
        simd::run(Reciprocals);
    }
}
