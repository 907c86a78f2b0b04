//! The optimizer and the schedule of a run in Keras' words.

use crate::export::model::code::training::{Training, arguments, decay};
use crate::train::Optimizer;

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
    let betas = |[beta1, beta2, epsilon]: [f64; 3]| {
        arguments(&[("beta_1", beta1), ("beta_2", beta2), ("epsilon", epsilon)])
    };
    let mut decay = decay(training.weight_decay);
    let (class, values) = match training.optimizer {
        Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
        } => ("Adam", betas([beta1, beta2, epsilon])),
        Optimizer::Adamw {
            beta1,
            beta2,
            epsilon,
        } => {
            // Keras' default is not 0.
            decay = arguments(&[("weight_decay", training.weight_decay)]);
            ("AdamW", betas([beta1, beta2, epsilon]))
        }
        Optimizer::Sgd {
            momentum, nesterov, ..
        } => {
            let nesterov = if nesterov { ", nesterov=True" } else { "" };
            ("SGD", arguments(&[("momentum", momentum)]) + nesterov)
        }
        Optimizer::Rmsprop {
            alpha,
            momentum,
            epsilon,
            ..
        } => {
            let values = [("rho", alpha), ("epsilon", epsilon), ("momentum", momentum)];
            ("RMSprop", arguments(&values))
        }
        Optimizer::Lion { beta1, beta2 } => {
            ("Lion", arguments(&[("beta_1", beta1), ("beta_2", beta2)]))
        }
    };
    format!("keras.optimizers.{class}({rate}{values}{decay})")
}
