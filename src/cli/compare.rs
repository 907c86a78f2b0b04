//! `candle-studio compare`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;

use super::resolve_run::run_folders;
use super::{UsageError, open_data, out, percent};
use crate::compare::{
    Answers, Comparison, Disagreement, Importance, Metric, RunRow, Verdict, correct_for_many,
    disagreements, groups, importance,
};
use crate::data::Dataset;
use crate::model::Classifier;
use crate::runs::{Record, RunFolder};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs: folders, or ids or names in the workspace. Those that differ in the seed alone are taken
    /// together; the settings of the first one are the baseline.
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// What to compare by.
    #[arg(long, value_name = "NAME", default_value = "test_accuracy", value_parser = metric)]
    metric: Metric,
    /// Folder with the four IDX files the runs learned from [default: where they were].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Images on which two models disagree to list, the clearest cases first.
    #[arg(long, value_name = "N", default_value_t = 5)]
    images: usize,
    /// Print JSON lines: one for each comparison, and one for the importance of the settings.
    #[arg(long)]
    json: bool,
}

fn metric(name: &str) -> Result<Metric, String> {
    let found = Metric::ALL.into_iter().find(|m| m.name() == name);
    found.ok_or_else(|| {
        format!(
            "expected one of {}",
            Metric::ALL.map(Metric::name).join(", ")
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

/// The seed of the forest: the same runs give the same bars.
const FOREST_SEED: u64 = 1;

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let folders = run_folders(&args.runs, workspace)?
        .iter()
        .map(|path| RunFolder::open(path))
        .collect::<Result<Vec<_>, _>>()?;
    let rows = folders
        .iter()
        .map(|folder| Ok(RunRow::new(&Record::read(folder.path())?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    same_data(&folders)?;
    let mut pairs = pairs(&rows);
    let mut comparisons = pairs
        .iter()
        .map(|[a, b]| Comparison::new(&rows, a, b, args.metric).map_err(anyhow::Error::msg))
        .collect::<anyhow::Result<Vec<_>>>()?;
    correct_for_many(&mut comparisons);
    let mut asked = Asked::new(args, &folders)?;
    for (mut comparison, [a, b]) in comparisons.into_iter().zip(pairs.drain(..)) {
        let parted = asked.part(a[0], b[0])?;
        if let Some((paired, _)) = &parted {
            comparison = comparison.with_images(*paired);
        }
        print_comparison(
            args,
            &comparison,
            parted.as_ref().map(|(_, found)| &**found),
            &asked,
        )?;
    }
    if let Ok(importance) = importance(&rows, args.metric, FOREST_SEED) {
        tell_importance(args, importance)?;
    }
    Ok(asked.finish())
}

/// Results on different images cannot be compared.
fn same_data(folders: &[RunFolder]) -> Result<(), UsageError> {
    let first = &folders[0].manifest().data;
    match folders
        .iter()
        .find(|f| f.manifest().data.fingerprint != first.fingerprint)
    {
        None => Ok(()),
        Some(other) => Err(UsageError(format!(
            "{} learned from other images ({}) than {} ({}): their results cannot be compared",
            other.path().display(),
            other.manifest().data.name,
            folders[0].path().display(),
            first.name
        ))),
    }
}

/// The settings of the first run against each other settings; or, where there are no others, its
/// run against each other run.
fn pairs(rows: &[RunRow]) -> Vec<[Vec<usize>; 2]> {
    let groups = groups(rows);
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

/// What the models said to the test images, each asked once.
struct Asked<'a> {
    folders: &'a [RunFolder],
    dataset: Dataset,
    answers: Vec<Option<Answers>>,
}

impl<'a> Asked<'a> {
    fn new(args: &Args, folders: &'a [RunFolder]) -> anyhow::Result<Asked<'a>> {
        let mark = &folders[0].manifest().data;
        let dir: Option<&Path> = args.data.as_deref().or(mark.folder.as_deref());
        let dataset = open_data(dir)?;
        anyhow::ensure!(
            dataset.fingerprint == mark.fingerprint,
            "{} are not the images the runs learned from ({})",
            dataset.name,
            mark.name
        );
        Ok(Asked {
            folders,
            dataset,
            answers: vec![None; folders.len()],
        })
    }

    /// Says which models gave no numbers for some images: what was compared is no success then.
    fn finish(&self) -> ExitCode {
        let mut n_broken = 0;
        for (folder, answers) in self.folders.iter().zip(&self.answers) {
            let Some(answers) = answers.as_ref().filter(|a| a.n_not_finite() > 0) else {
                continue;
            };
            n_broken += 1;
            out::say(&format!(
                "error: {}: the network's output is NaN or infinite for {} of {} test images, \
                 which count as wrong; its weights may have diverged",
                folder.model_path().display(),
                answers.n_not_finite(),
                answers.len()
            ));
        }
        ExitCode::from(u8::from(n_broken > 0))
    }

    /// Where the models of two runs part; `None` when one has no model, because it did not end.
    fn part(
        &mut self,
        a: usize,
        b: usize,
    ) -> anyhow::Result<Option<(crate::compare::Paired, Vec<Disagreement>)>> {
        for idx in [a, b] {
            let path = self.folders[idx].model_path();
            if !path.exists() {
                out::say(&format!(
                    "{} has no model yet",
                    self.folders[idx].path().display()
                ));
                return Ok(None);
            }
            if self.answers[idx].is_none() {
                let classifier = Classifier::load(&path)?;
                let answers = Answers::new(&classifier, &self.dataset.test)
                    .with_context(|| format!("could not ask {}", path.display()))?;
                self.answers[idx] = Some(answers);
            }
        }
        Ok(match (&self.answers[a], &self.answers[b]) {
            (Some(a), Some(b)) => Some((a.paired(b), disagreements(a, b))),
            _ => None,
        })
    }
}

fn print_comparison(
    args: &Args,
    comparison: &Comparison,
    parted: Option<&[Disagreement]>,
    asked: &Asked<'_>,
) -> anyhow::Result<()> {
    let shown = parted.unwrap_or_default();
    let shown = &shown[..shown.len().min(args.images)];
    if args.json {
        return out::print_json(&Line {
            verdict: comparison.verdict(),
            words: comparison.describe(),
            seeds_wanted: comparison.seeds_wanted(),
            comparison,
            n_disagreements: parted.map(<[_]>::len),
            disagreements: shown,
        });
    }
    out::print(&comparison.describe())?;
    if let Some(words) = comparison.image_words() {
        out::print(&words)?;
    }
    let class = |idx: u32| asked.dataset.classes[idx as usize].as_str();
    for d in shown {
        let says = |side: usize| match d.answer(side) {
            Some((idx, sure)) => format!("{} ({})", class(idx), percent(f64::from(sure))),
            None => "nothing: its output is not finite".to_owned(),
        };
        out::print(&format!(
            "  test image {} is {}: {} says {}, {} says {}",
            d.image,
            class(d.label),
            comparison.baseline.name,
            says(0),
            comparison.candidate.name,
            says(1),
        ))?;
    }
    Ok(())
}

fn tell_importance(args: &Args, importance: Importance) -> anyhow::Result<()> {
    if args.json {
        return out::print_json(&ImportanceLine { importance });
    }
    out::print(&format!(
        "\nimportance for {} over {} runs (a forest explains {} of the differences)",
        importance.metric.label(),
        importance.n_runs,
        percent(importance.explained.max(0.0)),
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
