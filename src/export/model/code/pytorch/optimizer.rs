//! The optimizer, the schedule and the loss of a run in PyTorch's words.

use crate::export::model::code::training::{Training, arguments, decay};
use crate::train::Optimizer;

/// Whether PyTorch has an optimizer with this weight decay.
pub(super) fn has(optimizer: &Optimizer, weight_decay: f64) -> bool {
    match *optimizer {
        Optimizer::Adam { .. } | Optimizer::Adamw { .. } => true,
        Optimizer::Sgd { decoupled, .. } | Optimizer::Rmsprop { decoupled, .. } => {
            !decoupled || weight_decay == 0.0
        }
        Optimizer::Lion { .. } => false,
    }
}

/// `code` with them in the place of `OPTIMIZER`, `SCHEDULE` and `LOSS`.
pub(super) fn in_use(code: &str, training: &Training) -> String {
    let schedule = match training.falls {
        true => "CosineAnnealingLR(optimizer, epochs * len(batches))",
        false => "ConstantLR(optimizer, factor=1.0)",
    };
    let smoothing = match training.label_smoothing {
        0.0 => String::new(),
        smoothing => format!("label_smoothing={smoothing:?}"),
    };
    code.replace("OPTIMIZER", &optimizer(training))
        .replace("SCHEDULE", schedule)
        .replace("LOSS", &format!("nn.CrossEntropyLoss({smoothing})"))
}

fn optimizer(training: &Training) -> String {
    let betas = |[beta1, beta2, epsilon]: [f64; 3]| {
        format!(", betas=({beta1:?}, {beta2:?}), eps={epsilon:?}")
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
            // PyTorch's default is not 0.
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
            let values = [("alpha", alpha), ("eps", epsilon), ("momentum", momentum)];
            ("RMSprop", arguments(&values))
        }
        // Which `has` leaves out.
        Optimizer::Lion { .. } => ("Adam", String::new()),
    };
    format!("torch.optim.{class}(model.parameters(), LEARNING_RATE{values}{decay})")
}
