//! A sweep as its journal tells it. [`SweepState::apply`] is the only place that changes one, so
//! a live sweep and one that is read again cannot differ.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sampler::Tried;
use super::{Definition, Direction, Measure, Point, Verdict};

/// Something that happened in a sweep: one line of its journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SweepEvent {
    /// The sweep begins, or goes on in another session.
    Opened {
        /// The same for the same images.
        fingerprint: String,
    },
    /// A trial begins.
    Started {
        /// Its number, from 1.
        trial: usize,
        /// Number of its setting, from 0.
        setting: usize,
        /// How many runs of the setting come before it.
        repeat: usize,
        /// The setting.
        point: Point,
        /// Name of its run's folder in the workspace.
        run: String,
        /// Seconds of the sweep so far; pauses excluded.
        secs: f64,
    },
    /// A trial goes on from its last checkpoint.
    Resumed {
        /// Its number.
        trial: usize,
        /// Seconds of the sweep so far.
        secs: f64,
    },
    /// A trial has finished an epoch.
    Reported {
        /// Its number.
        trial: usize,
        /// Epochs done.
        epoch: usize,
        /// The metric.
        value: f64,
        /// Seconds of the sweep so far.
        secs: f64,
    },
    /// A trial is over.
    Ended {
        /// Its number.
        trial: usize,
        /// How.
        status: TrialStatus,
        /// Seconds of the sweep so far.
        secs: f64,
    },
    /// A trial shall be done once more.
    Retried {
        /// Its number.
        trial: usize,
    },
}

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

/// A setting's place on the leaderboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Number of the setting.
    pub setting: usize,
    /// The setting.
    pub point: Point,
    /// Mean over its completed trials.
    pub mean: f64,
    /// Standard deviation over them, from two on.
    pub deviation: Option<f64>,
    /// Its completed trials.
    pub trials: Vec<usize>,
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
    pub(super) fn tried(&self, direction: Direction) -> Vec<Tried> {
        let mut settings: BTreeMap<usize, (&Point, Vec<f64>)> = BTreeMap::new();
        for trial in self.trials.values().filter(|t| t.is_over()) {
            let cost = trial
                .value()
                .map_or(f64::INFINITY, |value| direction.cost(value));
            let entry = settings.entry(trial.setting);
            entry.or_insert((&trial.point, Vec::new())).1.push(cost);
        }
        let tried = settings.into_values().map(|(point, costs)| Tried {
            point: point.clone(),
            cost: costs.iter().sum::<f64>() / costs.len() as f64,
        });
        tried.collect()
    }

    /// The settings with a completed trial, best mean first.
    pub fn leaderboard(&self, definition: &Definition) -> Vec<Place> {
        let mut settings: BTreeMap<usize, Vec<(&Trial, f64)>> = BTreeMap::new();
        for trial in self.trials.values() {
            if let TrialStatus::Completed { value } = trial.status {
                settings
                    .entry(trial.setting)
                    .or_default()
                    .push((trial, value));
            }
        }
        let mut places: Vec<Place> = settings.into_iter().map(|(s, t)| place(s, &t)).collect();
        let cost = |p: &Place| definition.direction.cost(p.mean);
        places.sort_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.setting.cmp(&b.setting)));
        places
    }

    /// The best trial so far.
    pub fn best(&self, direction: Direction) -> Option<(&Trial, f64)> {
        let completed = self.trials.values().filter_map(|t| match t.status {
            TrialStatus::Completed { value } => Some((t, value)),
            _ => None,
        });
        completed.reduce(|best, next| {
            if direction.is_better(next.1, best.1) {
                next
            } else {
                best
            }
        })
    }

    /// How the best value moved: seconds of the sweep, and the best value from then on.
    pub fn best_so_far(&self, direction: Direction) -> Vec<(f64, f64)> {
        let mut ends: Vec<(f64, f64)> = self
            .trials
            .values()
            .filter_map(|t| match (&t.status, t.ended) {
                (TrialStatus::Completed { value }, Some(ended)) => Some((ended, *value)),
                _ => None,
            })
            .collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut curve: Vec<(f64, f64)> = Vec::new();
        for (secs, value) in ends {
            if curve
                .last()
                .is_none_or(|&(_, best)| direction.is_better(value, best))
            {
                curve.push((secs, value));
            }
        }
        curve
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

fn place(setting: usize, trials: &[(&Trial, f64)]) -> Place {
    let n = trials.len() as f64;
    let mean = trials.iter().map(|(_, value)| value).sum::<f64>() / n;
    let squares: f64 = trials.iter().map(|(_, value)| (value - mean).powi(2)).sum();
    Place {
        setting,
        point: trials[0].0.point.clone(),
        mean,
        deviation: (trials.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        trials: trials.iter().map(|(trial, _)| trial.number).collect(),
    }
}
