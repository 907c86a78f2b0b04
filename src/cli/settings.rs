//! From arguments to a configuration, and back to a file that can be edited.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::UsageError;
use super::resolve_run::run_folder;
use crate::files;
use crate::model::Init;
use crate::runs::RunFolder;
use crate::train::{
    Clip, Loss, Optimizer, Privacy, Schedule, Setting, TrainConfig, Watched, parse_value,
};

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
    Ok(parse(file, &text)?)
}

/// Parses a configuration; `file` is named in errors.
pub(super) fn parse(file: &Path, text: &str) -> Result<TrainConfig, UsageError> {
    files::parse_toml(text).map_err(|e| {
        UsageError(format!(
            "{} is not a configuration: {}",
            file.display(),
            files::one_line(&e.to_string())
        ))
    })
}

/// Writes the configuration as TOML, with a comment for each key.
pub(super) fn commented(config: &TrainConfig) -> anyhow::Result<String> {
    let text = toml::to_string(config)?;
    let mut out =
        String::from("# Candle Studio configuration: candle-studio train --config THIS_FILE\n");
    let mut table = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            table = format!("{name}.");
            if let Some(comment) = comment(config, name) {
                writeln!(out, "# {comment}")?;
            }
            writeln!(out, "{line}")?;
            continue;
        }
        let key = line.split(" = ").next().unwrap_or_default();
        match comment(config, &format!("{table}{key}")) {
            Some(comment) => writeln!(out, "{line}  # {comment}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(out)
}

/// What the setting at `key` is, and its choices if it has kinds.
fn comment(config: &TrainConfig, key: &str) -> Option<String> {
    let setting = config.setting_at(key)?;
    let about = setting.info().about;
    let choices = match setting {
        Setting::Init => Init::ALL.map(|i| plain(&i)).join(" | "),
        Setting::Monitor => Watched::ALL.map(|w| plain(&w)).join(" | "),
        Setting::Optimizer => Optimizer::ALL.map(|o| kind(&o)).join(" | "),
        Setting::Schedule => Schedule::ALL.map(|s| kind(&s)).join(" | "),
        Setting::Loss => Loss::ALL.map(|l| kind(&l)).join(" | "),
        Setting::Privacy => Privacy::ALL.map(|p| kind(&p)).join(" | "),
        Setting::Clip => Clip::ALL.map(|c| kind(&c)).join(" | "),
        _ => return Some(about.to_owned()),
    };
    Some(format!("{about}: {choices}"))
}

/// A choice as it is written: `he_uniform`.
fn plain(choice: &impl Serialize) -> String {
    let value = toml::Value::try_from(choice).ok();
    let text = value.as_ref().and_then(toml::Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// A kind with the names of its numbers: `step {every, factor}`.
fn kind(of: &impl Serialize) -> String {
    let mut table = toml::Table::try_from(of).unwrap_or_default();
    let name = table.remove("kind");
    let name = name.as_ref().and_then(toml::Value::as_str);
    let name = name.unwrap_or_default();
    let keys: Vec<String> = table.into_iter().map(|(key, _)| key).collect();
    match keys.is_empty() {
        true => name.to_owned(),
        false => format!("{name} {{{}}}", keys.join(", ")),
    }
}

/// The help of a flag: what the setting is, and its default.
pub(super) fn flag_help(setting: Setting, default: &str) -> String {
    format!("{} [default: {default}]", setting.info().about)
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
        // Kinds are listed at their table, and layers have no keys.
        let is_plain = |line: &&str| line.contains(" = ") && !line.starts_with("kind");
        let end = text.find("[[model.layers]]").unwrap();
        for line in text[..end].lines().filter(is_plain) {
            let is_model = line.starts_with("input") || line.starts_with("classes");
            assert!(is_model || line.contains("  # "), "no comment: {line}");
        }
        assert!(!text.contains("\n "), "a comment on nothing:\n{text}");
        for expected in [
            "learning_rate = 0.001  # Peak learning rate: how far the weights move per update",
            "init = \"glorot_uniform\"  # Scale of the initial random weights: glorot_uniform | ",
            "# The rule from gradients to updates: adam {beta1, beta2, epsilon} | ",
            "rotation = 0.0  # Largest rotation either way, in degrees",
        ] {
            assert!(text.contains(expected), "no `{expected}` in:\n{text}");
        }
    }

    #[test]
    fn keys_are_set_by_path() {
        let changed = with_set(&["optimizer.beta1=0.8", "epochs = 7", "init=he_uniform"]).unwrap();
        assert_eq!(changed.epochs, 7);
        assert_eq!(changed.setting(Setting::Momentum), 0.8);
        assert_eq!(changed.init, Init::HeUniform);
        let sgd = with_set(&["optimizer={kind='sgd', momentum=0.5, nesterov=true}"]).unwrap();
        assert_eq!(sgd.optimizer.name(), "sgd");
        let named = with_set(&["optimizer=sgd", "optimizer.momentum=0.5"]).unwrap();
        assert_eq!(named.setting(Setting::Momentum), 0.5);
        assert_eq!(with_set(&["learning_rate=1"]).unwrap().learning_rate, 1.0);
    }

    #[test]
    fn wrong_sets_are_reported() {
        for (set, words) in [
            ("epochs", "KEY=VALUE"),
            ("epoch=3", "no key `epoch`"),
            ("optimizer.momentum=3", "no key `optimizer.momentum`"),
            (
                "epochs=many",
                "`epochs`: expected a whole number, found the text \"many\"",
            ),
            (
                "optimizer.beta1=x",
                "`optimizer`: expected a number such as 0.1",
            ),
            ("optimizer=adamm", "did you mean `adam`?"),
        ] {
            let message = with_set(&[set]).unwrap_err().to_string();
            assert!(message.contains(words), "{set}: {message}");
        }
    }
}
