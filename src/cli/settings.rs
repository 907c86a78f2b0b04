//! From what was typed to a configuration, and back to a file a person can edit.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::UsageError;
use super::resolve_run::run_folder;
use crate::files;
use crate::runs::RunFolder;
use crate::train::{TrainConfig, parse_value};

/// Where a configuration comes from besides its own flags.
#[derive(Debug, clap::Args)]
pub struct Source {
    /// File with a whole configuration, as --print-config writes it, or a run whose settings are
    /// taken: its folder, or its id or name in the workspace. Flags change it.
    #[arg(long, value_name = "FILE|RUN")]
    config: Option<PathBuf>,
    /// Changes one key of the configuration, after all flags: optimizer.beta1=0.8, for instance.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Prints the whole configuration, with a comment for each key, and trains nothing.
    #[arg(long)]
    pub(super) print_config: bool,
}

impl Source {
    /// The configuration of the file or run, or `usual`.
    pub(super) fn base(
        &self,
        usual: TrainConfig,
        workspace: Option<&Path>,
    ) -> anyhow::Result<TrainConfig> {
        let config = self.config.as_deref();
        config.map_or(Ok(usual), |file| read(file, workspace))
    }

    /// `config` with every `--set` applied.
    pub(super) fn with_sets(&self, config: TrainConfig) -> anyhow::Result<TrainConfig> {
        if self.set.is_empty() {
            return Ok(config);
        }
        let mut keys = Vec::new();
        for set in &self.set {
            let (key, text) = set
                .split_once('=')
                .ok_or_else(|| UsageError(format!("--set wants KEY=VALUE, found `{set}`")))?;
            keys.push((key.trim(), parse_value(text.trim())));
        }
        let config = config.with_keys(keys);
        Ok(
            config
                .map_err(|e| UsageError(format!("--set: {}", files::one_line(&e.to_string()))))?,
        )
    }
}

/// The configuration in `file`, or of the run that `file` is or names.
pub(super) fn read(file: &Path, workspace: Option<&Path>) -> anyhow::Result<TrainConfig> {
    // What looks like a file is one: its reader says what is wrong with it.
    if !file.is_file() && file.extension().is_none_or(|e| e != "toml") {
        let folder = RunFolder::open(&run_folder(file, workspace)?)?;
        return Ok(folder.manifest().config.clone());
    }
    let text =
        files::read_text(file).with_context(|| format!("could not read {}", file.display()))?;
    toml::from_str(&text).map_err(|e| wrong_file(file, &text, &e).into())
}

/// The line and what is wrong with it.
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

/// One comment a key, in the words of the window.
const COMMENTS: &[(&str, &str)] = &[
    (
        "preset",
        "name of the preset the network came from; only a label",
    ),
    (
        "seed",
        "decides first weights, split, order, dropout and augmentation",
    ),
    ("epochs", "passes over the training images"),
    ("batch_size", "images an update"),
    (
        "n_validation",
        "training images held out to watch the run; 0 trains on all",
    ),
    (
        "learning_rate",
        "step size of the optimizer, at the highest point of the schedule",
    ),
    (
        "warmup_epochs",
        "epochs over which the learning rate rises from 0",
    ),
    ("weight_decay", "pull of all weights toward zero"),
    ("l1", "penalty on the sum of the weights' sizes; 0 for none"),
    (
        "init",
        "how weights start: glorot_uniform | glorot_normal | he_uniform | he_normal | lecun_uniform | lecun_normal | zeros",
    ),
    (
        "[clip]",
        "a limit on the gradient of an update: none | norm {max} | value {max}",
    ),
    (
        "[loss]",
        "what is made small: cross_entropy {label_smoothing} | squared_error",
    ),
    (
        "[schedule]",
        "constant | step {every, factor} | exponential {factor} | cosine {floor} | one_cycle {rise, start, end, dip} | plateau {patience, factor, floor}",
    ),
    (
        "ema_decay",
        "memory of the moving average of the weights, which is measured and kept then; 0 for none, 0.999 is usual",
    ),
    (
        "[early_stopping]",
        "ends a run that no longer gets better, with the weights of its best epoch",
    ),
    (
        "patience",
        "epochs without improvement that end the run; 0 lets it run",
    ),
    ("min_delta", "what counts as improvement"),
    (
        "metric",
        "what is watched on the held-out images: loss | accuracy",
    ),
    (
        "[augment]",
        "how training images are changed each time they are shown; 0 leaves a kind out",
    ),
    ("shift", "pixels, in all directions"),
    ("rotation", "degrees"),
    ("scale", "share of growing or shrinking"),
    ("shear", "degrees of slanting"),
    (
        "elastic",
        "typical pixels by which parts are moved smoothly",
    ),
    ("erasing", "largest share of the area lost to a rectangle"),
    ("noise", "standard deviation on each pixel, of white's 1"),
    ("brightness", "share of brighter or darker"),
    (
        "[optimizer]",
        "adam {beta1, beta2, epsilon} | adamw {beta1, beta2, epsilon} | sgd {momentum, nesterov, decoupled} | rmsprop {alpha, momentum, epsilon, decoupled}",
    ),
    (
        "[model]",
        "the network: image size, classes, and layers from images to logits",
    ),
    ("input", "channels, height and width of an image"),
    ("classes", "number of classes"),
];

/// The configuration as a file, with a comment for each key.
pub(super) fn commented(config: &TrainConfig) -> anyhow::Result<String> {
    let text = toml::to_string(config)?;
    let mut out = String::from(
        "# A configuration of Candle Studio: candle-studio train --config THIS_FILE\n",
    );
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
    fn wrong_sets_are_told() {
        for (set, words) in [
            ("epochs", "KEY=VALUE"),
            ("epoch=3", "no key `epoch`"),
            ("optimizer.momentum=3", "no key `optimizer.momentum`"),
            ("epochs=many", "does not fit"),
        ] {
            let message = with_set(&[set]).unwrap_err().to_string();
            assert!(message.contains(words), "{set}: {message}");
        }
    }
}
