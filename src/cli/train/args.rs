//! The arguments of `candle-studio train`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};

use crate::cli::hyperparameter_args::Recipe;
#[cfg(feature = "mlflow")]
use crate::cli::mlflow::MlflowArgs;
use crate::cli::record_args::Keeping;
use crate::cli::settings::{Source, flag_help};
use crate::model::{PRESETS, Preset, preset};
use crate::train::{OnDivergence, Optimizer, Setting};

/// The arguments of `train`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Network to train.
    #[arg(long, value_name = "NAME", default_value = "keras-cnn", value_parser = presets())]
    pub(super) preset: &'static Preset,
    /// The dataset: a folder or file, or a name, see `candle-studio data` [default: MNIST].
    #[arg(long, value_name = "DATA")]
    pub(super) data: Option<PathBuf>,
    #[arg(long, value_name = "N", help = flag_help(Setting::Epochs, "the preset's, mostly 5"))]
    pub(super) epochs: Option<usize>,
    #[arg(long, value_name = "N", help = flag_help(Setting::BatchSize, "the preset's, mostly 32"))]
    pub(super) batch_size: Option<usize>,
    #[arg(long, value_name = "X", allow_negative_numbers = true,
        help = flag_help(Setting::LearningRate,
            "the preset's, or --optimizer's: 0.05 for sgd, 0.0003 for lion, else 0.001"))]
    pub(super) lr: Option<f64>,
    #[arg(long, value_name = "NAME", value_parser = optimizers(),
        help = flag_help(Setting::Optimizer, "the preset's, mostly adam"))]
    pub(super) optimizer: Option<Optimizer>,
    // TOML, which stores it, only has signed numbers.
    #[arg(long, value_name = "N", allow_negative_numbers = true,
        help = flag_help(Setting::Seed, "1"),
        value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(super) seed: Option<u64>,
    #[cfg(feature = "mlflow")]
    #[command(flatten)]
    pub(super) mlflow: MlflowArgs,
    /// Number of threads; changes the speed, not the result [default: all processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    #[arg(long, value_name = "N",
        help = flag_help(Setting::Validation, "5000, or one in twelve of a smaller dataset"))]
    pub(super) val: Option<usize>,
    /// Fine-tune: start from the weights of a model file, or of a run's final model. Its layers are
    /// used; if the classes differ, the last one keeps the rows of those that both know by name.
    #[arg(long, value_name = "MODEL|RUN", conflicts_with_all = ["preset", "config"])]
    pub(super) from: Option<PathBuf>,
    /// Keep the weights of these layers as they are: a name such as conv1, a number counted from 1,
    /// a name with * for any text, `body` for all but the last layer with weights, or `head` for
    /// that; can be repeated. A frozen batch norm keeps its running estimates.
    #[arg(long, value_name = "LAYERS")]
    pub(super) freeze: Vec<String>,
    /// Multiply the learning rate of these layers, named as for --freeze: body=0.1; can be repeated.
    #[arg(long, value_name = "LAYERS=X")]
    pub(super) lr_scale: Vec<String>,
    #[command(flatten)]
    pub(super) keeping: Keeping,
    /// Save the model to this file.
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
    /// Resume the interrupted or stopped run in this folder, or with this id in the workspace, up
    /// to its planned end; needs no other option.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "no_record", "name", "config",
        "set", "print_config", "preset", "epochs", "batch_size", "lr", "optimizer", "seed", "val",
        "schedule", "balanced", "sketch_share", "weight_decay", "label_smoothing", "augment", "ema_decay", "patience",
        "from", "freeze", "lr_scale", "noise_multiplier", "max_grad_norm", "delta"])]
    pub(super) resume: Option<PathBuf>,
    /// Train the run of --resume for N epochs more than planned, even if it is completed.
    #[arg(long, value_name = "N")]
    pub(super) extend: Option<std::num::NonZeroUsize>,
    /// Start from the exact state of another run, with the settings in the other options: the run's
    /// folder, or its id or name in the workspace, and the number of an update with a checkpoint,
    /// or `best`. Network, seed and validation images stay.
    #[arg(long, value_name = "RUN@STEP",
        conflicts_with_all = ["resume", "config", "preset", "seed", "val", "print_config", "from"])]
    pub(super) branch: Option<String>,
    /// Updates between checkpoints to resume from, which are also made every 30 seconds
    /// [default: 2000]. This option and the next five
    /// are stored with the run: --resume and --branch keep them unless given here.
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) checkpoint_every: Option<u64>,
    /// Number of checkpoints to keep: the newest, besides that of the best epoch [default: 3].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) checkpoint_keep: Option<u32>,
    /// Validation metric that decides the best epoch [default: accuracy].
    #[arg(long, value_name = "METRIC")]
    pub(super) checkpoint_best: Option<BestArg>,
    /// Record layer statistics at intervals: gradient norms, update ratios, dead ReLUs, weight
    /// histograms.
    #[arg(long)]
    pub(super) layer_stats: bool,
    /// What to do if the loss becomes NaN, infinite or suddenly large: `stop` ends the run (only if
    /// NaN or infinite), `rollback` returns to a recent state and divides the learning rate by ten,
    /// `skip` skips the batch [default: stop].
    #[arg(long, value_name = "WHAT")]
    pub(super) on_divergence: Option<OnDivergenceArg>,
    /// Run one operation per layer instead of fused ones: slower, for comparison.
    #[arg(long)]
    pub(super) no_fuse: bool,
    #[command(flatten)]
    pub(super) recipe: Recipe,
    #[command(flatten)]
    pub(super) source: Source,
    /// Print one JSON line for each epoch and one for the result.
    #[arg(long)]
    pub(super) json: bool,
}

const AFTER_HELP: &str = "Ctrl-C, SIGTERM or SIGHUP ends the run after the current batch, evaluates \
    and saves the model as usual (with --patience, that of the best epoch), and exits with code 130; \
    a second one exits at once.";

/// [`BestBy`](crate::runs::BestBy), or none.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum BestArg {
    Accuracy,
    Loss,
    None,
}

/// [`OnDivergence`] without a user to ask.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum OnDivergenceArg {
    Stop,
    #[value(alias = "back")]
    Rollback,
    Skip,
}

impl From<OnDivergenceArg> for OnDivergence {
    fn from(arg: OnDivergenceArg) -> OnDivergence {
        match arg {
            OnDivergenceArg::Stop => OnDivergence::Stop,
            OnDivergenceArg::Rollback => OnDivergence::Rollback,
            OnDivergenceArg::Skip => OnDivergence::Skip,
        }
    }
}

pub(in crate::cli) fn presets() -> ValueParser {
    PossibleValuesParser::new(PRESETS.iter().map(|p| p.name))
        .try_map(|name| preset(&name).ok_or("no such preset"))
        .into()
}

pub(in crate::cli) fn optimizers() -> ValueParser {
    PossibleValuesParser::new(Optimizer::ALL.map(|o| o.name()))
        .try_map(|name| {
            Optimizer::ALL
                .into_iter()
                .find(|o| o.name() == name)
                .ok_or("no such optimizer")
        })
        .into()
}
