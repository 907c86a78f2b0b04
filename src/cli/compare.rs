//! `candle-studio compare`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;

use super::open_data::open_data_of;
use super::resolve_run::run_folders;
use super::{UsageError, out};
use crate::compare::{
    Comparison, Disagreement, Importance, Paired, Verdict, correct_for_many, disagreements,
    importance,
};
use crate::data::Dataset;
use crate::evaluate::{Predictions, SplitName};
use crate::model::Classifier;
use crate::runs::table::{Column, GroupBy, SummaryMetric, group};
use crate::runs::{Metric, NoModel, Record, RunFolder};
use crate::text;

/// The arguments of `compare`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs: folders, or ids or names in the workspace. Runs that differ only in the seed are one
    /// group; the settings of the first run are the baseline.
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Metric to compare by, as the table of `runs list` names it: test_accuracy, val_accuracy
    /// (the best epoch), val_loss.last …
    #[arg(long, value_name = "NAME", default_value = "test_accuracy", value_parser = metric)]
    metric: SummaryMetric,
    /// The dataset the runs were trained on [default: where it was].
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Number of images on which two models disagree to list, the most confident first.
    #[arg(long, value_name = "N", default_value_t = 5)]
    images: usize,
    /// Print JSON lines: one per comparison, and one for the importance of the settings.
    #[arg(long)]
    json: bool,
}

fn metric(name: &str) -> Result<SummaryMetric, String> {
    let has_direction = |metric: &Metric| metric.direction().is_some();
    let found = Column::parse(name).metric();
    found
        .filter(|found| has_direction(&found.metric))
        .ok_or_else(|| {
            let metrics = Metric::ALL.into_iter().filter(has_direction);
            let names: Vec<&str> = metrics.map(Metric::name).collect();
            format!(
                "expected one of {}, optionally with .best, .last, .min, .max or .at_best",
                names.join(", ")
            )
        })
}

#[derive(Serialize)]
struct Line<'a> {
    verdict: Verdict,
    words: String,
    seeds_wanted: Option<[usize; 2]>,
    #[serde(flatten)]
    comparison: &'a Comparison,
    n_disagreements: Option<usize>,
    disagreements: &'a [Disagreement],
}

#[derive(Serialize)]
struct ImportanceLine {
    importance: Importance,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let folders = run_folders(&args.runs, workspace)?
        .iter()
        .map(|path| RunFolder::open(path))
        .collect::<Result<Vec<_>, _>>()?;
    let records = folders
        .iter()
        .map(|folder| Record::read(folder.path()))
        .collect::<Result<Vec<_>, _>>()?;
    let records: Vec<&Record> = records.iter().collect();
    same_data(&folders)?;
    let mut pairs = pairs(&records);
    let compare = |[a, b]: &[Vec<usize>; 2]| {
        let [a, b] = [a, b].map(|group| group.iter().map(|&idx| records[idx]).collect::<Vec<_>>());
        Comparison::new(&a, &b, args.metric).map_err(anyhow::Error::msg)
    };
    let mut comparisons = pairs
        .iter()
        .map(compare)
        .collect::<anyhow::Result<Vec<_>>>()?;
    correct_for_many(&mut comparisons);
    let mut predicted = Predicted::new(args, &folders, workspace)?;
    for (mut comparison, [a, b]) in comparisons.into_iter().zip(pairs.drain(..)) {
        let found = predicted.disagreements(a[0], b[0])?;
        if let Some((paired, _)) = &found {
            comparison = comparison.with_images(*paired);
        }
        print_comparison(
            args,
            &comparison,
            found.as_ref().map(|(_, images)| &**images),
            &predicted,
        )?;
    }
    if let Ok(importance) = importance(&records, args.metric) {
        print_importance(args, importance)?;
    }
    Ok(predicted.finish())
}

/// Refuses runs on different datasets.
fn same_data(folders: &[RunFolder]) -> Result<(), UsageError> {
    let first = &folders[0].manifest().data;
    folders.iter().try_for_each(|folder| {
        let run = folder.path().display().to_string();
        let checked = folder.manifest().data.check_same(&run, first);
        checked.map_err(|e| {
            UsageError(format!(
                "{e}, than {} ({}): their results cannot be compared",
                folders[0].path().display(),
                first.name
            ))
        })
    })
}

/// Pairs the settings of the first run with all other settings or, if there are none, the first
/// run with all other runs.
fn pairs(records: &[&Record]) -> Vec<[Vec<usize>; 2]> {
    let groups = group(records, &GroupBy::AllButSeed).into_iter();
    let groups: Vec<Vec<usize>> = groups.map(|group| group.members).collect();
    match &groups[..] {
        [only] => only[1..]
            .iter()
            .map(|&other| [vec![only[0]], vec![other]])
            .collect(),
        [baseline, others @ ..] => others
            .iter()
            .map(|g| [baseline.clone(), g.clone()])
            .collect(),
        [] => Vec::new(),
    }
}

/// The models' predictions for the test images, each computed once.
struct Predicted<'a> {
    folders: &'a [RunFolder],
    dataset: Dataset,
    answers: Vec<Option<Predictions>>,
}

impl<'a> Predicted<'a> {
    fn new(
        args: &Args,
        folders: &'a [RunFolder],
        workspace: Option<&Path>,
    ) -> anyhow::Result<Predicted<'a>> {
        let mark = &folders[0].manifest().data;
        let dataset = open_data_of(mark, args.data.as_deref(), workspace)?;
        anyhow::ensure!(
            dataset.fingerprint == mark.fingerprint,
            "{} is not the dataset the runs were trained on ({})",
            dataset.name,
            mark.name
        );
        Ok(Predicted {
            folders,
            dataset,
            answers: vec![None; folders.len()],
        })
    }

    /// Prints which models have NaN or infinite outputs; the command fails then.
    fn finish(&self) -> ExitCode {
        let mut n_broken = 0;
        for (folder, answers) in self.folders.iter().zip(&self.answers) {
            let Some(answers) = answers.as_ref().filter(|a| a.n_not_finite() > 0) else {
                continue;
            };
            n_broken += 1;
            out::eprint(&format!(
                "error: {}: the network's output is NaN or infinite for {} of {}, which count as \
                 wrong; its weights may have diverged",
                folder.model_path().display(),
                text::thousands(answers.n_not_finite() as u64),
                text::count(answers.len(), "test image")
            ));
        }
        ExitCode::from(u8::from(n_broken > 0))
    }

    /// Finds the images on which the models of two runs disagree; `None` if one has no model
    /// because it has not finished.
    fn disagreements(
        &mut self,
        a: usize,
        b: usize,
    ) -> anyhow::Result<Option<(Paired, Vec<Disagreement>)>> {
        for idx in [a, b] {
            let path = self.folders[idx].model_path();
            if !path.exists() {
                let run = self.folders[idx].path().display();
                out::eprint(&NoModel(run.to_string()).to_string());
                return Ok(None);
            }
            if self.answers[idx].is_none() {
                let classifier = Classifier::load(&path)?;
                let (test, all) = SplitName::Test.images(&self.dataset, &classifier)?;
                let answers = Predictions::new(&classifier, &test, &all)
                    .with_context(|| format!("could not run {}", path.display()))?;
                self.answers[idx] = Some(answers);
            }
        }
        Ok(match (&self.answers[a], &self.answers[b]) {
            (Some(a), Some(b)) => Some((Paired::of(a, b), disagreements(a, b))),
            _ => None,
        })
    }
}

fn print_comparison(
    args: &Args,
    comparison: &Comparison,
    found: Option<&[Disagreement]>,
    predicted: &Predicted<'_>,
) -> anyhow::Result<()> {
    let shown = found.unwrap_or_default();
    let shown = &shown[..shown.len().min(args.images)];
    if args.json {
        return out::print_json(&Line {
            verdict: comparison.verdict(),
            words: comparison.describe(),
            seeds_wanted: comparison.seeds_wanted(),
            comparison,
            n_disagreements: found.map(<[_]>::len),
            disagreements: shown,
        });
    }
    out::print(&comparison.describe())?;
    if let Some(words) = comparison.image_words() {
        out::print(&words)?;
    }
    let class = |idx: u32| predicted.dataset.classes[idx as usize].as_str();
    for d in shown {
        let prediction = |side: usize| match d.answer(side) {
            Some((idx, sure)) => {
                format!("{} ({})", class(idx), text::percent_exact(f64::from(sure)))
            }
            None => "no prediction (output NaN or infinite)".to_owned(),
        };
        out::print(&format!(
            "  test image {}, label {}: {} predicts {}, {} predicts {}",
            d.image,
            class(d.label),
            comparison.baseline.name,
            prediction(0),
            comparison.candidate.name,
            prediction(1),
        ))?;
    }
    Ok(())
}

fn print_importance(args: &Args, importance: Importance) -> anyhow::Result<()> {
    if args.json {
        return out::print_json(&ImportanceLine { importance });
    }
    out::print(&format!(
        "\nimportance for {} over {} (a random forest explains {} of the variance)",
        importance.metric.label(),
        text::count(importance.n_runs, "run"),
        text::percent_exact(importance.explained.max(0.0)),
    ))?;
    let width = importance
        .keys
        .iter()
        .map(|k| k.key.chars().count())
        .max()
        .unwrap_or(0);
    for key in &importance.keys {
        let rho = key
            .correlation
            .map_or_else(String::new, |c| format!("  rank correlation {:+.2}", c.rho));
        out::print(&format!(
            "  {:<width$}  {:>6.2}{rho}",
            key.key, key.importance
        ))?;
    }
    match &importance.hint {
        Some(hint) => out::print(&format!("  {hint}")),
        None => Ok(()),
    }
}
