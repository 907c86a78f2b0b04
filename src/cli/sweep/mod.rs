//! `candle-studio sweep`.

mod board;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;

use super::interrupt::Interrupt;
use super::open_data::{add_sketches, open_data};
use super::{UsageError, named_or_default, out, settings};
use crate::data::Dataset;
use crate::files;
use crate::model::{PRESETS, preset};
use crate::sweep::{
    self, Definition, Engine, Plan, SweepControl, SweepFolder, SweepState, Trial, TrialStatus,
};
use crate::train::TrainConfig;
use board::Board;

/// The arguments of `sweep`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The sweep file: what to search, how, and for how long.
    file: PathBuf,
    /// Number of parallel trials [default: the file's, or 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    parallel: Option<u16>,
    /// The dataset: a folder or file, or a name, see `candle-studio data` [default: the file's, or MNIST].
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Rerun this trial from the start, or all that `failed`; may be given several times. The old run
    /// is moved to the trash.
    #[arg(long, value_name = "TRIAL", value_parser = parse_retry)]
    retry: Vec<Retry>,
    /// Instead of running it, write the sweep to a folder as jobs for ray, slurm, kubernetes or
    /// optuna.
    #[arg(long, num_args = 2, value_names = ["ENGINE", "DIR"],
        conflicts_with_all = ["parallel", "retry", "json"])]
    emit: Vec<PathBuf>,
    /// Print one JSON line per event and one for the result.
    #[arg(long)]
    json: bool,
}

/// The trials to rerun.
#[derive(Clone, Copy, Debug)]
enum Retry {
    /// The one with this number.
    Trial(usize),
    /// All that failed.
    Failed,
}

fn parse_retry(text: &str) -> Result<Retry, String> {
    match text {
        "failed" => Ok(Retry::Failed),
        number => number
            .parse()
            .map(Retry::Trial)
            .map_err(|_| "expected the number of a trial, or `failed`".to_owned()),
    }
}

const AFTER_HELP: &str = "Ctrl-C, SIGTERM or SIGHUP ends the sweep after the current batches and \
    exits with code 130; the same command resumes it.";

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let definition = read(args)?;
    let dataset = Arc::new(open_data(definition.data.as_deref(), workspace)?);
    let plan = plan(definition, &dataset)?;
    if let [engine, dir] = &args.emit[..] {
        return emit(&plan, engine, dir);
    }
    let workspace = named_or_default(workspace)?;
    add_sketches(&dataset, Some(&workspace));
    let mut folder = SweepFolder::open(&workspace, &plan, &dataset.fingerprint)?;
    let control = Arc::new(SweepControl::default());
    retry(&args.retry, folder.state(), &control)?;
    Interrupt {
        control: control.clone(),
        is_stopped: SweepControl::is_stopped,
        stop: SweepControl::stop,
        after: "the current batches",
        unhandled: "end the sweep without warning",
    }
    .listen();
    let mut board = Board::new(&plan, args.json, control.clone());
    board.greet(folder.state());
    let end = sweep::run(
        &mut folder,
        &dataset,
        plan.definition.parallel,
        &control,
        &mut |event, state| {
            board.event(event, state);
        },
    )?;
    board.end(end, folder.state())
}

/// Requests the trials of `--retry`.
fn retry(wanted: &[Retry], state: &SweepState, control: &SweepControl) -> Result<(), UsageError> {
    for retry in wanted {
        match *retry {
            Retry::Trial(number) => {
                if !state.trials.get(&number).is_some_and(Trial::is_over) {
                    return Err(UsageError(format!("--retry: no trial {number} has ended")));
                }
                control.retry(number);
            }
            Retry::Failed => {
                let is_failed = |t: &&Trial| matches!(t.status, TrialStatus::Failed { .. });
                let failed = state.trials.values().filter(is_failed);
                failed.for_each(|trial| control.retry(trial.number));
            }
        }
    }
    Ok(())
}

/// Writes the sweep as jobs for another engine.
fn emit(plan: &Plan, engine: &Path, dir: &Path) -> anyhow::Result<ExitCode> {
    let is_meant = |e: &Engine| Path::new(e.name()) == engine;
    let engine = Engine::ALL.into_iter().find(is_meant).ok_or_else(|| {
        let names = Engine::ALL.map(Engine::name).join(", ");
        UsageError(format!(
            "--emit expects one of {names}, found `{}`",
            engine.display()
        ))
    })?;
    let first = sweep::emit(plan, engine, dir)?;
    out::print(&format!("start with {}", first.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the sweep file.
fn read(args: &Args) -> anyhow::Result<Definition> {
    let mut definition =
        Definition::read(&args.file).map_err(|problems| usage_error(&args.file, &problems))?;
    if let Some(data) = &args.data {
        definition.data = Some(data.clone());
    }
    definition.parallel = args.parallel.map_or(definition.parallel, usize::from);
    Ok(definition)
}

/// Plans the sweep: adds what its trials have in common, and checks both against the data.
fn plan(definition: Definition, dataset: &Dataset) -> anyhow::Result<Plan> {
    let base = base(&definition, dataset)?;
    let plan = Plan { definition, base };
    let problems = plan.problems(dataset);
    if problems.is_empty() {
        return Ok(plan);
    }
    Err(usage_error(Path::new(&plan.definition.name), &problems).into())
}

/// Returns the configuration that all trials start from.
fn base(definition: &Definition, dataset: &Dataset) -> anyhow::Result<TrainConfig> {
    let base = match &definition.config {
        Some(file) => {
            let text = files::read_text(file)
                .with_context(|| format!("could not read {}", file.display()))?;
            settings::parse(file, &text)?
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

/// Lists all problems of a sweep file, one per line.
fn usage_error(file: &Path, problems: &[sweep::Problem]) -> UsageError {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    UsageError(format!(
        "the sweep {} cannot run:\n  {}",
        file.display(),
        lines.join("\n  ")
    ))
}
