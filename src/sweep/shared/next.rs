//! Chooses the next trial: one from an earlier session, a rerun, or a new one.

use super::Inner;
use crate::runs::TrialOf;
use crate::sweep::control::SweepControl;
use crate::sweep::draw::propose;
use crate::sweep::event::SweepEvent;
use crate::sweep::point::Point;
use crate::sweep::state::Trial;
use crate::sweep::status::TrialStatus;
use crate::sweep::task::{Begun, Task};
use crate::train::TrainConfig;

/// How often the program may end at the same place of the same trial, before the trial is assumed to
/// be the cause.
const MAX_CRASHES: usize = 5;

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

    fn name_of(&self, trial: usize) -> TrialOf {
        TrialOf {
            name: self.folder.plan().definition.name.clone(),
            trial,
        }
    }

    /// Resumes a started trial from its checkpoint, or starts it over.
    fn again(&mut self, control: &SweepControl, number: usize) -> Option<Task> {
        let trial = self.folder.state().trials.get(&number)?.clone();
        let path = self.folder.run_path(&trial.run);
        let begun = match Begun::read(&path, &self.name_of(number)) {
            Ok(begun) => begun.filter(|_| trial.status != TrialStatus::Waiting),
            Err(error) => {
                self.warn(format!("trial {number} starts over: {error}"));
                None
            }
        };
        let step = begun.as_ref().map_or(0, Begun::step);
        let is_crashed = trial.status == TrialStatus::Running;
        if is_crashed && self.folder.state().crashes_at(number, step) >= MAX_CRASHES {
            let message = format!(
                "the program ended {MAX_CRASHES} times while this trial ran, without getting further"
            );
            self.record(control, |secs| SweepEvent::Ended {
                trial: number,
                status: TrialStatus::Failed { message },
                secs,
            });
            return None;
        }
        Some(match begun {
            Some(begun) => self.resume(control, &trial, begun),
            None => self.start(control, trial),
        })
    }

    /// Resumes the run of a trial. Epochs that the journal lacks, after a crash of the machine, are
    /// reported from the run's own history.
    fn resume(&mut self, control: &SweepControl, trial: &Trial, begun: Begun) -> Task {
        let (number, step) = (trial.number, begun.step());
        self.record(control, |secs| SweepEvent::Resumed {
            trial: number,
            step,
            secs,
        });
        let config = self.folder.plan().config(&trial.point, trial.repeat);
        let n_epochs = config.as_ref().map_or(0, |config| config.epochs);
        let is_reported = |epoch| trial.reports.iter().any(|(other, _)| *other == epoch);
        if !(1..=begun.n_epochs()).all(is_reported) {
            for point in begun.epochs().iter().filter(|p| !is_reported(p.epoch)) {
                if let Some(value) = self.metric(point).filter(|value| value.is_finite()) {
                    self.report(control, number, (point.epoch, value), n_epochs);
                }
            }
        }
        let trial = self.folder.state().trials.get(&number);
        Task {
            of: self.name_of(number),
            path: begun.path().to_owned(),
            config: config.map_err(|e| e.to_string()),
            verdict: trial.and_then(|trial| trial.verdict.clone()),
            begun: Some(begun),
        }
    }

    /// Returns the next new trial. Numbers before the last one are free only if the journal was
    /// damaged.
    fn fresh(&mut self, control: &SweepControl) -> Option<Task> {
        let state = self.folder.state();
        let number = (1..).find(|number| !state.trials.contains_key(number))?;
        if self.folder.plan().n_trials().is_some_and(|n| number > n) {
            return None;
        }
        let (setting, repeat) = self.folder.plan().place(number);
        let sibling = state.trials.values().find(|t| t.setting == setting);
        let point = match sibling {
            Some(trial) => trial.point.clone(),
            None => self.new_point(setting)?,
        };
        let run = format!("{}-{number:03}", self.folder.plan().definition.name);
        Some(self.start(control, Trial::new(number, (setting, repeat), point, run)))
    }

    fn new_point(&self, setting: usize) -> Option<Point> {
        let definition = &self.folder.plan().definition;
        let state = self.folder.state();
        let tried = state.tried(definition.direction, setting);
        let used = state.points_before(setting);
        propose(&*self.sampler, &definition.search, setting, &tried, &used)
    }

    /// Reads the run of a trial that the journal does not know, because it was damaged.
    fn unknown_run(&mut self, trial: &Trial, config: &TrainConfig) -> Option<Begun> {
        let (of, state) = (self.name_of(trial.number), self.folder.state());
        if state.trials.contains_key(&trial.number) {
            return None;
        }
        let begun = Begun::read(&self.folder.run_path(&trial.run), &of).ok()??;
        if !begun.is_with(config, state.fingerprint.as_deref()) {
            return None;
        }
        if !std::mem::replace(&mut self.is_loss_told, true) {
            self.warn(format!(
                "the journal of the sweep lacks trial {}, and perhaps others: they are taken from \
                 their runs",
                trial.number
            ));
        }
        Some(begun)
    }

    /// Starts a trial in the folder of its run, its old one if it was started before.
    fn start(&mut self, control: &SweepControl, trial: Trial) -> Task {
        let of = self.name_of(trial.number);
        let config = self.folder.plan().config(&trial.point, trial.repeat);
        let begun = config
            .as_ref()
            .ok()
            .and_then(|c| self.unknown_run(&trial, c));
        let run = match &begun {
            Some(_) => trial.run.clone(),
            None => self.folder.free_run(&of, &trial.run),
        };
        self.record(control, |secs| SweepEvent::Started {
            trial: trial.number,
            setting: trial.setting,
            repeat: trial.repeat,
            point: trial.point.clone(),
            run: run.clone(),
            secs,
        });
        if let Some(begun) = begun {
            return self.resume(control, &trial, begun);
        }
        Task {
            of,
            path: self.folder.run_path(&run),
            config: config.map_err(|e| e.to_string()),
            begun: None,
            verdict: None,
        }
    }
}
