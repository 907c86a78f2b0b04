//! `candle-studio data info`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::progress::{Task, importing};
use super::recipe_args::RecipeArgs;
use crate::cli::open_data::{open_data, warn};
use crate::cli::{out, runs};
use crate::data::import::Refused;
use crate::data::store::is_stored;
use crate::data::{BuiltIn, Dataset, Recipe, Source};
use crate::text::{count, thousands};

/// The arguments of `data info`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder, a file, or the name of a dataset.
    data: PathBuf,
    #[command(flatten)]
    recipe: RecipeArgs,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

/// A dataset as JSON.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    /// Channels, height, width.
    shape: [usize; 3],
    train: usize,
    /// Images that the source has for validation; they are among the training images.
    validation: usize,
    test: usize,
    classes: Vec<ClassLine<'a>>,
    fingerprint: &'a str,
    content: String,
    recipe: Recipe,
    /// Images that are superfluous within their split.
    duplicates: usize,
    /// Test images that are training images, too.
    leaks: usize,
    refused: &'a [Refused],
    notes: &'a [String],
}

#[derive(Serialize)]
struct ClassLine<'a> {
    name: &'a str,
    train: usize,
    test: usize,
}

/// What is told of a dataset.
pub(super) struct Told<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) n_validation: usize,
    pub(super) refused: &'a [Refused],
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let recipe = args.recipe.recipe()?;
    let is_path = args.data.exists();
    let is_named = !is_path && args.data.to_str().and_then(BuiltIn::named).is_some();
    let is_stored = is_stored(&args.data);
    if args.recipe.is_default() && (is_named || is_stored || !is_path) {
        let dataset = open_data(Some(&args.data), workspace)?;
        print(&Told::of(&dataset), args.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let made = importing(|progress| Source::open(&args.data)?.import(&recipe, progress))?;
    let imported = match made {
        Task::Done(imported) => imported,
        Task::Canceled(code) => return Ok(code),
    };
    warn(&imported.dataset);
    let told = Told {
        dataset: &imported.dataset,
        n_validation: imported.n_validation,
        refused: &imported.refused,
    };
    print(&told, args.json)?;
    Ok(ExitCode::SUCCESS)
}

impl<'a> Told<'a> {
    pub(super) fn of(dataset: &'a Dataset) -> Told<'a> {
        Told {
            dataset,
            n_validation: 0,
            refused: &[],
        }
    }
}

/// Prints a dataset, as JSON or for people.
pub(super) fn print(told: &Told<'_>, is_json: bool) -> anyhow::Result<()> {
    let dataset = told.dataset;
    let duplicates = dataset.duplicates(false);
    let counts = dataset.class_counts();
    let classes = dataset.classes.iter().zip(&counts);
    if is_json {
        return out::print_json(&Line {
            name: &dataset.name,
            shape: dataset.image_shape(),
            train: dataset.train.len(),
            validation: told.n_validation,
            test: dataset.test.len(),
            classes: classes
                .map(|(name, &[train, test])| ClassLine { name, train, test })
                .collect(),
            fingerprint: &dataset.fingerprint,
            content: dataset.content(),
            recipe: dataset.recipe,
            duplicates: duplicates.n_duplicates(),
            leaks: duplicates.n_leaks(),
            refused: told.refused,
            notes: &dataset.notes,
        });
    }
    let [channels, height, width] = dataset.image_shape();
    let color = match channels {
        1 => "gray",
        3 => "color",
        _ => "other",
    };
    let [n_train, n_test] = [&dataset.train, &dataset.test].map(|set| set.len());
    out::print(&format!(
        "{}: {} for training and {} for testing, {height}×{width} in {color}, {}",
        dataset.name,
        count(n_train, "image"),
        thousands(n_test as u64),
        dataset.recipe
    ))?;
    let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    let mut rows = vec![row(["class", "training", "test"])];
    for (name, [train, test]) in classes {
        let [train, test] = [train, test].map(|&n| thousands(n as u64));
        rows.push(row([name, &train, &test]));
    }
    runs::aligned(&rows)
        .iter()
        .try_for_each(|line| out::print(line))?;
    out::print(&format!("fingerprint {}", dataset.fingerprint))?;
    out::print(&format!("content     {}", dataset.content()))?;
    out::print(&format!(
        "{}, {}",
        count(duplicates.n_duplicates(), "duplicate"),
        count(duplicates.n_leaks(), "test image") + " in the training images"
    ))
}
