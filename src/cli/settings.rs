//! From arguments to a configuration, and back to a file that can be edited.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::UsageError;
use super::resolve_run::run_folder;
use crate::files;
use crate::runs::RunFolder;
use crate::train::{TrainConfig, parse_value};

/// Where a configuration comes from, besides the flags of single settings.
#[derive(Debug, clap::Args)]
pub struct Source {
    /// Start from a configuration file, as --print-config writes it, or from the settings of a run:
    /// its folder, or its id or name in the workspace. Other flags override it.
    #[arg(long, value_name = "FILE|RUN")]
    config: Option<PathBuf>,
    /// Set one key of the configuration, after all other flags, such as optimizer.beta1=0.8.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print the whole configuration with a comment for each key, and exit.
    #[arg(long)]
    pub(super) print_config: bool,
}

impl Source {
    /// Returns the configuration of the file or run, or `default`.
    pub(super) fn base(
        &self,
        default: TrainConfig,
        workspace: Option<&Path>,
    ) -> anyhow::Result<TrainConfig> {
        let config = self.config.as_deref();
        config.map_or(Ok(default), |file| read(file, workspace))
    }

    /// Returns `config` with every `--set` applied.
    pub(super) fn with_sets(&self, config: TrainConfig) -> anyhow::Result<TrainConfig> {
        if self.set.is_empty() {
            return Ok(config);
        }
        let mut keys = Vec::new();
        for set in &self.set {
            let (key, text) = set
                .split_once('=')
                .ok_or_else(|| UsageError(format!("--set expects KEY=VALUE, found `{set}`")))?;
            keys.push((key.trim(), parse_value(text.trim())));
        }
        let config = config.with_keys(keys);
        Ok(
            config
                .map_err(|e| UsageError(format!("--set: {}", files::one_line(&e.to_string()))))?,
        )
    }
}

/// Reads the configuration in `file`, or of the run that `file` is or names.
pub(super) fn read(file: &Path, workspace: Option<&Path>) -> anyhow::Result<TrainConfig> {
    // Treat what looks like a file as one, so that the error is about that file.
    if !file.is_file() && file.extension().is_none_or(|e| e != "toml") {
        let folder = RunFolder::open(&run_folder(file, workspace)?)?;
        return Ok(folder.manifest().config.clone());
    }
    let text =
        files::read_text(file).with_context(|| format!("could not read {}", file.display()))?;
    toml::from_str(&text).map_err(|e| wrong_file(file, &text, &e).into())
}

/// Makes an error with the line and the problem.
fn wrong_file(file: &Path, text: &str, error: &toml::de::Error) -> UsageError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = 1 + text.as_bytes()[..start]
        .iter()
        .filter(|&&b| b == b'\n')
        .count();
    UsageError(format!(
        "{} is not a configuration: line {line}: {}",
        file.display(),
        files::one_line(error.message())
    ))
}

/// One comment per key, in the window's terms.
const COMMENTS: &[(&str, &str)] = &[
    ("preset", "preset the network came from; only a label"),
    (
        "seed",
        "decides initial weights, split, order, dropout and augmentation",
    ),
    ("epochs", "passes over the training images"),
    ("batch_size", "images per update"),
    (
        "n_validation",
        "training images set aside for validation; 0 trains on all",
    ),
    (
        "learning_rate",
        "peak learning rate; the schedule lowers it",
    ),
    (
        "warmup_epochs",
        "epochs over which the learning rate rises from 0 to its peak",
    ),
    (
        "weight_decay",
        "shrinks all weights toward zero; 0 for none",
    ),
    ("l1", "penalty on the weights' absolute values; 0 for none"),
    (
        "init",
        "weight initialization: glorot_uniform | glorot_normal | he_uniform | he_normal | lecun_uniform | lecun_normal | zeros",
    ),
    (
        "[clip]",
        "gradient clipping: none | norm {max} | value {max}",
    ),
    (
        "[loss]",
        "the loss to minimize: cross_entropy {label_smoothing} | squared_error",
    ),
    (
        "[schedule]",
        "constant | step {every, factor} | exponential {factor} | cosine {floor} | one_cycle {rise, start, end, dip} | plateau {patience, factor, floor}",
    ),
    (
        "ema_decay",
        "decay of the weights' moving average, which is evaluated and saved; 0: none, often 0.999",
    ),
    (
        "[early_stopping]",
        "ends a run that no longer improves, with the weights of its best epoch",
    ),
    (
        "patience",
        "epochs without improvement before the run ends; 0 turns early stopping off",
    ),
    ("min_delta", "smallest change that counts as an improvement"),
    ("metric", "validation metric to watch: loss | accuracy"),
    (
        "[augment]",
        "random changes of the training images in every epoch; 0 turns one off",
    ),
    ("shift", "largest shift in pixels, in any direction"),
    ("rotation", "largest rotation in degrees"),
    ("scale", "largest change of size, as a share"),
    ("shear", "largest shear in degrees"),
    (
        "elastic",
        "typical displacement of the elastic distortion in pixels",
    ),
    ("erasing", "largest share of the area erased by a rectangle"),
    (
        "noise",
        "standard deviation of the noise per pixel; white is 1",
    ),
    ("brightness", "largest change of brightness, as a share"),
    (
        "[optimizer]",
        "adam {beta1, beta2, epsilon} | adamw {beta1, beta2, epsilon} | sgd {momentum, nesterov, decoupled} | rmsprop {alpha, momentum, epsilon, decoupled} | lion {beta1, beta2}: its learning rate 3 to 10 times smaller than adamw's, its weight decay as much larger",
    ),
    (
        "[model]",
        "the network: image shape, number of classes, and layers from images to logits",
    ),
    ("input", "channels, height and width of the images"),
    ("classes", "number of classes"),
];

/// Writes the configuration as TOML, with a comment for each key.
pub(super) fn commented(config: &TrainConfig) -> anyhow::Result<String> {
    let text = toml::to_string(config)?;
    let mut out =
        String::from("# Candle Studio configuration: candle-studio train --config THIS_FILE\n");
    for line in text.lines() {
        let key = line.split(" = ").next().unwrap_or(line).trim();
        match COMMENTS.iter().find(|(k, _)| *k == key) {
            Some((_, comment)) if key.starts_with('[') => writeln!(out, "# {comment}\n{line}")?,
            Some((_, comment)) => writeln!(out, "{line}  # {comment}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PRESETS;

    fn config() -> TrainConfig {
        TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000)
    }

    fn with_set(set: &[&str]) -> anyhow::Result<TrainConfig> {
        let source = Source {
            config: None,
            set: set.iter().map(|s| (*s).to_owned()).collect(),
            print_config: false,
        };
        source.with_sets(config())
    }

    #[test]
    fn a_commented_configuration_reads_back_as_it_was() {
        let text = commented(&config()).unwrap();
        assert_eq!(toml::from_str::<TrainConfig>(&text).unwrap(), config());
        for (key, comment) in COMMENTS {
            assert!(text.contains(comment), "no comment for {key} in:\n{text}");
        }
    }

    #[test]
    fn keys_are_set_by_path() {
        let changed = with_set(&["optimizer.beta1=0.8", "epochs = 7", "init=he_uniform"]).unwrap();
        assert_eq!(changed.epochs, 7);
        assert_eq!(changed.setting(crate::train::Setting::Momentum), 0.8);
        assert_eq!(changed.init, crate::model::Init::HeUniform);
        let sgd = with_set(&["optimizer={kind='sgd', momentum=0.5, nesterov=true}"]).unwrap();
        assert_eq!(sgd.optimizer.name(), "sgd");
        assert_eq!(with_set(&["learning_rate=1"]).unwrap().learning_rate, 1.0);
    }

    #[test]
    fn wrong_sets_are_reported() {
        for (set, words) in [
            ("epochs", "KEY=VALUE"),
            ("epoch=3", "no key `epoch`"),
            ("optimizer.momentum=3", "no key `optimizer.momentum`"),
            ("epochs=many", "invalid value"),
        ] {
            let message = with_set(&[set]).unwrap_err().to_string();
            assert!(message.contains(words), "{set}: {message}");
        }
    }
}
