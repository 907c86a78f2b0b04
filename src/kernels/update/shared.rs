//! What the rules have in common.

/// Weight decay in its two forms: the factor for what is added to the gradient, and the factor
/// applied to the weight before the step.
pub(super) fn split_decay(lr: f64, weight_decay: f64, decoupled: bool) -> (f32, f32) {
    match decoupled {
        true => (0.0, (1.0 - lr * weight_decay) as f32),
        false => (weight_decay as f32, 1.0),
    }
}

/// Gradients and moments below this become zero.
pub(super) const FLUSH_BELOW: f32 = 1e-16;

/// Sets a tiny `x` to zero. The moment of a weight whose gradient has become zero, for instance at
/// the border of the images, decays until it is subnormal, and subnormal numbers are a hundred
/// times slower: after 600 updates of the reference network a step took three times as long. The
/// limit is far above them, and far below what could change a weight.
#[inline(always)]
pub(super) fn flush_tiny(x: f32) -> f32 {
    if x.abs() < FLUSH_BELOW { 0.0 } else { x }
}
