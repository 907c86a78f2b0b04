//! The options of `candle-studio train`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};

use crate::cli::hyperparameter_args::Recipe;
use crate::cli::record_args::Keeping;
use crate::cli::settings::Source;
use crate::model::{PRESETS, Preset, preset};
use crate::train::{OnDivergence, Optimizer};

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Network to train.
    #[arg(long, value_name = "NAME", default_value = "keras-cnn", value_parser = presets())]
    pub(super) preset: &'static Preset,
    /// Folder with four IDX files, named as MNIST's, gzipped or not [default: MNIST].
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) data: Option<PathBuf>,
    /// Passes over the training images [default: the preset's, mostly 5].
    #[arg(long, value_name = "N")]
    pub(super) epochs: Option<usize>,
    /// Images an update [default: the preset's, mostly 32].
    #[arg(long, value_name = "N")]
    pub(super) batch_size: Option<usize>,
    /// Learning rate [default: the preset's, or what suits --optimizer: 0.001, and 0.05 for sgd].
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(super) lr: Option<f64>,
    /// Rule that turns gradients into new weights [default: the preset's, mostly adam].
    #[arg(long, value_name = "NAME", value_parser = optimizers())]
    pub(super) optimizer: Option<Optimizer>,
    /// Decides first weights, split, order, dropout and augmentation: the same seed gives the same
    /// weights, bit for bit [default: 1].
    // TOML, which keeps it, has signed numbers only.
    #[arg(long, value_name = "N", allow_negative_numbers = true,
        value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(super) seed: Option<u64>,
    /// Threads to compute with; they change the speed, not the result [default: all processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// Training images held out for validation; 0 trains on all [default: 5000, or one in twelve
    /// of a smaller set].
    #[arg(long, value_name = "N")]
    pub(super) val: Option<usize>,
    #[command(flatten)]
    pub(in crate::cli) keeping: Keeping,
    /// File to save the model to.
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
    /// Go on with the interrupted or stopped run in this folder, or of this id in the workspace, to
    /// where it would have ended; nothing else is needed.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "no_record", "name", "config",
        "set", "print_config", "preset", "epochs", "batch_size", "lr", "optimizer", "seed", "val",
        "schedule", "weight_decay", "label_smoothing", "augment", "ema_decay", "patience"])]
    pub(super) resume: Option<PathBuf>,
    /// Train the run of --resume for so many epochs more than it was to have, also when it is
    /// complete.
    #[arg(long, value_name = "N")]
    pub(in crate::cli) extend: Option<std::num::NonZeroUsize>,
    /// Start from the full state of another run, exactly, with whatever else is typed here changed:
    /// the run's folder, or its id or name in the workspace, and the number of an update that its
    /// checkpoints hold, or `best`. Network, seed and held-out images stay.
    #[arg(long, value_name = "RUN@STEP",
        conflicts_with_all = ["resume", "config", "preset", "seed", "val", "print_config"])]
    pub(super) branch: Option<String>,
    /// Keep the full state of the run every so many updates, to go on from after an interruption
    /// [default: 2000]. This option and the five after it belong to the run: --resume and --branch
    /// go on with what it began with, where nothing else is typed.
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) checkpoint_every: Option<u64>,
    /// Full states that stay on disk: the newest ones, and the one after the best epoch [default:
    /// 3].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) checkpoint_keep: Option<u32>,
    /// What makes an epoch the best one, on the held-out images [default: accuracy].
    #[arg(long, value_name = "METRIC")]
    pub(super) checkpoint_best: Option<BestArg>,
    /// Record statistics of the layers now and then: gradients, updates, silent ReLUs, histograms of
    /// the weights.
    #[arg(long)]
    pub(super) layer_stats: bool,
    /// What to do when the loss of a batch cannot be trusted: `stop` ends the run when it is no
    /// longer a number; `back` goes back to a recent full state and divides the learning rate by
    /// ten, `skip` leaves the batch out, both also when the loss suddenly is far above what it was
    /// [default: stop].
    #[arg(long, value_name = "WHAT")]
    pub(super) on_divergence: Option<OnDivergenceArg>,
    /// Run one operation a layer, without the fused ones: slower, for comparison.
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

const AFTER_HELP: &str = "Ctrl-C, SIGTERM or SIGHUP ends the run after the current batch, measures and saves it as \
    if it were complete, and exits with code 130; a second one exits at once.";

/// [`BestBy`](crate::runs::BestBy), or none.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum BestArg {
    Accuracy,
    Loss,
    None,
}

/// [`OnDivergence`] where nobody can be asked.
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
