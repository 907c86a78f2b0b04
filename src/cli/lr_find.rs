//! `candle-studio lr-find`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::open_data::{add_sketches, open_data};
use super::settings::{Source, flag_help};
use super::{UsageError, out, train};
use crate::kernels;
use crate::model::Preset;
use crate::text::count;
use crate::train::{
    Control, FieldError, Job, LrCurve, LrSearch, LrSuggestions, Optimizer, Setting, TrainConfig,
    find_lr,
};

/// The arguments of `lr-find`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Network to find a learning rate for.
    #[arg(long, value_name = "NAME", default_value = "keras-cnn", value_parser = train::presets())]
    preset: &'static Preset,
    /// The dataset: a folder or file, or a name, see `candle-studio data` [default: MNIST].
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    #[arg(long, value_name = "N", help = flag_help(Setting::BatchSize, "the preset's, mostly 32"))]
    batch_size: Option<usize>,
    #[arg(long, value_name = "NAME", value_parser = train::optimizers(),
        help = flag_help(Setting::Optimizer, "the preset's, mostly adam"))]
    optimizer: Option<Optimizer>,
    /// First learning rate.
    #[arg(long, value_name = "X", default_value_t = LrSearch::default().from)]
    from: f64,
    /// Last learning rate; the search ends earlier if the loss explodes.
    #[arg(long, value_name = "X", default_value_t = LrSearch::default().to)]
    to: f64,
    /// Number of batches: more give a smoother curve and take longer. From 201 on, the learning rates
    /// are passed several times, and the losses averaged.
    #[arg(long, value_name = "N", default_value_t = LrSearch::default().steps)]
    steps: usize,
    /// Number of threads [default: all processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    source: Source,
    /// Print the whole curve and the suggestions as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    if let Some(threads) = args.threads {
        kernels::set_threads(threads.into());
    }
    let search = LrSearch {
        from: args.from,
        to: args.to,
        steps: args.steps,
    };
    if let Some(problem) = search.problem() {
        anyhow::bail!(UsageError(problem));
    }
    let job = args.job(workspace)?;
    let curve = find_lr(&job, &search, &Control::default())?;
    if args.json {
        out::print(&out::json_line(&curve)?)?;
    } else {
        print(&curve)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn job(&self, workspace: Option<&Path>) -> anyhow::Result<Job> {
        let dataset = Arc::new(open_data(self.data.as_deref(), workspace)?);
        let default = TrainConfig::new(
            self.preset,
            dataset.image_shape(),
            dataset.n_classes(),
            dataset.train.len(),
        );
        let mut config = self.source.base(default, workspace)?;
        config.optimizer = self.optimizer.unwrap_or(config.optimizer);
        config.batch_size = self.batch_size.unwrap_or(config.batch_size);
        let config = self.source.with_sets(config)?;
        if config.sketch_share > 0.0 {
            add_sketches(&dataset, workspace);
        }
        let job =
            Job::new(config, dataset).map_err(|errors| UsageError(FieldError::joined(&errors)))?;
        Ok(job)
    }
}

fn print(curve: &LrCurve) -> anyhow::Result<()> {
    let found = &curve.suggestions;
    if *found == LrSuggestions::default() {
        out::print("the loss did not fall: the curve shows no usable learning rate")?;
    }
    for (name, rate) in [
        ("steepest descent", found.steepest),
        ("valley", found.valley),
        ("minimum / 10", found.minimum_tenth),
    ] {
        let rate = rate.map_or_else(|| "not found".to_owned(), |r| format!("{r:.2e}"));
        out::print(&format!("{name:<18}{rate}"))?;
    }
    if let Some(last) = curve.points.last() {
        out::print(&format!(
            "{}, up to a learning rate of {:.2e}; the weights were discarded",
            count(curve.n_batches, "batch"),
            last.rate
        ))?;
    }
    Ok(())
}
