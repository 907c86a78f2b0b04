//! One update of private training (DP-SGD).

use super::batch::{Input, Learned};
use super::loop_state::Steps;
use super::update::part_mode;
use crate::evaluate::n_correct;
use crate::model::Mode;
use crate::random::Stream;
use crate::train::config::{Privacy, TrainConfig};
use crate::train::divergence::Anomaly;
use crate::train::error::TrainError;
use crate::train::job::Job;
use crate::train::optim::ClippedSum;
use crate::train::privacy::{Ledger, add_noise};

/// The ledger of a run that begins.
pub(super) fn first_ledger(job: &Job, config: &TrainConfig) -> Ledger {
    if !config.privacy.is_on() {
        return Ledger::default();
    }
    let parts = [&config.noise_key(), &job.dataset().fingerprint];
    Ledger::new(config.seed, &parts.map(String::as_str))
}

/// What a batch came to.
struct Sum {
    clipped: ClippedSum,
    /// Mean over the images.
    loss: f64,
    n_right: usize,
}

impl Steps<'_> {
    /// Whether the epoch has no further batch.
    pub(super) fn is_private_epoch_over(&self) -> bool {
        let n_train = self.job.split().train.len();
        let n_steps = self.config.private_steps_after(self.cursor.epoch, n_train);
        self.cursor.n_batches >= n_steps
    }

    /// The batch of the next update: a Poisson sample, which depends on the run's seed and the update
    /// alone.
    pub(super) fn private_indices(&self) -> Vec<u32> {
        let train = &self.job.split().train;
        let rate = self.config.spent_per_step(train.len());
        let rate = rate.map_or(0.0, |spent| spent.sample_rate);
        let ledger = &self.cursor.privacy;
        let mut rng = ledger.rng(Stream::Poisson, self.optimizer.step, 0);
        crate::data::poisson_sample(train, rate, &mut rng)
    }

    /// Clips the gradient of each image, adds noise to their sum, and updates with the mean over the
    /// batch size that is expected: the one that was drawn would tell how many images there were.
    pub(super) fn private_batch(
        &mut self,
        indices: &[u32],
        n_epoch: usize,
    ) -> Result<Learned, TrainError> {
        let Privacy::DpSgd {
            max_grad_norm,
            noise_multiplier,
            ..
        } = self.config.privacy
        else {
            return Ok(Learned::OnlyNoise);
        };
        let hyper = self.cursor.hyper(&self.config, self.epochs_done());
        let mut sum = Sum {
            clipped: ClippedSum::new(self.network.params(), max_grad_norm),
            loss: 0.0,
            n_right: 0,
        };
        let mut look = None;
        if !indices.is_empty() {
            let is_watched = self.is_watched();
            let input = self.input(indices, is_watched)?;
            look = self.look(&input, is_watched, self.mode(0))?;
            self.add_images(&mut sum, &input, indices.len())?;
        }
        if !sum.loss.is_finite() {
            return Ok(Learned::Refused {
                anomaly: Anomaly::NotFinite,
                loss: sum.loss,
            });
        }
        let mut gradients = sum.clipped.gradients;
        let deviation = noise_multiplier * max_grad_norm;
        let ledger = &self.cursor.privacy;
        add_noise(&mut gradients, deviation, ledger, self.optimizer.step);
        let scale = 1.0 / self.config.batch_size as f32;
        gradients.iter_mut().flatten().for_each(|g| *g *= scale);
        let seen = look.as_mut().map(|look| &mut look.gradients);
        let params = self.network.params();
        self.optimizer
            .step_with(params, &self.config, hyper, gradients, seen)?;
        if let Some(spent) = self.config.spent_per_step(self.job.split().train.len()) {
            self.cursor.privacy.spend(spent);
        }
        self.cursor.n_batches += 1;
        self.after_update(look)?;
        if indices.is_empty() {
            return Ok(Learned::OnlyNoise);
        }
        let numbers = [sum.loss, sum.n_right as f64, hyper.learning_rate];
        Ok(Learned::Updated(self.count(
            indices.len(),
            n_epoch,
            numbers,
        )))
    }

    /// The mode of the next update, of the image at a position in its batch.
    fn mode(&self, position: usize) -> Mode {
        part_mode(&self.config, self.optimizer.step, position)
    }

    fn add_images(&self, sum: &mut Sum, input: &Input, n: usize) -> Result<(), TrainError> {
        let (network, loss_of) = (&self.network, self.config.loss);
        let mut n_right = 0;
        let forward = || {
            let logits = input.forward(network, self.mode(0))?;
            n_right = n_correct(&logits.detach(), &input.labels.to_vec1()?)?;
            loss_of.of(&logits, &input.labels)
        };
        if let Some(loss) = sum.clipped.add_batch(network.params(), n, forward)? {
            (sum.loss, sum.n_right) = (loss, n_right);
            return Ok(());
        }
        for idx in 0..n {
            let single = input.part(&(idx..idx + 1))?;
            let forward = || {
                let logits = single.forward(network, self.mode(idx))?;
                sum.n_right += n_correct(&logits.detach(), &single.labels.to_vec1()?)?;
                loss_of.of(&logits, &single.labels)
            };
            sum.loss += sum.clipped.add(network.params(), forward)? / n as f64;
        }
        Ok(())
    }
}
