//! The state of a sweep, folded from its journal. Only [`SweepState::apply`] changes it, so a live
//! sweep and one read from disk cannot differ.

use std::collections::{BTreeMap, BTreeSet};

use super::definition::Definition;
use super::draw::ObservedTrial;
use super::event::SweepEvent;
use super::metric::Measure;
use super::point::Point;
use super::prune::Verdict;
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
    /// Why it is pruned, once that is decided.
    pub verdict: Option<Verdict>,
    /// When it started, in seconds of the sweep.
    pub started: f64,
    /// When it ended.
    pub ended: Option<f64>,
    /// How often in a row the program ended while it ran, without getting further.
    pub n_crashes: usize,
    /// The update it was last resumed from.
    pub resumed_at: u64,
}

impl Trial {
    /// Makes a trial that has not started; setting and repetition are the parts of `place`.
    pub(super) fn new(number: usize, place: (usize, usize), point: Point, run: String) -> Trial {
        Trial {
            number,
            setting: place.0,
            repeat: place.1,
            point,
            run,
            status: TrialStatus::Waiting,
            reports: Vec::new(),
            verdict: None,
            started: 0.0,
            ended: None,
            n_crashes: 0,
            resumed_at: 0,
        }
    }

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
                let place = (*setting, *repeat);
                self.start(Trial {
                    status: TrialStatus::Running,
                    started: *secs,
                    n_crashes: self.crashes_at(*trial, 0),
                    ..Trial::new(*trial, place, point.clone(), run.clone())
                });
            }
            SweepEvent::Resumed { trial, step, secs } => {
                let n_crashes = self.crashes_at(*trial, *step);
                if let Some(trial) = self.trials.get_mut(trial) {
                    trial.n_crashes = n_crashes;
                    trial.resumed_at = *step;
                    trial.status = TrialStatus::Running;
                }
                self.secs = self.secs.max(*secs);
            }
            SweepEvent::Reported {
                trial,
                epoch,
                value,
                verdict,
                secs,
            } => {
                self.report(*trial, (*epoch, *value), verdict.as_ref());
                self.secs = self.secs.max(*secs);
            }
            SweepEvent::Warned { .. } => {}
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
                    trial.verdict = None;
                }
            }
        }
    }

    fn start(&mut self, trial: Trial) {
        self.secs = self.secs.max(trial.started);
        self.trials.insert(trial.number, trial);
    }

    fn report(&mut self, trial: usize, report: (usize, f64), verdict: Option<&Verdict>) {
        let Some(trial) = self.trials.get_mut(&trial) else {
            return;
        };
        // Epochs after the checkpoint happen again, with the same results.
        match trial
            .reports
            .iter_mut()
            .find(|(epoch, _)| *epoch == report.0)
        {
            Some(known) => *known = report,
            None => {
                trial.reports.push(report);
                trial.reports.sort_by_key(|(epoch, _)| *epoch);
                trial.n_crashes = 0;
            }
        }
        trial.verdict = trial.verdict.take().or(verdict.cloned());
    }

    /// Counts the crashes of a trial that starts again after `step` updates: if it is still running,
    /// it was left by a program that ended.
    pub(super) fn crashes_at(&self, trial: usize, step: u64) -> usize {
        self.trials
            .get(&trial)
            .map_or(0, |trial| match trial.status {
                TrialStatus::Running if step > trial.resumed_at => 0,
                TrialStatus::Running => trial.n_crashes + 1,
                _ => trial.n_crashes,
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

    /// Returns the settings before `setting`.
    pub(super) fn points_before(&self, setting: usize) -> Vec<&Point> {
        let before = self.trials.values().filter(|t| t.setting < setting);
        before.map(|t| &t.point).collect()
    }

    /// Returns the settings before `setting` with results, for a sampler: the mean over their
    /// trials.
    pub(super) fn tried(&self, direction: Direction, setting: usize) -> Vec<ObservedTrial> {
        let mut settings: BTreeMap<usize, (&Point, Vec<f64>)> = BTreeMap::new();
        let before = self.trials.values().filter(|t| t.setting < setting);
        for trial in before.filter(|t| t.is_over()) {
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

    /// Counts the settings that were tried.
    pub fn n_settings(&self) -> usize {
        let settings = self.trials.values().map(|trial| trial.setting);
        settings.collect::<BTreeSet<_>>().len()
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
