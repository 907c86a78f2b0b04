//! Chooses the next trial: one from an earlier session, a rerun, or a new one.

use std::path::PathBuf;

use super::Inner;
use crate::sweep::control::SweepControl;
use crate::sweep::event::SweepEvent;
use crate::sweep::point::Point;
use crate::sweep::state::Trial;
use crate::sweep::status::TrialStatus;
use crate::sweep::task::{Task, begun};
use crate::train::TrainConfig;

/// How often the program may end while the same trial runs, before the trial is assumed to be the
/// cause.
const MAX_CRASHES: usize = 2;

impl Inner<'_> {
    /// Returns the next task; `None` if no trial or no time is left.
    pub(in crate::sweep) fn next(&mut self, control: &SweepControl) -> Option<Task> {
        self.take_retries(control);
        loop {
            if control.is_stopped() {
                return None;
            }
            // Trials that started before the time limit are finished.
            if !self.first.is_empty() {
                let trial = self.first.remove(0);
                if let Some(task) = self.again(control, trial) {
                    return Some(task);
                }
                continue;
            }
            if self.is_out_of_time(control) {
                return None;
            }
            return self.fresh(control);
        }
    }

    fn take_retries(&mut self, control: &SweepControl) {
        for trial in control.take_retries() {
            let trials = &self.folder.state().trials;
            if trials.get(&trial).is_some_and(Trial::is_over) {
                self.record(control, |_| SweepEvent::Retried { trial });
                self.first.push(trial);
            }
        }
    }

    /// Resumes a started trial from its checkpoint, or starts it over.
    fn again(&mut self, control: &SweepControl, number: usize) -> Option<Task> {
        let trial = self.folder.state().trials.get(&number)?.clone();
        let is_crashed = trial.status == TrialStatus::Running;
        if is_crashed && trial.n_crashes + 1 >= MAX_CRASHES {
            let message = format!("the program ended {MAX_CRASHES} times while this trial ran");
            self.record(control, |secs| SweepEvent::Ended {
                trial: number,
                status: TrialStatus::Failed { message },
                secs,
            });
            return None;
        }
        let (setting, repeat) = (trial.setting, trial.repeat);
        let path = self.folder.run_path(&trial.run);
        if trial.status != TrialStatus::Waiting
            && let Some(begun) = begun(&path)
        {
            self.record(control, |secs| SweepEvent::Resumed {
                trial: number,
                secs,
            });
            let config = self.config(&trial.point, repeat)?;
            return Some(Task {
                trial: number,
                sweep: self.folder.plan().definition.name.clone(),
                path,
                config: Ok(config),
                begun: Some(begun),
            });
        }
        Some(self.start(control, number, (setting, repeat), trial.point))
    }

    /// Returns the next new trial.
    fn fresh(&mut self, control: &SweepControl) -> Option<Task> {
        let definition = &self.folder.plan().definition;
        let state = self.folder.state();
        let number = state.trials.last_key_value().map_or(1, |(n, _)| n + 1);
        if self.folder.plan().n_trials().is_some_and(|n| number > n) {
            return None;
        }
        let place = self.folder.plan().place(number);
        let sibling = state.trials.values().find(|t| t.setting == place.0);
        let point = match sibling {
            Some(trial) => trial.point.clone(),
            None => {
                let tried = state.tried(definition.direction);
                self.sampler.propose(&definition.search, place.0, &tried)?
            }
        };
        Some(self.start(control, number, place, point))
    }

    fn start(
        &mut self,
        control: &SweepControl,
        trial: usize,
        (setting, repeat): (usize, usize),
        point: Point,
    ) -> Task {
        let run = self.folder.new_run(trial);
        let path: PathBuf = self.folder.run_path(&run);
        let config = self.folder.plan().config(&point, repeat);
        self.record(control, |secs| SweepEvent::Started {
            trial,
            setting,
            repeat,
            point,
            run,
            secs,
        });
        Task {
            trial,
            sweep: self.folder.plan().definition.name.clone(),
            path,
            config: config.map_err(|e| e.to_string()),
            begun: None,
        }
    }

    fn config(&self, point: &Point, repeat: usize) -> Option<TrainConfig> {
        self.folder.plan().config(point, repeat).ok()
    }
}
