//! `candle-studio train`.

mod args;
mod end;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::interrupt::Interrupt;
use super::progress::Progress;
use super::settings;
use super::start::Start;
use super::which::run_folder;
use super::{UsageError, open_data, out};
use crate::data::Dataset;
use crate::files;
use crate::kernels;
use crate::runs::{BestBy, CheckpointPolicy, RunFolder};
use crate::train::{Control, FieldError, Job, Optimizer, TrainConfig, run_guarded};
pub use args::Args;
use args::BestArg;
pub(super) use args::{optimizers, presets};
use end::end;

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
        let job =
            Job::new(config, dataset).map_err(|errors| UsageError(FieldError::joined(&errors)))?;
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
    Interrupt {
        control: control.clone(),
        is_stopped: Control::is_stopped,
        stop: Control::stop,
        after: "this batch",
        unheard: "end the run without saving it",
    }
    .listen();
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
