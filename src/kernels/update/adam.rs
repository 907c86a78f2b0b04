//! Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), as `torch.optim` does them.

use super::{Rule, Slot, split_decay};
use candle_core::{Result, Tensor, Var};
use pulp::Simd;

/// What Adam is set to, for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamHyper {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the mean of the gradient.
    pub beta1: f64,
    /// Decay of the mean of its square.
    pub beta2: f64,
    /// Added to the root, against division by zero.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether the decay is applied to the weight directly (AdamW, Loshchilov and Hutter 2019)
    /// instead of being added to the gradient (Adam).
    pub decoupled: bool,
}

/// One step of Adam or AdamW, as `torch.optim.Adam` and `AdamW`.
///
/// * `grad`: the shape of `param`
/// * `m`, `v`: the moments, empty before the first step
/// * `step`: counts from 1
pub fn adam(
    param: &Var,
    grad: &Tensor,
    m: &mut Vec<f32>,
    v: &mut Vec<f32>,
    step: u64,
    hyper: AdamHyper,
) -> Result<()> {
    let mut slot = Slot {
        param,
        first: m,
        second: v,
    };
    slot.take(grad, Rule::Adam { step, hyper })
}

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
    /// What decoupled weight decay leaves of a weight.
    keep: f32,
}

impl Scalars {
    pub(super) fn new(step: u64, h: AdamHyper) -> Self {
        let t = step as f64;
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
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            [*p, *m, *v] = self.vector::<S, DECAYS>(simd, [*p, *g, *m, *v]);
        }
        if !p_rest.is_empty() {
            let rest = [&*p_rest, g_rest, &*m_rest, &*v_rest];
            let [p, m, v] = self.vector::<S, DECAYS>(simd, rest.map(|x| simd.partial_load_f32s(x)));
            simd.partial_store_f32s(p_rest, p);
            simd.partial_store_f32s(m_rest, m);
            simd.partial_store_f32s(v_rest, v);
        }
    }

    /// Parameter, gradient and moments → parameter and moments; without the two operations of weight
    /// decay where there is none.
    #[inline(always)]
    fn vector<S: Simd, const DECAYS: bool>(
        self,
        simd: S,
        [p, g, m, v]: [S::f32s; 4],
    ) -> [S::f32s; 3] {
        let all = |x| simd.splat_f32s(x);
        let zero = all(0.0);
        // The exponents below 2⁻⁶³ and 2⁻⁹⁵ have none of these bits.
        let flushed = |x, bits| {
            let bits = simd.and_u32s(simd.transmute_u32s_f32s(x), simd.splat_u32s(bits));
            let is_small = simd.equal_u32s(bits, simd.splat_u32s(0));
            simd.select_f32s(is_small, zero, x)
        };
        let g = match DECAYS {
            true => simd.mul_add_e_f32s(all(self.l2), p, g),
            false => g,
        };
        let g = flushed(g, 0x6000_0000);
        let m = simd.mul_add_e_f32s(simd.sub_f32s(g, m), all(self.beta1_rest), m);
        let m = flushed(m, 0x6000_0000);
        let square = simd.mul_f32s(simd.mul_f32s(g, g), all(self.beta2_rest));
        let v = simd.mul_add_e_f32s(v, all(self.beta2), square);
        let v = flushed(v, 0x7000_0000);
        let root = simd.add_f32s(simd.sqrt_f32s(v), all(self.epsilon));
        let move_by = simd.mul_f32s(m, reciprocal(simd, root));
        let kept = match DECAYS {
            true => simd.mul_f32s(p, all(self.keep)),
            false => p,
        };
        let p = simd.negate_mul_add_e_f32s(move_by, all(self.step_size), kept);
        [p, m, v]
    }
}

/// 1 / x for positive normal x, to a unit in the last place.
///
/// A processor divides one vector at a time, and half the time of a step went into it. Newton's
/// rounds, r ← r + r(1 − x·r), are multiplications and square the error: the first guess, which
/// turns the exponent's sign in the bits, is off by a twentieth at most.
#[inline(always)]
fn reciprocal<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let guess = simd.splat_u32s(0x7EF3_11C7);
    let bits = simd.sub_u32s(guess, simd.transmute_u32s_f32s(x));
    let mut r = simd.transmute_f32s_u32s(bits);
    for _ in 0..3 {
        let error = simd.negate_mul_add_e_f32s(x, r, simd.splat_f32s(1.0));
        r = simd.mul_add_e_f32s(r, error, r);
    }
    r
}

#[cfg(test)]
mod tests {
    use super::super::super::simd;
    use super::*;
    use pulp::WithSimd;

    /// A weight that got a gradient once and never again keeps no subnormal number.
    #[test]
    fn moments_of_a_weight_at_rest_end_in_zero() {
        let param = Var::new(&[1f32], &candle_core::Device::Cpu).unwrap();
        let (mut m, mut v) = (Vec::new(), Vec::new());
        let hyper = AdamHyper {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.9,
            epsilon: 1e-7,
            weight_decay: 0.0,
            decoupled: false,
        };
        for step in 1..=1_500 {
            let gradient = if step == 1 { 1f32 } else { 0.0 };
            let gradient = Tensor::new(&[gradient], &candle_core::Device::Cpu).unwrap();
            adam(&param, &gradient, &mut m, &mut v, step, hyper).unwrap();
            for x in [m[0], v[0]] {
                assert!(x == 0.0 || x.is_normal(), "{x} at step {step}");
            }
        }
        assert_eq!((m[0], v[0]), (0.0, 0.0));
    }

    /// From the smallest denominator that Adam's ε allows to the largest gradients.
    struct Reciprocals;

    impl WithSimd for Reciprocals {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            let mut x = 1e-30f32;
            while x < 1e30 {
                let r = simd.reduce_max_f32s(reciprocal(simd, simd.splat_f32s(x)));
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
