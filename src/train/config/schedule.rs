//! Learning rate schedules: pure functions of the progress of a run.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The schedule of the learning rate. The configured learning rate is its peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Always the same.
    #[default]
    Constant,
    /// Multiplied by `factor` each time `every` epochs are over.
    Step {
        /// Epochs between two drops; may be a fraction.
        every: f64,
        /// The factor, in `(0, 1]`.
        factor: f64,
    },
    /// Multiplied by `factor` over each epoch, continuously.
    Exponential {
        /// The factor, in `(0, 1]`.
        factor: f64,
    },
    /// Half a cosine from the peak down to the share `floor` of it (Loshchilov and Hutter 2017,
    /// without restarts).
    Cosine {
        /// Share of the peak at the end, in `[0, 1]`.
        floor: f64,
    },
    /// Up and down again, each along half a cosine (Smith and Topin 2018, as PyTorch anneals it).
    OneCycle {
        /// Share of the run with a rising learning rate, in `(0, 1)`.
        rise: f64,
        /// Share of the peak at the start, in `[0, 1]`.
        start: f64,
        /// Share of the peak at the end, in `[0, 1]`.
        end: f64,
        /// How much lower momentum is at the peak, along the same curve.
        #[serde(default)]
        dip: f64,
    },
    /// Multiplied by `factor` when the validation loss has not fallen for `patience` epochs
    /// (`torch.optim.lr_scheduler.ReduceLROnPlateau`, whose patience is one less).
    Plateau {
        /// Epochs without a lower loss, at least 1.
        patience: usize,
        /// The factor, in `(0, 1]`.
        factor: f64,
        /// Lower limit as a share of the peak, in `[0, 1]`.
        floor: f64,
    },
}

impl Schedule {
    /// One of each kind, with its default parameters.
    pub const ALL: [Schedule; 6] = [
        Schedule::Constant,
        Schedule::Step {
            every: 2.0,
            factor: 0.5,
        },
        Schedule::Exponential { factor: 0.8 },
        Schedule::Cosine { floor: 0.0 },
        Schedule::OneCycle {
            rise: 0.3,
            start: 0.04,
            end: 0.0,
            dip: 0.0,
        },
        Schedule::Plateau {
            patience: 2,
            factor: 0.5,
            floor: 0.0,
        },
    ];

    /// The name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Schedule::Constant => "constant",
            Schedule::Step { .. } => "step",
            Schedule::Exponential { .. } => "exponential",
            Schedule::Cosine { .. } => "cosine",
            Schedule::OneCycle { .. } => "one_cycle",
            Schedule::Plateau { .. } => "plateau",
        }
    }

    /// The name in the window.
    pub fn label(&self) -> &'static str {
        match self {
            Schedule::Constant => "Constant",
            Schedule::Step { .. } => "Step",
            Schedule::Exponential { .. } => "Exponential",
            Schedule::Cosine { .. } => "Cosine",
            Schedule::OneCycle { .. } => "One cycle",
            Schedule::Plateau { .. } => "Reduce on plateau",
        }
    }

    /// Share of the peak after `epoch` of `epochs` epochs, fractions included; for a reduction on a
    /// plateau, which depends on the run, the share at the start.
    pub fn factor(&self, epoch: f64, epochs: f64) -> f64 {
        let progress = (epoch / epochs).clamp(0.0, 1.0);
        match *self {
            Schedule::Constant | Schedule::Plateau { .. } => 1.0,
            Schedule::Step { every, factor } => factor.powf((epoch / every).floor()),
            Schedule::Exponential { factor } => factor.powf(epoch),
            Schedule::Cosine { floor } => half_cosine(1.0, floor, progress),
            Schedule::OneCycle { rise, start, .. } if progress < rise => {
                half_cosine(start, 1.0, progress / rise)
            }
            Schedule::OneCycle { rise, end, .. } => {
                half_cosine(1.0, end, (progress - rise) / (1.0 - rise))
            }
        }
    }

    /// How much momentum is lowered after `epoch` of `epochs` epochs: most at the peak of the
    /// learning rate.
    pub fn momentum_dip(&self, epoch: f64, epochs: f64) -> f64 {
        let progress = (epoch / epochs).clamp(0.0, 1.0);
        match *self {
            Schedule::OneCycle { rise, dip, .. } if progress < rise => {
                half_cosine(0.0, dip, progress / rise)
            }
            Schedule::OneCycle { rise, dip, .. } => {
                half_cosine(dip, 0.0, (progress - rise) / (1.0 - rise))
            }
            _ => 0.0,
        }
    }

    /// Share of the peak after `n_reduced` reductions on a plateau.
    pub fn reduced(&self, n_reduced: u32) -> f64 {
        match *self {
            Schedule::Plateau { factor, floor, .. } => factor.powf(f64::from(n_reduced)).max(floor),
            _ => 1.0,
        }
    }
}

/// The name and the parameters: `step every=2.0 factor=0.5`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let table = toml::Table::try_from(self).map_err(|_| fmt::Error)?;
        let numbers = table.iter().filter(|(key, _)| *key != "kind");
        numbers
            .into_iter()
            .try_for_each(|(key, value)| write!(f, " {key}={value}"))
    }
}

impl FromStr for Schedule {
    type Err = toml::de::Error;

    fn from_str(text: &str) -> Result<Schedule, toml::de::Error> {
        let mut words = text.split_whitespace();
        let kind = format!("kind='{}'", words.next().unwrap_or_default());
        let lines: Vec<&str> = [kind.as_str()].into_iter().chain(words).collect();
        toml::from_str(&lines.join("\n"))
    }
}

/// From `from` (at 0) to `to` (at 1), flat at both ends.
fn half_cosine(from: f64, to: f64, progress: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * progress).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares a schedule of ten epochs with its values at some epochs.
    fn check(schedule: Schedule, expected: &[(f64, f64)]) {
        for &(epoch, factor) in expected {
            let found = schedule.factor(epoch, 10.0);
            assert!(
                (found - factor).abs() < 1e-12,
                "{schedule:?} at {epoch}: {found}"
            );
        }
    }

    #[test]
    fn schedules_pass_through_their_points() {
        check(Schedule::Constant, &[(0.0, 1.0), (10.0, 1.0)]);
        let (every, factor) = (2.0, 0.5);
        check(
            Schedule::Step { every, factor },
            &[(0.0, 1.0), (1.99, 1.0), (2.0, 0.5), (9.0, 0.0625)],
        );
        check(
            Schedule::Exponential { factor },
            &[(0.0, 1.0), (1.0, 0.5), (3.0, 0.125)],
        );
        check(
            Schedule::Cosine { floor: 0.1 },
            &[(0.0, 1.0), (5.0, 0.55), (10.0, 0.1)],
        );
        let (rise, start, end, dip) = (0.2, 0.04, 0.0, 0.1);
        check(
            Schedule::OneCycle {
                rise,
                start,
                end,
                dip,
            },
            &[
                (0.0, 0.04),
                (1.0, 0.52),
                (2.0, 1.0),
                (6.0, 0.5),
                (10.0, 0.0),
            ],
        );
    }

    const ONE_CYCLE: [(f64, f64, f64); 6] = [
        (0.0, 0.040000000000, 0.950000000000),
        (10.0, 0.280000000000, 0.925000000000),
        (30.0, 1.000000000000, 0.850000000000),
        (47.0, 0.861397431914, 0.863860256809),
        (65.0, 0.500000000000, 0.900000000000),
        (100.0, 0.000000000000, 0.950000000000),
    ];

    /// `torch.optim.lr_scheduler.OneCycleLR` over 101 steps, which spends 30 of its 100 intervals
    /// rising (`pct_start` 31/101), with momentum from 0.95 to 0.85 and back.
    #[test]
    fn one_cycle_is_pytorchs_momentum_included() {
        let schedule = Schedule::OneCycle {
            rise: 0.3,
            start: 0.04,
            end: 0.0,
            dip: 0.1,
        };
        for (step, rate, momentum) in ONE_CYCLE {
            let found = schedule.factor(step, 100.0);
            assert!((found - rate).abs() < 1e-9, "rate at {step}: {found}");
            let found = 0.95 - schedule.momentum_dip(step, 100.0);
            assert!(
                (found - momentum).abs() < 1e-9,
                "momentum at {step}: {found}"
            );
        }
    }

    #[test]
    fn a_plateau_never_goes_below_its_floor() {
        let schedule = Schedule::Plateau {
            patience: 1,
            factor: 0.1,
            floor: 0.02,
        };
        assert_eq!(
            [0, 1, 2, 3].map(|n| schedule.reduced(n)),
            [1.0, 0.1, 0.02, 0.02]
        );
        assert_eq!(Schedule::Constant.reduced(3), 1.0);
    }
}
