//! What the rules have in common.

/// Weight decay in its two forms: the factor for what is added to the gradient, and the factor
/// applied to the weight before the step.
pub(super) fn split_decay(lr: f64, weight_decay: f64, decoupled: bool) -> (f32, f32) {
    match decoupled {
        true => (0.0, (1.0 - lr * weight_decay) as f32),
        false => (weight_decay as f32, 1.0),
    }
}
