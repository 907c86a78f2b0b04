//! An update with a batch: forward, guard, backward and a step of the optimizer.

use std::ops::Range;

use candle_core::{Result, Tensor, bail};

use super::batch::Input;
use crate::evaluate::n_correct;
use crate::kernels;
use crate::model::{Mode, Network};
use crate::train::config::TrainConfig;
use crate::train::divergence::{Anomaly, detect};
use crate::train::optim::{GradientSquares, OptimizerState, StepHyper};

/// Dropout draws its masks by step and position in the batch. Parts of a batch are steps of their own,
/// numbered by their first image: no batch has so many.
const IMAGES_PER_STEP: u64 = 1 << 24;

/// The mode of an update whose batch is computed at once.
pub(super) fn train_mode(config: &TrainConfig, step: u64) -> Mode {
    let seed = config.seed;
    Mode::Train { seed, step }
}

/// The mode of an update, of the part of its batch that begins at the image `start`.
pub(super) fn part_mode(config: &TrainConfig, step: u64, start: usize) -> Mode {
    train_mode(config, step * IMAGES_PER_STEP + start as u64)
}

/// What decides whether a loss may change the weights.
pub(super) struct Guard<'a> {
    pub recent_losses: &'a [f64],
    pub accepts_spike: bool,
    pub n_classes: usize,
    pub n_images: usize,
    /// The loss that must not be used, if it must not.
    pub refused: Option<(Anomaly, f64)>,
}

impl Guard<'_> {
    /// Fails if the loss must not be used: the only way to end between a loss and its update.
    fn check(&mut self, loss: f64) -> Result<()> {
        let found = detect(self.recent_losses, loss, self.n_images, self.n_classes);
        let found = found.filter(|a| !self.accepts_spike || *a == Anomaly::NotFinite);
        if let Some(anomaly) = found {
            self.refused = Some((anomaly, loss));
            bail!("the loss is an anomaly");
        }
        Ok(())
    }
}

/// What an update is computed from.
pub(super) struct Update<'a> {
    pub network: &'a Network,
    pub config: &'a TrainConfig,
    pub hyper: StepHyper,
    pub input: &'a Input,
    /// The parts of the batch that are computed one after the other.
    pub parts: Vec<Range<usize>>,
}

impl Update<'_> {
    /// Updates the network. Returns the mean loss and the number of right answers.
    pub fn run(
        &self,
        optimizer: &mut OptimizerState,
        guard: &mut Guard<'_>,
        seen: Option<&mut GradientSquares>,
    ) -> Result<(f64, usize)> {
        match self.parts.len() {
            1 => self.at_once(optimizer, guard, seen),
            _ => self.in_parts(optimizer, guard, seen),
        }
    }

    fn at_once(
        &self,
        optimizer: &mut OptimizerState,
        guard: &mut Guard<'_>,
        seen: Option<&mut GradientSquares>,
    ) -> Result<(f64, usize)> {
        let mode = train_mode(self.config, optimizer.step);
        let mut n_right = 0;
        let forward = || {
            let loss = self.loss(self.input, mode, &mut n_right)?;
            guard.check(f64::from(loss.to_scalar::<f32>()?))?;
            Ok(loss)
        };
        let params = self.network.params();
        let loss = optimizer.step_observed(params, self.config, self.hyper, forward, seen)?;
        Ok((loss, n_right))
    }

    fn in_parts(
        &self,
        optimizer: &mut OptimizerState,
        guard: &mut Guard<'_>,
        seen: Option<&mut GradientSquares>,
    ) -> Result<(f64, usize)> {
        let mut n_right = 0;
        let share = |part: &Range<usize>| part.len() as f64 / guard.n_images as f64;
        let shares: Vec<f64> = self.parts.iter().map(share).collect();
        let (loss, gradients) = kernels::gradients_of_sum(&shares, |idx| {
            let part = &self.parts[idx];
            let mode = part_mode(self.config, optimizer.step, part.start);
            self.loss(&self.input.part(part)?, mode, &mut n_right)
        })?;
        guard.check(loss)?;
        let params = self.network.params();
        optimizer.step_from(params, self.config, self.hyper, &gradients, seen)?;
        Ok((loss, n_right))
    }

    /// The mean loss of some images; adds the number of right answers.
    fn loss(&self, input: &Input, mode: Mode, n_right: &mut usize) -> Result<Tensor> {
        let logits = input.forward(self.network, mode)?;
        *n_right += n_correct(&logits.detach(), &input.labels.to_vec1()?)?;
        self.config.loss.of(&logits, &input.labels)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::model::preset;
    use crate::train::config::{Clip, Optimizer};
    use crate::train::parts;

    const N: usize = 100;

    struct Done {
        loss: f64,
        n_right: usize,
        weights: Vec<Vec<f32>>,
        norms: Vec<f64>,
    }

    fn update(config: &TrainConfig, input: &Input, parts: Vec<Range<usize>>) -> Done {
        let network = config.network().unwrap();
        let params = network.params();
        let mut optimizer = OptimizerState::new(params.len());
        let mut guard = Guard {
            recent_losses: &[],
            accepts_spike: false,
            n_classes: 10,
            n_images: N,
            refused: None,
        };
        let update = Update {
            network: &network,
            config,
            hyper: StepHyper {
                learning_rate: 1.0,
                momentum: 0.0,
            },
            input,
            parts,
        };
        let mut seen = GradientSquares::default();
        let done = update.run(&mut optimizer, &mut guard, Some(&mut seen));
        let (loss, n_right) = done.unwrap();
        let values = |p: &crate::model::Param| p.var.flatten_all()?.to_vec1();
        let weights: Result<_> = params.iter().map(values).collect();
        Done {
            loss,
            n_right,
            weights: weights.unwrap(),
            norms: params.iter().map(|p| seen[&p.var.id()]).collect(),
        }
    }

    #[test]
    fn parts_of_a_batch_update_as_the_whole_does() {
        let values = (0..N * 784).map(|i| (i as f32 * 0.37).sin().abs());
        let images = Tensor::from_vec(values.collect(), (N, 1, 28, 28), &Device::Cpu);
        let labels = (0..N as u32).map(|i| i * i % 10).collect();
        let input = Input {
            features: None,
            images: Some(images.unwrap()),
            labels: Tensor::from_vec(labels, N, &Device::Cpu).unwrap(),
        };
        for name in ["lstm", "vit-tiny"] {
            for clip in [Clip::None, Clip::Norm { max: 0.1 }] {
                let preset = preset(name).unwrap();
                let mut config = TrainConfig::new(preset, [1, 28, 28], 10, N);
                config.optimizer = Optimizer::SGD;
                config.clip = clip;
                let whole = update(&config, &input, parts::of(N, N));
                let parts = update(&config, &input, parts::of(N, 32));
                assert!((whole.loss - parts.loss).abs() < 1e-5, "{name}");
                assert_eq!(whole.n_right, parts.n_right, "{name}");
                for (a, b) in whole.norms.iter().zip(&parts.norms) {
                    assert!((a - b).abs() <= 1e-4 * a + 1e-9, "{name}: {a} {b}");
                }
                let pairs = whole.weights.iter().flatten();
                for (a, b) in pairs.zip(parts.weights.iter().flatten()) {
                    assert!((a - b).abs() < 1e-5, "{name}: {a} {b}");
                }
            }
        }
    }
}
