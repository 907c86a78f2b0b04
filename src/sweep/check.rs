//! Checks a sweep and reports all problems at once, each with its location.

use std::fmt;

use toml::Value;

use super::axis::{Axis, Values};
use super::definition::{Definition, Method, Prune};
use super::metric::OBJECTIVES;
use super::plan::Plan;
use super::point;
use super::point::Point;
use crate::data::Dataset;
use crate::model::limits::memory_problem;
use crate::runs::{Direction, Metric};
use crate::text::count;
use crate::train::TrainConfig;

/// What a problem is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The whole text.
    Text,
    /// A key of the sweep, such as `trials`.
    Key(&'static str),
    /// A searched key, by index.
    Search(usize),
}

/// A problem with a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is about.
    pub at: Location,
    /// The line, if it was read from a file.
    pub line: Option<usize>,
    /// What was expected and what was found.
    pub message: String,
}

impl Problem {
    pub(super) fn new(at: Location, message: impl Into<String>) -> Problem {
        Problem {
            at,
            line: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.at {
            Location::Text => write!(f, "{}", self.message),
            Location::Key(key) => write!(f, "{key} {}", self.message),
            Location::Search(_) => write!(f, "search {}", self.message),
        }
    }
}

/// Maximum number of trials: the Sobol sequence has no more points.
const MAX_TRIALS: usize = 65_536;

impl Definition {
    /// Checks the sweep by itself, without the dataset.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut expect = |is_fine: bool, at: Location, message: String| {
            if !is_fine {
                problems.push(Problem::new(at, message));
            }
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        expect(
            !self.name.is_empty() && self.name.len() <= 64 && self.name.chars().all(is_plain),
            Location::Key("name"),
            format!(
                "must be 1 to 64 letters, digits, - or _, because it names folders, found `{}`",
                self.name
            ),
        );
        expect(
            !self.search.is_empty(),
            Location::Key("search"),
            "must have at least one key: there is nothing to search".to_owned(),
        );
        expect(
            self.preset.is_none() || self.config.is_none(),
            Location::Key("preset"),
            "and config exclude each other: the configuration has its own network".to_owned(),
        );
        expect(
            OBJECTIVES.contains(&self.metric),
            Location::Key("metric"),
            format!(
                "must be one of {}, found `{}`",
                metric_names(),
                self.metric.name()
            ),
        );
        self.check_budget(&mut expect);
        if let Some(prune) = self.prune {
            let (n, what) = match prune {
                Prune::Asha { factor, .. } => (factor.saturating_sub(1), "factor must be 2"),
                Prune::Median { trials, .. } => (trials, "trials must be 1"),
            };
            expect(n >= 1, Location::Key("prune"), format!("{what} or more"));
            let (Prune::Asha { epochs, .. } | Prune::Median { epochs, .. }) = prune;
            expect(
                epochs >= 1,
                Location::Key("prune"),
                "epochs must be 1 or more".to_owned(),
            );
        }
        for (idx, axis) in self.search.iter().enumerate() {
            for message in self.axis_problems(idx, axis) {
                let message = format!("`{}` {message}", axis.key);
                problems.push(Problem::new(Location::Search(idx), message));
            }
        }
        problems
    }

    fn check_budget(&self, expect: &mut impl FnMut(bool, Location, String)) {
        expect(
            self.trials.is_some() || self.minutes.is_some() || self.method == Method::Grid,
            Location::Key("trials"),
            format!(
                "or minutes must be given: {} search never ends by itself",
                self.method.name()
            ),
        );
        expect(
            self.trials.is_none_or(|n| (1..=MAX_TRIALS).contains(&n)),
            Location::Key("trials"),
            format!(
                "must be from 1 to {MAX_TRIALS}, found {}",
                self.trials.unwrap_or(0)
            ),
        );
        expect(
            self.minutes.is_none_or(|m| m.is_finite() && m > 0.0),
            Location::Key("minutes"),
            format!("must be above 0, found {}", self.minutes.unwrap_or(0.0)),
        );
        expect(
            (1..=1024).contains(&self.parallel),
            Location::Key("parallel"),
            format!("must be from 1 to 1024, found {}", self.parallel),
        );
        expect(
            (1..=1000).contains(&self.seeds_per_setting),
            Location::Key("seeds_per_setting"),
            format!("must be from 1 to 1000, found {}", self.seeds_per_setting),
        );
        expect(
            i64::try_from(self.seed).is_ok(),
            Location::Key("seed"),
            format!("must be at most {}, found {}", i64::MAX, self.seed),
        );
    }

    fn axis_problems(&self, idx: usize, axis: &Axis) -> Vec<String> {
        let mut problems = values_problem(&axis.values);
        let before = &self.search[..idx];
        if before.iter().any(|other| other.key == axis.key) {
            problems.push("is searched twice".to_owned());
        }
        if axis.key == "seed" {
            problems.push("is not a setting to search: use seeds_per_setting".to_owned());
        }
        if axis.points == Some(0) {
            problems.push("points must be 1 or more".to_owned());
        }
        if self.method == Method::Grid && axis.points.is_none() && axis.values.count().is_none() {
            problems.push("needs points: a grid cannot try every number of a range".to_owned());
        }
        if let Some(when) = &axis.when {
            match before.iter().find(|other| other.key == when.key) {
                None => problems.push(format!(
                    "depends on `{}`, which must be searched before it",
                    when.key
                )),
                Some(other) => problems.extend(
                    when.is
                        .iter()
                        .filter(|value| other.values.position(value).is_none())
                        .map(|value| {
                            format!("requires `{}` to be {value}, which it never is", when.key)
                        }),
                ),
            }
        }
        problems
    }
}

fn values_problem(values: &Values) -> Vec<String> {
    let name = values.name();
    let problem = match *values {
        Values::List(ref list) if list.is_empty() => Some("list must not be empty".to_owned()),
        Values::List(_) => None,
        Values::Range([low, high]) | Values::LogRange([low, high]) => {
            let is_fine = low.is_finite() && high.is_finite() && low < high;
            let is_positive = matches!(values, Values::Range(_)) || low > 0.0;
            (!is_fine || !is_positive).then(|| match is_positive {
                true => format!(
                    "{name} must go from a smaller to a larger number, found {low} to {high}"
                ),
                false => format!("{name} must start above 0, found {low} to {high}"),
            })
        }
        Values::IntRange([low, high]) | Values::LogIntRange([low, high]) => {
            let is_positive = matches!(values, Values::IntRange(_)) || low > 0;
            (low >= high || !is_positive).then(|| match is_positive {
                true => format!(
                    "{name} must go from a smaller to a larger number, found {low} to {high}"
                ),
                false => format!("{name} must start at 1 or above, found {low} to {high}"),
            })
        }
    };
    problem.into_iter().collect()
}

/// Checks the sweep with its base configuration and dataset: keys that do not exist, ends of ranges
/// that no run can start with.
pub(super) fn fit_problems(
    definition: &Definition,
    base: &TrainConfig,
    dataset: &Dataset,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let n_images = dataset.train.len();
    let check = |config: &TrainConfig| {
        let mut errors = config.check(dataset.image_shape(), dataset.n_classes(), n_images);
        errors.extend(config.memory_problem(0));
        errors
    };
    let wrong_base = check(base);
    for error in &wrong_base {
        problems.push(Problem::new(
            Location::Key("set"),
            format!("gives a configuration that cannot run: {error}"),
        ));
    }
    if let Some(message) = parallel_problem(definition, base).filter(|_| wrong_base.is_empty()) {
        problems.push(Problem::new(Location::Key("parallel"), message));
    }
    if definition.metric.is_validation() && base.n_validation == 0 {
        let message = format!(
            "{} needs validation images: n_validation is 0",
            definition.metric.name()
        );
        problems.push(Problem::new(Location::Key("metric"), message));
    }
    let is_epochs_searched = definition.search.iter().any(|axis| axis.key == "epochs");
    if definition.prune.is_some() && base.epochs < 2 && !is_epochs_searched {
        let message =
            "needs trials of two epochs or more: with one epoch, there is nothing to prune";
        problems.push(Problem::new(Location::Key("prune"), message));
    }
    for (idx, axis) in definition.search.iter().enumerate() {
        for value in extremes(&axis.values) {
            let point = example(definition, idx, &value);
            let message = match point::apply(base, &point) {
                Err(error) => Some(error.to_string()),
                Ok(config) => check(&config)
                    .into_iter()
                    .find(|error| !wrong_base.contains(error))
                    .map(|error| error.to_string()),
            };
            if let Some(message) = message {
                let message = format!("`{}` = {value}: {message}", axis.key);
                problems.push(Problem::new(Location::Search(idx), message));
            }
        }
    }
    problems
}

/// Why this machine has too little memory for the parallel trials, if so.
fn parallel_problem(definition: &Definition, base: &TrainConfig) -> Option<String> {
    let n_bytes = base
        .training_bytes()
        .saturating_mul(definition.parallel as u64);
    let what = format!("training {} at once", count(definition.parallel, "trial"));
    memory_problem(&what, n_bytes, 0).map(|problem| format!("must be smaller: {problem}"))
}

/// Returns the values that are most likely to be invalid.
fn extremes(values: &Values) -> Vec<Value> {
    match *values {
        Values::List(ref list) => list.clone(),
        Values::Range([a, b]) | Values::LogRange([a, b]) => vec![a.into(), b.into()],
        Values::IntRange([a, b]) | Values::LogIntRange([a, b]) => vec![a.into(), b.into()],
    }
}

/// Makes a point in which the axis at `idx` has `value`, with the values it depends on.
fn example(definition: &Definition, idx: usize, value: &Value) -> Point {
    let axis = &definition.search[idx];
    let mut point = Point::new();
    if let Some(when) = &axis.when
        && let Some(other) = definition.search[..idx]
            .iter()
            .position(|a| a.key == when.key)
        && let Some(first) = when.is.first()
    {
        point = example(definition, other, first);
    }
    point.insert(axis.key.clone(), value.clone());
    point
}

impl Plan {
    /// Returns all problems of the plan for `dataset`.
    pub fn problems(&self, dataset: &Dataset) -> Vec<Problem> {
        let mut problems = self.definition.problems();
        problems.extend(fit_problems(&self.definition, &self.base, dataset));
        problems
    }
}

/// Lists the valid names, for messages.
pub(super) fn metric_names() -> String {
    OBJECTIVES.map(Metric::name).join(", ")
}

/// Returns whether the direction contradicts the metric: most likely a mistake.
pub(super) fn is_backwards(metric: Metric, direction: Direction) -> bool {
    metric.direction() != Some(direction)
}
