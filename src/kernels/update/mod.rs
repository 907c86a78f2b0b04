//! In-place optimizer steps: parameter and state are read and written once, in parallel.
//!
//! The formulas are those of `torch.optim.SGD`, `Adam`, `AdamW` and `RMSprop`, in the same order of
//! operations, and those of Lion's paper; the scalars that depend on the step alone are computed in f64. The state (velocity,
//! moments) is a plain vector, empty until the first step, so that a checkpoint can hold it.

mod adam;
mod average;
mod lion;
mod rmsprop;
mod rule;
mod sgd;
mod shared;
mod slot;
mod train_step;

pub use adam::AdamHyper;
pub use average::average;
pub use lion::LionHyper;
pub use rmsprop::RmspropHyper;
pub use rule::Rule;
pub(super) use rule::Step;
pub use sgd::SgdHyper;
pub use slot::Slot;
pub(super) use slot::Update;
pub use train_step::train_step;

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use candle_core::{Tensor, Var};

    /// By hand: the weight shrinks by lr · decay, then the gradient's step follows.
    #[test]
    fn decoupled_decay_leaves_the_gradient_alone() {
        let sgd = |momentum| {
            Rule::Sgd(SgdHyper {
                lr: 0.1,
                momentum,
                nesterov: false,
                weight_decay: 0.5,
                decoupled: true,
            })
        };
        let rules = [
            sgd(0.0),
            sgd(0.9),
            Rule::Rmsprop(RmspropHyper {
                lr: 0.1,
                alpha: 0.0,
                epsilon: 1e-12,
                momentum: 0.0,
                weight_decay: 0.5,
                decoupled: true,
            }),
        ];
        for rule in rules {
            let param = Var::new(&[2f32], &candle_core::Device::Cpu).unwrap();
            let gradient = Tensor::new(&[1f32], &candle_core::Device::Cpu).unwrap();
            let mut slot = Slot {
                param: &param,
                first: &mut Vec::new(),
                second: &mut Vec::new(),
                lr_scale: 1.0,
            };
            slot.take(&gradient, rule).unwrap();
            let found = param.to_vec1::<f32>().unwrap()[0];
            assert!((found - 1.8).abs() < 1e-6, "{rule:?}: {found}");
        }
    }

    #[test]
    fn twenty_steps_are_pytorchs_and_optaxs() {
        for case in fixture::cases("optimizer") {
            let param = Var::from_tensor(&case.tensor("start")).unwrap();
            let gradients = case.tensor("gradients");
            let (mut m, mut v) = (Vec::new(), Vec::new());
            let number = |name: &str| case.number(name);
            let betas = case
                .options
                .get("betas")
                .map(|betas| [0, 1].map(|i| betas[i].as_f64()));
            let [beta1, beta2] = betas.unwrap_or_default();
            let momentum = number("momentum").unwrap_or(0.0);
            let (lr, epsilon) = (number("lr").unwrap(), number("eps").unwrap_or(1e-8));
            let weight_decay = number("weight_decay").unwrap_or(0.0);
            let rule = |step| match case.name.as_str() {
                name if name.starts_with("lion") => Rule::Lion(LionHyper {
                    lr,
                    beta1: number("b1").unwrap_or(0.9),
                    beta2: number("b2").unwrap_or(0.99),
                    weight_decay,
                }),
                name if name.starts_with("rmsprop") => Rule::Rmsprop(RmspropHyper {
                    lr,
                    alpha: number("alpha").unwrap_or(0.99),
                    epsilon,
                    momentum,
                    weight_decay,
                    decoupled: false,
                }),
                name if name.starts_with("adam") => Rule::Adam(AdamHyper {
                    step,
                    lr,
                    beta1: beta1.unwrap_or(0.9),
                    beta2: beta2.unwrap_or(0.999),
                    epsilon,
                    weight_decay,
                    decoupled: name == "adamw",
                }),
                _ => Rule::Sgd(SgdHyper {
                    lr,
                    momentum,
                    nesterov: case.options.contains_key("nesterov"),
                    weight_decay,
                    decoupled: false,
                }),
            };
            for step in 0..gradients.dim(0).unwrap() {
                let gradient = gradients.get(step).unwrap();
                let mut slot = Slot {
                    param: &param,
                    first: &mut m,
                    second: &mut v,
                    lr_scale: 1.0,
                };
                slot.take(&gradient, rule(step as u64 + 1)).unwrap();
            }
            fixture::assert_close(param.as_tensor(), &case.tensor("end"), &case.name);
        }
    }
}
