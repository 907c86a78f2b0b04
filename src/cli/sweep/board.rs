//! The progress of a sweep on the terminal, or as JSON lines.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use crate::cli::interrupt::INTERRUPTED;
use crate::cli::out;
use crate::sweep::{
    LeaderboardEntry, Plan, Point, SweepControl, SweepEnd, SweepEvent, SweepState, Trial,
    TrialStatus, describe,
};
use crate::text;

/// Number of settings shown at the end.
const MAX_PLACES: usize = 10;

/// Prints the progress and the result of a sweep.
pub(super) struct Board<'a> {
    plan: &'a Plan,
    is_json: bool,
    n_trials: Option<usize>,
    control: Arc<SweepControl>,
    /// Why standard output cannot be written to any more.
    print_error: Option<anyhow::Error>,
}

/// The result as JSON.
#[derive(Serialize)]
struct ResultLine<'a> {
    event: &'static str,
    /// `completed`, `exhausted`, `out_of_time` or `stopped`.
    status: &'static str,
    sweep: &'a str,
    metric: &'static str,
    trials: usize,
    completed: usize,
    pruned: usize,
    failed: usize,
    seconds: f64,
    best: Option<Best<'a>>,
    leaderboard: Vec<PlaceLine<'a>>,
}

#[derive(Serialize)]
struct Best<'a> {
    trial: usize,
    value: f64,
    point: &'a Point,
    run: &'a Path,
}

#[derive(Serialize)]
struct PlaceLine<'a> {
    point: &'a Point,
    mean: f64,
    deviation: Option<f64>,
    trials: &'a [usize],
}

impl<'a> Board<'a> {
    pub(super) fn new(plan: &'a Plan, is_json: bool, control: Arc<SweepControl>) -> Board<'a> {
        Board {
            n_trials: plan.n_trials(),
            plan,
            is_json,
            control,
            print_error: None,
        }
    }

    fn print(&mut self, line: &str) {
        if self.print_error.is_none()
            && let Err(error) = out::print(line)
        {
            // The sweep is recorded in its folder: it continues without a reader, as a run does.
            self.print_error = Some(error);
        }
    }

    pub(super) fn greet(&mut self, state: &SweepState) {
        if self.is_json || state.trials.is_empty() {
            return;
        }
        self.print(&format!(
            "resumed: {} of {} trials have ended",
            state.n_over(),
            self.total()
        ));
    }

    fn total(&self) -> String {
        self.n_trials
            .map_or_else(|| "?".to_owned(), |n| n.to_string())
    }

    pub(super) fn event(&mut self, event: &SweepEvent, state: &SweepState) {
        if let SweepEvent::Warned { message } = event {
            return out::eprint(&format!("warning: {message}"));
        }
        if self.is_json {
            return self.print(&out::json_line(event).unwrap_or_default());
        }
        let SweepEvent::Ended { trial, status, .. } = event else {
            return;
        };
        let metric = self.plan.definition.metric;
        let how = match status {
            TrialStatus::Completed { value } => {
                format!("{} {}", metric.label(), metric.format_exact(*value))
            }
            TrialStatus::Pruned { verdict, .. } => format!("pruned: {}", verdict.because),
            TrialStatus::Failed { message } => format!("failed: {message}"),
            TrialStatus::Interrupted => "interrupted".to_owned(),
            TrialStatus::Waiting | TrialStatus::Running => return,
        };
        let point = state.trials.get(trial).map(|t| describe(&t.point));
        let best = state
            .best(self.plan.definition.direction)
            .map(|(best, value)| {
                format!(
                    "; best so far {}, trial {}",
                    metric.format_exact(value),
                    best.number
                )
            });
        let left = state
            .secs_left(&self.plan.definition, self.n_trials)
            .filter(|_| !self.control.is_stopped())
            .map(|secs| format!("; about {} left", text::duration(secs)));
        self.print(&format!(
            "trial {trial}/{}  {}  {how}{}{}",
            self.total(),
            point.unwrap_or_default(),
            best.unwrap_or_default(),
            left.unwrap_or_default(),
        ));
    }

    pub(super) fn end(mut self, end: SweepEnd, state: &SweepState) -> anyhow::Result<ExitCode> {
        let places = state.leaderboard(&self.plan.definition);
        if self.is_json {
            let line = out::json_line(&self.result(end, state, &places))?;
            self.print(&line);
        } else {
            self.print_places(&places);
            match end {
                SweepEnd::OutOfTime => self.print("the time limit was reached"),
                SweepEnd::Exhausted => self.print(&format!(
                    "all {} of the search space have been tried",
                    text::count(state.n_settings(), "setting")
                )),
                SweepEnd::Completed | SweepEnd::Stopped => {}
            }
        }
        if let Some(print_error) = self.print_error {
            return Err(print_error);
        }
        match (end, failed(state)) {
            (SweepEnd::Stopped, _) => Ok(ExitCode::from(INTERRUPTED)),
            (_, Some(message)) => anyhow::bail!(message),
            (_, None) => Ok(ExitCode::SUCCESS),
        }
    }

    fn result<'s>(
        &'s self,
        end: SweepEnd,
        state: &'s SweepState,
        places: &'s [LeaderboardEntry],
    ) -> ResultLine<'s> {
        let definition = &self.plan.definition;
        ResultLine {
            event: "result",
            status: match end {
                SweepEnd::Completed => "completed",
                SweepEnd::Exhausted => "exhausted",
                SweepEnd::OutOfTime => "out_of_time",
                SweepEnd::Stopped => "stopped",
            },
            sweep: &definition.name,
            metric: definition.metric.name(),
            trials: state.trials.len(),
            completed: count(state, |s| matches!(s, TrialStatus::Completed { .. })),
            pruned: count(state, |s| matches!(s, TrialStatus::Pruned { .. })),
            failed: count(state, |s| matches!(s, TrialStatus::Failed { .. })),
            seconds: state.secs,
            best: state.best(definition.direction).map(|(trial, value)| Best {
                trial: trial.number,
                value,
                point: &trial.point,
                run: Path::new(&trial.run),
            }),
            leaderboard: places
                .iter()
                .map(|p| PlaceLine {
                    point: &p.point,
                    mean: p.mean,
                    deviation: p.deviation,
                    trials: &p.trials,
                })
                .collect(),
        }
    }

    fn print_places(&mut self, places: &[LeaderboardEntry]) {
        let metric = self.plan.definition.metric;
        if !places.is_empty() {
            self.print(&format!("best settings by {}:", metric.label()));
        }
        for (idx, place) in places.iter().take(MAX_PLACES).enumerate() {
            let deviation = place
                .deviation
                .map(|d| format!(" ± {}", metric.format_exact(d)))
                .unwrap_or_default();
            self.print(&format!(
                "{:>3}. {}{deviation}  {}",
                idx + 1,
                metric.format_exact(place.mean),
                describe(&place.point)
            ));
        }
    }
}

/// Says how many trials failed, the reason of the first, and how to rerun them.
fn failed(state: &SweepState) -> Option<String> {
    let is_failed = |trial: &&Trial| matches!(trial.status, TrialStatus::Failed { .. });
    let failed: Vec<&Trial> = state.trials.values().filter(is_failed).collect();
    let first = failed.first()?;
    let n_trials = text::count(state.trials.len(), "trial");
    let all = match failed.len() {
        1 => format!("trial {} of {n_trials} failed", first.number),
        n if n == state.trials.len() => "every trial failed".to_owned(),
        n => format!(
            "{n} of {n_trials} failed, the first is trial {}",
            first.number
        ),
    };
    let reason = first.reason().unwrap_or_default();
    Some(format!("{all}: {reason}; rerun with --retry failed"))
}

fn count(state: &SweepState, is_it: impl Fn(&TrialStatus) -> bool) -> usize {
    state.trials.values().filter(|t| is_it(&t.status)).count()
}
