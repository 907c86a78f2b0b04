//! `candle-studio train`.

mod args;
mod end;
mod options;
mod origin;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;

use super::interrupt::stop_training;
use super::open_data::open_data;
use super::progress::Progress;
use super::resolve_run::{model_file, run_folder};
use super::{UsageError, open_model, out, settings};
use crate::data::Dataset;
use crate::import::NetworkHint;
use crate::train::{Checkpoint, Control, Job, Observer as _, Optimizer, TrainConfig, run_guarded};
use crate::{files, kernels};
pub use args::Args;
pub(super) use args::{optimizers, presets};
use end::end;
use options::Options;
use origin::{Start, job};

impl Args {
    fn config(&self, dataset: &Dataset, workspace: Option<&Path>) -> anyhow::Result<TrainConfig> {
        let default = match &self.from {
            Some(model) => fine_tuning(model, dataset, workspace)?,
            None => TrainConfig::new(
                self.preset,
                dataset.image_shape(),
                dataset.n_classes(),
                dataset.train.len(),
            ),
        };
        self.changed(self.source.base(default, workspace)?)
    }

    /// Returns `config` with the arguments applied.
    fn changed(&self, mut config: TrainConfig) -> anyhow::Result<TrainConfig> {
        // The preset's recipe may bring its own values for the optimizer it uses.
        let other = |o: &Optimizer| o.name() != config.optimizer.name();
        if let Some(optimizer) = self.optimizer.filter(other) {
            config.optimizer = optimizer;
            config.learning_rate = optimizer.default_learning_rate();
        }
        config.learning_rate = self.lr.unwrap_or(config.learning_rate);
        config.seed = self.seed.unwrap_or(config.seed);
        config.epochs = self.epochs.unwrap_or(config.epochs);
        config.batch_size = self.batch_size.unwrap_or(config.batch_size);
        config.n_validation = self.val.unwrap_or(config.n_validation);
        if !self.freeze.is_empty() {
            config.freeze.clone_from(&self.freeze);
        }
        for text in &self.lr_scale {
            let (layers, factor) = lr_scale(text)?;
            config.lr_scale.insert(layers, factor);
        }
        self.recipe.apply(&mut config);
        self.source.with_sets(config)
    }

    /// Starts a new run.
    fn fresh(&self, workspace: Option<&Path>) -> anyhow::Result<Start> {
        let dataset = Arc::new(open_data(self.data.as_deref(), workspace)?);
        let options = self.options(Options::default());
        let config = self.config(&dataset, workspace)?;
        let job = job(config, dataset, options, workspace)?;
        let recorder = self
            .keeping
            .recorder(&job, None, options.policy, workspace)?;
        Ok(Start {
            job,
            folder: recorder.as_ref().map(|r| r.path().to_owned()),
            recorder,
            checkpoint: None,
            history: Vec::new(),
        })
    }
}

/// The settings to fine-tune a model, or the final model of a run.
pub(super) fn fine_tuning(
    model: &Path,
    dataset: &Dataset,
    workspace: Option<&Path>,
) -> anyhow::Result<TrainConfig> {
    let path = model_file(model, workspace)?;
    let source = open_model::open(&path, &NetworkHint::None, open_model::CONVERT)?;
    let config = TrainConfig::fine_tuning(&source, &path, dataset);
    config.with_context(|| format!("cannot fine-tune {} on {}", path.display(), dataset.name))
}

/// Parses `LAYERS=FACTOR`.
fn lr_scale(text: &str) -> anyhow::Result<(String, f64)> {
    let parsed = text
        .split_once('=')
        .and_then(|(layers, factor)| Some((layers.to_owned(), factor.trim().parse().ok()?)));
    parsed.ok_or_else(|| {
        let text = format!("--lr-scale expects LAYERS=FACTOR, such as body=0.1, found `{text}`");
        UsageError(text).into()
    })
}

/// What a private run promises, with what was spent before `checkpoint`.
fn promise(job: &Job, checkpoint: Option<&Checkpoint>) -> Option<String> {
    let config = job.config();
    let from = checkpoint.map(|checkpoint| &checkpoint.cursor);
    let epsilon = config.planned_epsilon(job.split().train.len(), from)?;
    config.privacy_promise(epsilon)
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    if let Some(threads) = args.threads {
        kernels::set_threads(threads.into());
    }
    if args.source.print_config {
        let config = args.config(&open_data(args.data.as_deref(), workspace)?, workspace)?;
        out::print(settings::commented(&config)?.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &args.save {
        // Fail now rather than after hours of training.
        files::check_writable(file)?;
    }
    if args.extend.is_some() && args.resume.is_none() {
        anyhow::bail!(UsageError(
            "--extend needs --resume RUN: the run to extend".to_owned()
        ));
    }
    let start = match (&args.resume, &args.branch) {
        (Some(run), _) => args.resumed(&run_folder(run, workspace)?, workspace)?,
        (None, Some(origin)) => args.branched(origin, workspace)?,
        (None, None) => args.fresh(workspace)?,
    };
    let job = &start.job;
    for hint in job.config().hints(job.dataset().train.len()) {
        out::eprint(&format!("warning: {hint}"));
    }
    if let Some(promise) = promise(job, start.checkpoint.as_ref()) {
        out::eprint(&format!("private training: {promise}"));
    }
    let control = Arc::new(Control::default());
    control.watch_layers(start.job.options().layer_stats);
    stop_training(&control, "end the run without saving it");
    let is_kept = start.folder.is_some() || args.save.is_some();
    let mut progress = Progress::new(&control, args.json, is_kept, start.recorder);
    progress.expect(&start.job);
    start
        .history
        .iter()
        .for_each(|event| progress.record(event));
    if let (Some(checkpoint), false) = (&start.checkpoint, start.history.is_empty()) {
        // Save the changed settings now: the next checkpoint may be far away.
        progress.checkpoint(checkpoint.clone());
    }
    let folder = start.folder.as_deref();
    #[cfg(feature = "mlflow")]
    let following = args.mlflow.follow(folder)?;
    let outcome = run_guarded(&start.job, start.checkpoint, &control, &mut progress);
    let result = match outcome {
        Some(outcome) => end(args, folder, &start.job, outcome, progress),
        None => Err(anyhow::anyhow!(progress.failure.unwrap_or_default())),
    };
    #[cfg(feature = "mlflow")]
    if let Some(following) = following {
        following.end();
    }
    result
}
