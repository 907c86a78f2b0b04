//! The state of a sweep, folded from its journal. Only [`SweepState::apply`] changes it, so a live
//! sweep and one read from disk cannot differ.

use std::collections::BTreeMap;

use super::definition::Definition;
use super::draw::ObservedTrial;
use super::event::SweepEvent;
use super::metric::Measure;
use super::point::Point;
use super::status::TrialStatus;
use crate::runs::Direction;
use crate::stats;

/// One trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its number, from 1.
    pub number: usize,
    /// Index of its setting.
    pub setting: usize,
    /// Index of the run among those of the setting.
    pub repeat: usize,
    /// The setting.
    pub point: Point,
    /// Name of its run's folder in the workspace.
    pub run: String,
    /// Its status.
    pub status: TrialStatus,
    /// Epochs and the metric after them.
    pub reports: Vec<(usize, f64)>,
    /// When it started, in seconds of the sweep.
    pub started: f64,
    /// When it ended.
    pub ended: Option<f64>,
    /// How often the program ended while it ran.
    pub n_crashes: usize,
}

impl Trial {
    /// Returns its final value, if it was completed or pruned.
    pub fn value(&self) -> Option<f64> {
        match self.status {
            TrialStatus::Completed { value } | TrialStatus::Pruned { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Returns whether it has ended, unless it is rerun.
    pub fn is_over(&self) -> bool {
        self.value().is_some() || matches!(self.status, TrialStatus::Failed { .. })
    }

    /// Returns why it ended before its last epoch.
    pub fn reason(&self) -> Option<&str> {
        match &self.status {
            TrialStatus::Pruned { verdict, .. } => Some(&verdict.because),
            TrialStatus::Failed { message } => Some(message),
            _ => None,
        }
    }
}

/// The state of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepState {
    /// The trials by number.
    pub trials: BTreeMap<usize, Trial>,
    /// Seconds of the sweep so far, without pauses and time between sessions.
    pub secs: f64,
    /// The fingerprint of its dataset.
    pub fingerprint: Option<String>,
}

impl SweepState {
    /// Applies the next event.
    pub fn apply(&mut self, event: &SweepEvent) {
        match event {
            SweepEvent::Opened { fingerprint } => self.fingerprint = Some(fingerprint.clone()),
            SweepEvent::Started {
                trial,
                setting,
                repeat,
                point,
                run,
                secs,
            } => {
                self.start(Trial {
                    number: *trial,
                    setting: *setting,
                    repeat: *repeat,
                    point: point.clone(),
                    run: run.clone(),
                    status: TrialStatus::Running,
                    reports: Vec::new(),
                    started: *secs,
                    ended: None,
                    n_crashes: self.crashes_by_now(*trial),
                });
            }
            SweepEvent::Resumed { trial, secs } => {
                let n_crashes = self.crashes_by_now(*trial);
                if let Some(trial) = self.trials.get_mut(trial) {
                    trial.n_crashes = n_crashes;
                    trial.status = TrialStatus::Running;
                }
                self.secs = self.secs.max(*secs);
            }
            &SweepEvent::Reported {
                trial,
                epoch,
                value,
                secs,
            } => {
                self.report(trial, epoch, value);
                self.secs = self.secs.max(secs);
            }
            SweepEvent::Ended {
                trial,
                status,
                secs,
            } => {
                if let Some(trial) = self.trials.get_mut(trial) {
                    trial.status = status.clone();
                    trial.ended = Some(*secs);
                }
                self.secs = self.secs.max(*secs);
            }
            SweepEvent::Retried { trial } => {
                if let Some(trial) = self.trials.get_mut(trial) {
                    trial.status = TrialStatus::Waiting;
                    trial.n_crashes = 0;
                    trial.reports.clear();
                }
            }
        }
    }

    fn start(&mut self, trial: Trial) {
        self.secs = self.secs.max(trial.started);
        self.trials.insert(trial.number, trial);
    }

    fn report(&mut self, trial: usize, epoch: usize, value: f64) {
        if let Some(trial) = self.trials.get_mut(&trial) {
            // Epochs after the checkpoint happen again.
            trial.reports.retain(|(e, _)| *e < epoch);
            trial.reports.push((epoch, value));
        }
    }

    /// Counts a crash: a trial that starts while still running was left by a program that ended.
    fn crashes_by_now(&self, trial: usize) -> usize {
        let before = self.trials.get(&trial);
        before.map_or(0, |t| {
            t.n_crashes + usize::from(t.status == TrialStatus::Running)
        })
    }

    /// Returns the values of other trials after `epoch`.
    pub(super) fn others_at(&self, trial: usize, epoch: usize) -> Vec<f64> {
        self.trials
            .values()
            .filter(|t| t.number != trial)
            .filter_map(|t| t.reports.iter().find(|(e, _)| *e == epoch))
            .map(|(_, value)| *value)
            .collect()
    }

    /// Returns the settings with results, for a sampler: the mean over their trials.
    pub(super) fn tried(&self, direction: Direction) -> Vec<ObservedTrial> {
        let mut settings: BTreeMap<usize, (&Point, Vec<f64>)> = BTreeMap::new();
        for trial in self.trials.values().filter(|t| t.is_over()) {
            let cost = trial
                .value()
                .map_or(f64::INFINITY, |value| direction.cost(value));
            let entry = settings.entry(trial.setting);
            entry.or_insert((&trial.point, Vec::new())).1.push(cost);
        }
        let tried = settings.into_values().map(|(point, costs)| ObservedTrial {
            point: point.clone(),
            cost: stats::mean(costs),
        });
        tried.collect()
    }

    /// Counts the trials that have ended.
    pub fn n_over(&self) -> usize {
        self.trials.values().filter(|t| t.is_over()).count()
    }

    /// Estimates the remaining seconds of the sweep from the trials so far; `None` until one has
    /// ended. `n_trials` is their total number, if known.
    pub fn secs_left(&self, definition: &Definition, n_trials: Option<usize>) -> Option<f64> {
        let by_time = definition.minutes.map(|m| (60.0 * m - self.secs).max(0.0));
        let by_trials = n_trials.and_then(|n| {
            let n_over = self.n_over();
            (n_over > 0).then(|| n.saturating_sub(n_over) as f64 * self.secs / n_over as f64)
        });
        match (by_time, by_trials) {
            (Some(time), Some(trials)) => Some(time.min(trials)),
            (time, trials) => trials.or(time),
        }
    }
}

impl Measure {
    /// Returns the value of a trial so far.
    pub(super) fn of_trial(self, direction: Direction, trial: &Trial) -> Option<f64> {
        self.of(direction, trial.reports.iter().map(|(_, value)| *value))
    }
}
