//! `candle-studio data active`: how much labeling by uncertainty saves.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser as _, ValueParser};
use serde::Serialize;

use super::UsageError;
use crate::cli::interrupt::{INTERRUPTED, stop_training};
use crate::cli::open_data::open_data;
use crate::cli::out;
use crate::cli::train::{fine_tuning, presets};
use crate::data::Dataset;
use crate::evaluate::Uncertainty;
use crate::model::Preset;
use crate::text::{count, percent};
use crate::train::{ActiveError, Control, LabelPoint, Query, Simulation, TrainConfig, simulate};

/// The arguments of `data active`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder, a file, or the name of a dataset: its labels are revealed as they are asked for.
    data: PathBuf,
    /// Network that is trained anew in every round.
    #[arg(long, value_name = "NAME", default_value = "keras-cnn", value_parser = presets())]
    preset: &'static Preset,
    /// Start every round from this model or run, and train its last layer alone.
    #[arg(long, value_name = "MODEL", conflicts_with = "preset")]
    from: Option<PathBuf>,
    /// Which images are labeled next; several are run one after the other. `margin`, `entropy` and
    /// `least-confidence` are as in modAL.
    #[arg(long, value_name = "QUERY", value_delimiter = ',', default_value = "margin,random",
        value_parser = queries())]
    query: Vec<Query>,
    /// Random images that are labeled at the start, the same for every query.
    #[arg(long, value_name = "N", default_value_t = 10)]
    start: usize,
    /// Images that are labeled in each round.
    #[arg(long, value_name = "N", default_value_t = 10)]
    per_round: usize,
    /// Rounds.
    #[arg(long, value_name = "N", default_value_t = 20)]
    rounds: usize,
    /// Seed of the weights and of what is drawn; several are run one after the other.
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1")]
    seed: Vec<u64>,
    /// Print a table of comma-separated values.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print one JSON line per round.
    #[arg(long)]
    json: bool,
}

fn queries() -> ValueParser {
    let all = || {
        let measures = Uncertainty::ALL.map(Query::Uncertain);
        measures.into_iter().chain([Query::Random])
    };
    PossibleValuesParser::new(all().map(Query::name))
        .try_map(move |name| {
            let mut all = all();
            all.find(|query| query.name() == name)
                .ok_or("no such query")
        })
        .into()
}

#[derive(Serialize)]
struct Line {
    event: &'static str,
    query: &'static str,
    seed: u64,
    labels: usize,
    accuracy: f64,
    loss: f64,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    if args.start == 0 || args.per_round == 0 {
        let text = "--start and --per-round expect at least one image";
        return Err(UsageError(text.to_owned()).into());
    }
    let dataset = Arc::new(open_data(Some(&args.data), workspace)?);
    let config = args.config(&dataset, workspace)?;
    let control = Arc::new(Control::default());
    stop_training(&control, "end at once");
    if args.csv {
        out::print("query,seed,labels,accuracy,loss")?;
    }
    for &seed in &args.seed {
        let config = TrainConfig {
            seed,
            ..config.clone()
        };
        for &query in &args.query {
            let simulation = Simulation {
                query,
                n_start: args.start,
                n_per_round: args.per_round,
                n_rounds: args.rounds,
            };
            let mut printed = Ok(());
            let done = simulate(&config, &dataset, simulation, &control, |point| {
                let line = args.print(query, seed, point);
                if line.is_err() {
                    control.stop();
                    printed = line;
                }
            });
            printed?;
            match done {
                Err(ActiveError::Stopped) => return Ok(ExitCode::from(INTERRUPTED)),
                done => done?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn config(&self, dataset: &Dataset, workspace: Option<&Path>) -> anyhow::Result<TrainConfig> {
        let (input, n_images) = (dataset.image_shape(), dataset.train.len());
        match &self.from {
            Some(model) => {
                let mut config = fine_tuning(model, dataset, workspace)?;
                config.freeze_body();
                Ok(config)
            }
            None => Ok(TrainConfig::new(
                self.preset,
                input,
                dataset.n_classes(),
                n_images,
            )),
        }
    }

    fn print(&self, query: Query, seed: u64, point: LabelPoint) -> anyhow::Result<()> {
        let line = Line {
            event: "labeled",
            query: query.name(),
            seed,
            labels: point.n_labels,
            accuracy: point.test.accuracy,
            loss: point.test.loss,
        };
        if self.json {
            return out::print_json(&line);
        }
        let Line {
            query,
            labels,
            accuracy,
            loss,
            ..
        } = line;
        if self.csv {
            return out::print(&format!("{query},{seed},{labels},{accuracy},{loss}"));
        }
        let labels = count(labels, "label");
        out::print(&format!(
            "{query}, seed {seed}: {labels}, test accuracy {}",
            percent(accuracy)
        ))
    }
}
