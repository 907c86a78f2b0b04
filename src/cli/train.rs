//! `candle-studio train`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use serde::Serialize;

use super::keeping::Keeping;
use super::progress::{Progress, describe, metrics};
use super::recipe::Recipe;
use super::settings::{self, Source};
use super::start::Start;
use super::which::run_folder;
use super::{UsageError, open_data, out};
use crate::data::Dataset;
use crate::files;
use crate::kernels;
use crate::model::{Classifier, PRESETS, Preset, preset};
use crate::runs::{BestBy, CheckpointPolicy, RunFolder, Summary};
use crate::train::{
    Control, Finish, Job, OnDivergence, Optimizer, Outcome, TrainConfig, run_guarded,
};

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Network to train.
    #[arg(long, value_name = "NAME", default_value = "keras-cnn", value_parser = presets())]
    preset: &'static Preset,
    /// Folder with four IDX files, named as MNIST's, gzipped or not [default: MNIST].
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Passes over the training images [default: the preset's, mostly 5].
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Images an update [default: the preset's, mostly 32].
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Learning rate [default: the preset's, or what suits --optimizer: 0.001, and 0.05 for sgd].
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lr: Option<f64>,
    /// Rule that turns gradients into new weights [default: the preset's, mostly adam].
    #[arg(long, value_name = "NAME", value_parser = optimizers())]
    optimizer: Option<Optimizer>,
    /// Decides first weights, split, order, dropout and augmentation: the same seed gives the same
    /// weights, bit for bit [default: 1].
    // TOML, which keeps it, has signed numbers only.
    #[arg(long, value_name = "N", allow_negative_numbers = true,
        value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Threads to compute with; they change the speed, not the result [default: all processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Training images held out for validation; 0 trains on all [default: 5000, or one in twelve
    /// of a smaller set].
    #[arg(long, value_name = "N")]
    val: Option<usize>,
    #[command(flatten)]
    pub(super) keeping: Keeping,
    /// File to save the model to.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Go on with the interrupted or stopped run in this folder, or of this id in the workspace, to
    /// where it would have ended; nothing else is needed.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "no_record", "name", "config",
        "set", "print_config", "preset", "epochs", "batch_size", "lr", "optimizer", "seed", "val",
        "schedule", "weight_decay", "label_smoothing", "augment", "average", "patience"])]
    resume: Option<PathBuf>,
    /// Train the run of --resume for so many epochs more than it was to have, also when it is
    /// complete.
    #[arg(long, value_name = "N")]
    pub(super) extend: Option<std::num::NonZeroUsize>,
    /// Start from the full state of another run, exactly, with whatever else is typed here changed:
    /// the run's folder, or its id or name in the workspace, and the number of an update that its
    /// checkpoints hold, or `best`. Network, seed and held-out images stay.
    #[arg(long, value_name = "RUN@STEP",
        conflicts_with_all = ["resume", "config", "preset", "seed", "val", "print_config"])]
    branch: Option<String>,
    /// Keep the full state of the run every so many updates, to go on from after an interruption.
    #[arg(long, value_name = "STEPS", default_value_t = 2000,
        value_parser = clap::value_parser!(u64).range(1..))]
    checkpoint_every: u64,
    /// Full states that stay on disk: the newest ones, and the one after the best epoch [default: 3,
    /// or as many as a run that goes on has].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    checkpoint_keep: Option<u32>,
    /// What makes an epoch the best one, on the held-out images.
    #[arg(long, value_name = "METRIC", default_value = "accuracy")]
    checkpoint_best: BestArg,
    /// Record statistics of the layers now and then: gradients, updates, silent ReLUs, histograms of
    /// the weights (with --out or --resume).
    #[arg(long)]
    layer_stats: bool,
    /// What to do when the loss of a batch cannot be trusted: `stop` ends the run when it is no
    /// longer a number; `back` goes back to a recent full state and divides the learning rate by
    /// ten, `skip` leaves the batch out, both also when the loss suddenly is far above what it was.
    #[arg(long, value_name = "WHAT", default_value = "stop")]
    on_divergence: OnDivergenceArg,
    /// Run one operation a layer, without the fused ones: slower, for comparison.
    #[arg(long)]
    no_fuse: bool,
    #[command(flatten)]
    recipe: Recipe,
    #[command(flatten)]
    source: Source,
    /// Print one JSON line for each epoch and one for the result.
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "Ctrl-C ends the run after the current batch, measures and saves it as \
    if it were complete, and exits with code 130; a second Ctrl-C exits at once.";

/// [`BestBy`], or none.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum BestArg {
    Accuracy,
    Loss,
    None,
}

/// [`OnDivergence`] where nobody can be asked.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum OnDivergenceArg {
    Stop,
    Back,
    Skip,
}

impl From<OnDivergenceArg> for OnDivergence {
    fn from(arg: OnDivergenceArg) -> OnDivergence {
        match arg {
            OnDivergenceArg::Stop => OnDivergence::Stop,
            OnDivergenceArg::Back => OnDivergence::Back,
            OnDivergenceArg::Skip => OnDivergence::Skip,
        }
    }
}

pub(super) fn presets() -> ValueParser {
    PossibleValuesParser::new(PRESETS.iter().map(|p| p.name))
        .try_map(|name| preset(&name).ok_or("no such preset"))
        .into()
}

pub(super) fn optimizers() -> ValueParser {
    PossibleValuesParser::new(Optimizer::ALL.map(|o| o.name()))
        .try_map(|name| {
            Optimizer::ALL
                .into_iter()
                .find(|o| o.name() == name)
                .ok_or("no such optimizer")
        })
        .into()
}

/// The result, for programs.
#[derive(Serialize)]
struct ResultLine<'a> {
    event: &'static str,
    /// `completed`, `early_stopped`, `stopped` or `diverged`.
    status: &'static str,
    preset: &'a str,
    parameters: u64,
    epochs: f64,
    test_accuracy: Option<f64>,
    test_loss: Option<f64>,
    val_accuracy: Option<f64>,
    val_loss: Option<f64>,
    train_seconds: f64,
    /// Training only, without evaluation.
    epoch_seconds: &'a [f64],
    images_per_second: f64,
    threads: usize,
    seed: u64,
    /// The model file, if it was written.
    saved: Option<&'a Path>,
    /// The run folder, if it is complete.
    run: Option<&'a Path>,
}

impl Args {
    fn config(&self, dataset: &Dataset, workspace: Option<&Path>) -> anyhow::Result<TrainConfig> {
        let usual = TrainConfig::new(
            self.preset,
            dataset.image_shape(),
            dataset.n_classes(),
            dataset.train.len(),
        );
        self.changed(self.source.base(usual, workspace)?)
    }

    /// `config` with everything that was typed.
    pub(super) fn changed(&self, mut config: TrainConfig) -> anyhow::Result<TrainConfig> {
        // A recipe may have numbers of its own for the optimiser it uses.
        let other = |o: &Optimizer| o.name() != config.optimizer.name();
        if let Some(optimizer) = self.optimizer.filter(other) {
            config.optimizer = optimizer;
            config.learning_rate = optimizer.usual_learning_rate();
        }
        config.learning_rate = self.lr.unwrap_or(config.learning_rate);
        config.seed = self.seed.unwrap_or(config.seed);
        config.epochs = self.epochs.unwrap_or(config.epochs);
        config.batch_size = self.batch_size.unwrap_or(config.batch_size);
        config.n_validation = self.val.unwrap_or(config.n_validation);
        self.recipe.apply(&mut config);
        self.source.with_sets(config)
    }

    /// A run from its beginning.
    fn fresh(&self, workspace: Option<&Path>) -> anyhow::Result<Start> {
        let dataset = Arc::new(open_data(self.data.as_deref())?);
        let job = self.job(self.config(&dataset, workspace)?, dataset)?;
        let recorder = self.keeping.recorder(&job, None, workspace)?;
        Ok(Start {
            job,
            folder: recorder.as_ref().map(|r| r.path().to_owned()),
            recorder,
            checkpoint: None,
            history: Vec::new(),
        })
    }

    /// What stays on disk of the run in the folder `run`.
    fn checkpoint_policy(&self, run: Option<&Path>) -> CheckpointPolicy {
        // Somebody may have asked for more before.
        let kept = run.and_then(|run| RunFolder::open(run).ok()?.checkpoint_steps().ok());
        let n_kept = kept.map_or(0, |steps| steps.len());
        CheckpointPolicy {
            keep_last: self.checkpoint_keep.map_or(n_kept.max(3), |n| n as usize),
            keep_spread: 0,
            keep_best: match self.checkpoint_best {
                BestArg::Accuracy => Some(BestBy::Accuracy),
                BestArg::Loss => Some(BestBy::Loss),
                BestArg::None => None,
            },
        }
    }

    pub(super) fn job(&self, config: TrainConfig, dataset: Arc<Dataset>) -> anyhow::Result<Job> {
        let job = Job::new(config, dataset).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            UsageError(errors.join("; "))
        })?;
        let job = job
            .with_checkpoints(self.checkpoint_every)
            .on_divergence(self.on_divergence.into());
        Ok(if self.no_fuse { job.unfused() } else { job })
    }
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    if let Some(threads) = args.threads {
        kernels::set_threads(threads.into());
    }
    if args.source.print_config {
        let config = args.config(&open_data(args.data.as_deref())?, workspace)?;
        out::print(settings::commented(&config)?.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &args.save {
        // Better now than after hours of training.
        files::check_writable(file)?;
    }
    if args.extend.is_some() && args.resume.is_none() {
        anyhow::bail!(UsageError(
            "--extend needs the run to extend: --resume RUN".to_owned()
        ));
    }
    let start = match (&args.resume, &args.branch) {
        (Some(run), _) => args.resumed(&run_folder(run, workspace)?)?,
        (None, Some(origin)) => args.branched(origin, workspace)?,
        (None, None) => args.fresh(workspace)?,
    };
    let control = Arc::new(Control::default());
    control.watch_layers(args.layer_stats);
    stop_on_ctrl_c(control.clone());
    let is_kept = start.folder.is_some() || args.save.is_some();
    let recorder = start
        .recorder
        .map(|r| r.keeping(args.checkpoint_policy(start.folder.as_deref())));
    let mut progress = Progress::new(&control, args.json, is_kept, recorder);
    progress.expect(&start.job);
    start
        .history
        .iter()
        .for_each(|event| progress.record(event));
    let outcome = run_guarded(&start.job, start.checkpoint, &control, &mut progress);
    match outcome {
        Some(outcome) => end(args, start.folder.as_deref(), &start.job, outcome, progress),
        None => anyhow::bail!(progress.failure.unwrap_or_default()),
    }
}

/// The first Ctrl-C asks the run to end, the second one does not ask.
fn stop_on_ctrl_c(control: Arc<Control>) {
    let installed = ctrlc::set_handler(move || {
        if control.is_stopped() {
            std::process::exit(INTERRUPTED.into());
        }
        out::say("stopping after this batch; Ctrl-C again to exit at once");
        control.stop();
    });
    if let Err(error) = installed {
        out::say(&format!(
            "warning: Ctrl-C will end the run without saving it: {error}"
        ));
    }
}

/// Exit code of shells for a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Keeps and reports what the run left behind.
fn end(
    args: &Args,
    folder: Option<&Path>,
    job: &Job,
    outcome: Outcome,
    mut progress: Progress<'_>,
) -> anyhow::Result<ExitCode> {
    let summary = Summary::new(&outcome);
    let Outcome {
        network,
        config,
        finish,
        test,
        ..
    } = outcome;
    let model = Classifier {
        network,
        classes: job.dataset().classes.clone(),
        provenance: job.provenance(&config, summary.epochs, test.map(|t| t.accuracy)),
    };
    let recorded = progress.recorder.take().map(|r| r.finish(&summary, &model));
    let is_recorded = matches!(recorded, Some(Ok(())));
    let saved = args
        .save
        .as_deref()
        .map(|file| save(&model, file, is_recorded));
    let kept = Kept {
        saved: args
            .save
            .as_deref()
            .filter(|_| matches!(saved, Some(Ok(())))),
        run: folder.filter(|_| is_recorded),
    };
    if args.json {
        progress.print_json(&result_line(&summary, &config, &model, &kept)?);
    } else {
        print_result(&mut progress, &summary, &kept);
    }
    // Every error is told; the last of them decides how the program ends.
    if let Some(Err(error)) = recorded {
        out::say(&format!("error: {error}"));
        saved.transpose()?;
        return Ok(ExitCode::FAILURE);
    }
    saved.transpose()?;
    match finish {
        Finish::Diverged { step } => {
            let words = progress.trouble.as_ref().map(describe);
            let words = words.unwrap_or(format!("the loss of update {step} cannot be trusted"));
            anyhow::bail!(
                "{words}: the last finite weights were kept, try a lower learning rate or --on-divergence back"
            )
        }
        Finish::Failed { message } => anyhow::bail!(message),
        Finish::Stopped if progress.deaf.is_none() => Ok(ExitCode::from(INTERRUPTED)),
        Finish::Stopped | Finish::Completed | Finish::EarlyStopped => {
            progress.deaf.map_or(Ok(ExitCode::SUCCESS), Err)
        }
    }
}

/// Where the run is now.
struct Kept<'a> {
    saved: Option<&'a Path>,
    run: Option<&'a Path>,
}

/// Saves the model where it should be or, rather than lose it, among the temporary files.
fn save(model: &Classifier, file: &Path, is_recorded: bool) -> anyhow::Result<()> {
    let Err(error) = model.save(file) else {
        return Ok(());
    };
    let rescue =
        std::env::temp_dir().join(format!("candle-studio-{}.safetensors", std::process::id()));
    if !is_recorded && model.save(&rescue).is_ok() {
        anyhow::bail!(
            "{error:#}; the model was saved to {} instead",
            rescue.display()
        );
    }
    Err(error)
}

fn result_line<'a>(
    summary: &'a Summary,
    config: &'a TrainConfig,
    model: &Classifier,
    kept: &Kept<'a>,
) -> anyhow::Result<ResultLine<'a>> {
    Ok(ResultLine {
        event: "finished",
        status: status(&summary.finish),
        preset: &config.preset,
        parameters: model.network.spec().report()?.n_parameters(),
        epochs: summary.epochs,
        test_accuracy: summary.test.map(|t| t.accuracy),
        test_loss: summary.test.map(|t| t.loss),
        val_accuracy: summary.validation.map(|v| v.accuracy),
        val_loss: summary.validation.map(|v| v.loss),
        train_seconds: summary.train_secs,
        epoch_seconds: &summary.epoch_secs,
        images_per_second: speed(summary),
        threads: kernels::threads(),
        seed: config.seed,
        saved: kept.saved,
        run: kept.run,
    })
}

fn print_result(progress: &mut Progress<'_>, summary: &Summary, kept: &Kept<'_>) {
    if let Some(test) = &summary.test {
        progress.print(&format!("test {}", metrics(test)));
    }
    progress.print(&format!(
        "{} after {} epochs: {:.1} s of training, {:.0} images a second on {} threads",
        status(&summary.finish),
        (summary.epochs * 100.0).round() / 100.0,
        summary.train_secs,
        speed(summary),
        kernels::threads(),
    ));
    if let Some(file) = kept.saved {
        progress.print(&format!("model saved to {}", file.display()));
    }
    if let Some(dir) = kept.run {
        progress.print(&format!("run recorded in {}", dir.display()));
    }
}

fn status(finish: &Finish) -> &'static str {
    match finish {
        Finish::Completed => "completed",
        Finish::EarlyStopped => "early_stopped",
        Finish::Stopped => "stopped",
        Finish::Diverged { .. } => "diverged",
        Finish::Failed { .. } => "failed",
    }
}

/// Training images a second, over the whole run.
fn speed(summary: &Summary) -> f64 {
    if summary.train_secs > 0.0 {
        summary.images as f64 / summary.train_secs
    } else {
        0.0
    }
}
