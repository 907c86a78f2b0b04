//! Commands from [`Control`](crate::train::Control), polled between two batches.

use super::loop_state::Steps;
use crate::train::config::{Setting, TrainConfig};
use crate::train::control::{Change, Next};
use crate::train::error::TrainError;
use crate::train::event::Event;

impl Steps<'_> {
    /// Handles pauses and changes; `false` when the run must stop.
    pub(super) fn poll_control(&mut self) -> Result<bool, TrainError> {
        let mut is_waiting = false;
        loop {
            let (next, changes) = self.control.next();
            for change in changes {
                self.apply_change(change)?;
            }
            match next {
                Next::Stop => return Ok(false),
                Next::Batch => {
                    if is_waiting && !self.control.is_paused() {
                        self.observer.event(&Event::Resumed {
                            step: self.optimizer.step,
                        });
                    }
                    return Ok(true);
                }
                Next::Wait => {
                    if !is_waiting {
                        self.emit();
                        self.keep_state()?;
                        self.observer.event(&Event::Paused {
                            step: self.optimizer.step,
                        });
                        is_waiting = true;
                    }
                    self.control.wait();
                }
            }
        }
    }

    /// Ignores a change that would make the configuration invalid (the panel shows why), or that a
    /// run cannot take over.
    pub(super) fn apply_change(&mut self, change: Change) -> Result<(), TrainError> {
        if !change.setting.is_live() {
            return Ok(());
        }
        let mut config = self.config.clone();
        config.set_setting(change.setting, &change.value);
        let dataset = self.job.dataset();
        let n_images = dataset.train.len();
        let old = self.config.setting(change.setting);
        let new = config.setting(change.setting);
        let mut errors = config.check(dataset.image_shape(), dataset.n_classes(), n_images);
        errors.extend(config.memory_problem(self.config.training_bytes()));
        if old == new || !errors.is_empty() {
            return Ok(());
        }
        self.keep_state_before_raise(config.learning_rate)?;
        self.config = config;
        self.network.set_dropout(&self.config.model);
        if let Some(mean) = &mut self.mean {
            mean.set_dropout(&self.config.model);
        }
        self.emit();
        let event = Event::Changed {
            step: self.optimizer.step,
            epoch: self.epochs_done(),
            setting: change.setting,
            old,
            new,
        };
        self.observer.event(&event);
        Ok(())
    }

    /// Keeps the state before the learning rate is raised, so that a raise can be undone without
    /// losing an update. One is enough however often a slider moves before the next state.
    fn keep_state_before_raise(&mut self, rate: f64) -> Result<(), TrainError> {
        let current = self.config.learning_rate;
        let is_kept = self
            .states
            .newest()
            .is_some_and(|s| s.config.learning_rate < current);
        if rate > current && !is_kept {
            self.keep_state()?;
        }
        Ok(())
    }
}

/// Returns the changes that take a running job from its settings to `wanted`.
pub(crate) fn live_changes(running: &TrainConfig, wanted: &TrainConfig) -> Vec<Change> {
    Setting::ALL
        .into_iter()
        .filter(|s| s.is_live() && s.can_change(running, wanted))
        .filter(|&s| running.setting(s) != wanted.setting(s))
        .map(|setting| Change {
            setting,
            value: wanted.setting(setting),
        })
        .collect()
}
