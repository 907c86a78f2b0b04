//! The optimizer and the schedule of a run in Keras' words.

use crate::export::model::code::training::{Training, Words, arguments};
use crate::train::Optimizer;

const WORDS: Words = Words {
    betas: |[beta1, beta2]| arguments(&[("beta_1", beta1), ("beta_2", beta2)]),
    epsilon: "epsilon",
    alpha: "rho",
};

/// Whether Keras has an optimizer with this weight decay: it applies all decay to the weights.
pub(super) fn has(optimizer: &Optimizer, weight_decay: f64) -> bool {
    match *optimizer {
        Optimizer::Adamw { .. } | Optimizer::Lion { .. } => true,
        Optimizer::Adam { .. } => weight_decay == 0.0,
        Optimizer::Sgd { decoupled, .. } | Optimizer::Rmsprop { decoupled, .. } => {
            decoupled || weight_decay == 0.0
        }
    }
}

/// The call that makes the optimizer.
pub(super) fn call(training: &Training) -> String {
    let rate = match training.falls {
        true => {
            "keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * -(-len(pixels) // BATCH_SIZE))"
        }
        false => "LEARNING_RATE",
    };
    let (class, arguments) = training.in_python(&WORDS);
    format!("keras.optimizers.{class}({rate}{arguments})")
}
