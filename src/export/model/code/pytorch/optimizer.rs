//! The optimizer, the schedule and the loss of a run in PyTorch's words.

use crate::export::model::code::training::{Training, Words};
use crate::train::Optimizer;

const WORDS: Words = Words {
    betas: |[beta1, beta2]| format!(", betas=({beta1:?}, {beta2:?})"),
    epsilon: "eps",
    alpha: "alpha",
};

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
    let (class, arguments) = training.in_python(&WORDS);
    let optimizer = format!("torch.optim.{class}(model.parameters(), LEARNING_RATE{arguments})");
    code.replace("OPTIMIZER", &optimizer)
        .replace("SCHEDULE", schedule)
        .replace("LOSS", &format!("nn.CrossEntropyLoss({smoothing})"))
}
