//! A sweep as its journal tells it. [`SweepState::apply`] is the only place that changes one, so
//! a live sweep and one that is read again cannot differ.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sampler::ObservedTrial;
use super::{Definition, Direction, Measure, Point, SweepEvent, Verdict};

/// Where a trial stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum TrialStatus {
    /// To be done again, from the beginning.
    Waiting,
    /// Training, or its program ended while it did.
    Running,
    /// The sweep was stopped; it goes on with it.
    Interrupted,
    /// Done.
    Completed {
        /// Its value.
        value: f64,
    },
    /// Stopped early.
    Pruned {
        /// Its value until then.
        value: f64,
        /// Why.
        verdict: Verdict,
    },
    /// Broke.
    Failed {
        /// One sentence.
        message: String,
    },
}

/// One trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its number, from 1.
    pub number: usize,
    /// Number of its setting, from 0.
    pub setting: usize,
    /// How many runs of the setting come before it.
    pub repeat: usize,
    /// The setting.
    pub point: Point,
    /// Name of its run's folder in the workspace.
    pub run: String,
    /// Where it stands.
    pub status: TrialStatus,
    /// Epochs and the metric after them.
    pub reports: Vec<(usize, f64)>,
    /// When it began, in seconds of the sweep.
    pub started: f64,
    /// When it was over.
    pub ended: Option<f64>,
    /// How often its program ended while it ran.
    pub n_crashes: usize,
}

impl Trial {
    /// Its final value, if it is completed or was stopped early.
    pub fn value(&self) -> Option<f64> {
        match self.status {
            TrialStatus::Completed { value } | TrialStatus::Pruned { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Whether nothing more will happen to it by itself.
    pub fn is_over(&self) -> bool {
        self.value().is_some() || matches!(self.status, TrialStatus::Failed { .. })
    }

    /// Why it ended before its last epoch, in words.
    pub fn reason(&self) -> Option<&str> {
        match &self.status {
            TrialStatus::Pruned { verdict, .. } => Some(&verdict.because),
            TrialStatus::Failed { message } => Some(message),
            _ => None,
        }
    }
}

/// Everything known about a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepState {
    /// The trials by number.
    pub trials: BTreeMap<usize, Trial>,
    /// Seconds the sweep has taken so far; pauses and time between sessions excluded.
    pub secs: f64,
    /// The images its trials learn from.
    pub fingerprint: Option<String>,
}

impl SweepState {
    /// Takes in what happened next.
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
                let n_crashes = self.crashes_by_now(*trial);
                let new = Trial {
                    number: *trial,
                    setting: *setting,
                    repeat: *repeat,
                    point: point.clone(),
                    run: run.clone(),
                    status: TrialStatus::Running,
                    reports: Vec::new(),
                    started: *secs,
                    ended: None,
                    n_crashes,
                };
                self.trials.insert(*trial, new);
                self.secs = self.secs.max(*secs);
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
                if let Some(trial) = self.trials.get_mut(&trial) {
                    // What came after a checkpoint happens again.
                    trial.reports.retain(|(e, _)| *e < epoch);
                    trial.reports.push((epoch, value));
                }
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

    /// A trial that begins while it still runs was left by a program that ended.
    fn crashes_by_now(&self, trial: usize) -> usize {
        let before = self.trials.get(&trial);
        before.map_or(0, |t| {
            t.n_crashes + usize::from(t.status == TrialStatus::Running)
        })
    }

    /// The values that other trials had after `epoch`.
    pub(super) fn others_at(&self, trial: usize, epoch: usize) -> Vec<f64> {
        self.trials
            .values()
            .filter(|t| t.number != trial)
            .filter_map(|t| t.reports.iter().find(|(e, _)| *e == epoch))
            .map(|(_, value)| *value)
            .collect()
    }

    /// The settings of which something is known, for a sampler: the mean over their trials.
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
            cost: costs.iter().sum::<f64>() / costs.len() as f64,
        });
        tried.collect()
    }

    /// Trials that are over.
    pub fn n_over(&self) -> usize {
        self.trials.values().filter(|t| t.is_over()).count()
    }

    /// Seconds until the sweep ends, from how long the trials took so far; `None` until one is
    /// over. `n_trials` is how many there will be, if that is known.
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
    /// The value of a trial so far.
    pub(super) fn of_trial(self, direction: Direction, trial: &Trial) -> Option<f64> {
        self.of(direction, trial.reports.iter().map(|(_, value)| *value))
    }
}
