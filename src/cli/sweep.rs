//! `candle-studio sweep`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::HumanDuration;
use serde::Serialize;

use super::{UsageError, named_or_usual, open_data, out};
use crate::data::Dataset;
use crate::model::{PRESETS, preset};
use crate::sweep::{
    self, Definition, Engine, Place, Plan, Point, SweepControl, SweepEnd, SweepEvent, SweepFolder,
    SweepState, TrialStatus, words,
};
use crate::train::TrainConfig;

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// File that says what to search, how, and for how long.
    file: PathBuf,
    /// Trials at once [default: the file's, or 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    parallel: Option<u16>,
    /// Folder with four IDX files, named as MNIST's [default: the file's, or MNIST].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Do this trial again, from the beginning; may be given several times.
    #[arg(long, value_name = "TRIAL")]
    retry: Vec<usize>,
    /// Do nothing, but write the sweep into a folder as jobs for ray, slurm, kubernetes or optuna.
    #[arg(long, num_args = 2, value_names = ["ENGINE", "DIR"],
        conflicts_with_all = ["parallel", "retry", "json"])]
    emit: Vec<PathBuf>,
    /// Print one JSON line for everything that happens and one for the result.
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "Ctrl-C ends the sweep after the current batches and exits with code 130; \
    the same command goes on with it.";

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let definition = read(args)?;
    let dataset = Arc::new(open_data(definition.data.as_deref())?);
    let plan = plan(definition, &dataset)?;
    if let [engine, dir] = &args.emit[..] {
        return emit(&plan, engine, dir);
    }
    let workspace = named_or_usual(workspace)?;
    let mut folder = SweepFolder::open(&workspace, &plan, &dataset.fingerprint)?;
    let control = Arc::new(SweepControl::default());
    for &trial in &args.retry {
        if !folder
            .state()
            .trials
            .get(&trial)
            .is_some_and(sweep::Trial::is_over)
        {
            let message = format!("--retry: there is no trial {trial} that is over");
            return Err(UsageError(message).into());
        }
        control.retry(trial);
    }
    stop_on_ctrl_c(control.clone());
    let mut board = Board::new(&plan, args.json, control.clone());
    board.greet(folder.state());
    let parallel = args.parallel.map_or(plan.definition.parallel, usize::from);
    let end = sweep::run(
        &mut folder,
        &dataset,
        parallel,
        &control,
        &mut |event, state| {
            board.event(event, state);
        },
    )?;
    board.end(end, folder.state())
}

/// Writes the sweep out for another engine.
fn emit(plan: &Plan, engine: &Path, dir: &Path) -> anyhow::Result<ExitCode> {
    let is_meant = |e: &Engine| Path::new(e.name()) == engine;
    let engine = Engine::ALL.into_iter().find(is_meant).ok_or_else(|| {
        let names = Engine::ALL.map(Engine::name).join(", ");
        UsageError(format!(
            "--emit wants one of {names}, found `{}`",
            engine.display()
        ))
    })?;
    let first = sweep::emit(plan, engine, dir)?;
    out::print(&format!("start with {}", first.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The sweep the file defines.
fn read(args: &Args) -> anyhow::Result<Definition> {
    let mut definition =
        Definition::read(&args.file).map_err(|problems| told(&args.file, &problems))?;
    if let Some(data) = &args.data {
        definition.data = Some(data.clone());
    }
    Ok(definition)
}

/// The sweep with what its trials have in common, checked against the data.
fn plan(definition: Definition, dataset: &Dataset) -> anyhow::Result<Plan> {
    let base = base(&definition, dataset)?;
    let plan = Plan { definition, base };
    let problems = plan.problems(dataset);
    if problems.is_empty() {
        return Ok(plan);
    }
    Err(told(Path::new(&plan.definition.name), &problems).into())
}

/// What all trials of a sweep have in common.
fn base(definition: &Definition, dataset: &Dataset) -> anyhow::Result<TrainConfig> {
    let base = match &definition.config {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("could not read {}", file.display()))?;
            toml::from_str(&text).map_err(|e| {
                UsageError(format!(
                    "{} is not a configuration: {}",
                    file.display(),
                    e.message()
                ))
            })?
        }
        None => {
            let name = definition.preset.as_deref().unwrap_or(PRESETS[0].name);
            let preset = preset(name).ok_or_else(|| {
                let names: Vec<&str> = PRESETS.iter().map(|p| p.name).collect();
                UsageError(format!(
                    "preset must be one of {}, found `{name}`",
                    names.join(", ")
                ))
            })?;
            let n_images = dataset.train.len();
            TrainConfig::new(preset, dataset.image_shape(), dataset.n_classes(), n_images)
        }
    };
    let keys = definition
        .set
        .iter()
        .map(|(key, value)| (&**key, value.clone()));
    let config = base.with_keys(keys);
    Ok(config.map_err(|e| UsageError(format!("set: {e}")))?)
}

/// All problems of a definition, a line each.
fn told(file: &Path, problems: &[sweep::Problem]) -> UsageError {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    UsageError(format!(
        "the sweep {} cannot run:\n  {}",
        file.display(),
        lines.join("\n  ")
    ))
}

/// The first Ctrl-C asks the sweep to end, the second one does not ask.
fn stop_on_ctrl_c(control: Arc<SweepControl>) {
    let installed = ctrlc::set_handler(move || {
        if control.is_stopped() {
            std::process::exit(INTERRUPTED.into());
        }
        out::say("stopping after the current batches; Ctrl-C again to exit at once");
        control.stop();
    });
    if let Err(error) = installed {
        out::say(&format!(
            "warning: Ctrl-C will end the sweep without warning: {error}"
        ));
    }
}

/// Exit code of shells for a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Settings shown at the end.
const MAX_PLACES: usize = 10;

/// What a person, or a program, sees of a sweep while it happens.
struct Board<'a> {
    plan: &'a Plan,
    is_json: bool,
    n_trials: Option<usize>,
    control: Arc<SweepControl>,
    /// Why standard output no longer takes anything.
    deaf: Option<anyhow::Error>,
}

/// The result, for programs.
#[derive(Serialize)]
struct ResultLine<'a> {
    event: &'static str,
    /// `completed`, `out_of_time` or `stopped`.
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
    fn new(plan: &'a Plan, is_json: bool, control: Arc<SweepControl>) -> Board<'a> {
        Board {
            n_trials: plan.n_trials(),
            plan,
            is_json,
            control,
            deaf: None,
        }
    }

    fn print(&mut self, line: &str) {
        if self.deaf.is_none()
            && let Err(error) = out::print(line)
        {
            // The sweep is kept in its folder: it goes on without a reader, as a run would.
            self.deaf = Some(error);
        }
    }

    fn greet(&mut self, state: &SweepState) {
        if self.is_json || state.trials.is_empty() {
            return;
        }
        self.print(&format!(
            "going on: {} of {} trials are over",
            state.n_over(),
            self.total()
        ));
    }

    fn total(&self) -> String {
        self.n_trials
            .map_or_else(|| "?".to_owned(), |n| n.to_string())
    }

    fn event(&mut self, event: &SweepEvent, state: &SweepState) {
        if self.is_json {
            return self.print(&serde_json::to_string(event).unwrap_or_default());
        }
        let SweepEvent::Ended { trial, status, .. } = event else {
            return;
        };
        let metric = self.plan.definition.metric;
        let how = match status {
            TrialStatus::Completed { value } => {
                format!("{} {}", metric.label(), metric.format(*value))
            }
            TrialStatus::Pruned { verdict, .. } => format!("stopped because {}", verdict.because),
            TrialStatus::Failed { message } => format!("failed: {message}"),
            TrialStatus::Interrupted => "interrupted".to_owned(),
            TrialStatus::Waiting | TrialStatus::Running => return,
        };
        let point = state.trials.get(trial).map(|t| words(&t.point));
        let best = state
            .best(self.plan.definition.direction)
            .map(|(best, value)| {
                format!(
                    "; best so far {}, trial {}",
                    metric.format(value),
                    best.number
                )
            });
        let left = state
            .secs_left(&self.plan.definition, self.n_trials)
            .filter(|_| !self.control.is_stopped())
            .map(|secs| {
                format!(
                    "; about {} left",
                    HumanDuration(Duration::from_secs_f64(secs))
                )
            });
        self.print(&format!(
            "trial {trial}/{}  {}  {how}{}{}",
            self.total(),
            point.unwrap_or_default(),
            best.unwrap_or_default(),
            left.unwrap_or_default(),
        ));
    }

    fn end(mut self, end: SweepEnd, state: &SweepState) -> anyhow::Result<ExitCode> {
        let places = state.leaderboard(&self.plan.definition);
        if self.is_json {
            let line = serde_json::to_string(&self.result(end, state, &places))?;
            self.print(&line);
        } else {
            self.print_places(&places);
            if end == SweepEnd::OutOfTime {
                self.print("the time is over");
            }
        }
        if let Some(deaf) = self.deaf {
            return Err(deaf);
        }
        let n_failed = count(state, |s| matches!(s, TrialStatus::Failed { .. }));
        match end {
            SweepEnd::Stopped => Ok(ExitCode::from(INTERRUPTED)),
            _ if n_failed > 0 && n_failed == state.trials.len() => {
                let first = state.trials.values().find_map(|t| t.reason());
                anyhow::bail!("every trial failed: {}", first.unwrap_or_default())
            }
            _ => Ok(ExitCode::SUCCESS),
        }
    }

    fn result<'s>(
        &'s self,
        end: SweepEnd,
        state: &'s SweepState,
        places: &'s [Place],
    ) -> ResultLine<'s> {
        let definition = &self.plan.definition;
        ResultLine {
            event: "result",
            status: match end {
                SweepEnd::Completed => "completed",
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

    fn print_places(&mut self, places: &[Place]) {
        let metric = self.plan.definition.metric;
        if !places.is_empty() {
            self.print(&format!("best settings by {}:", metric.label()));
        }
        for (idx, place) in places.iter().take(MAX_PLACES).enumerate() {
            let deviation = place
                .deviation
                .map(|d| format!(" ± {}", metric.format(d)))
                .unwrap_or_default();
            self.print(&format!(
                "{:>3}. {}{deviation}  {}",
                idx + 1,
                metric.format(place.mean),
                words(&place.point)
            ));
        }
    }
}

fn count(state: &SweepState, is_it: impl Fn(&TrialStatus) -> bool) -> usize {
    state.trials.values().filter(|t| is_it(&t.status)).count()
}
