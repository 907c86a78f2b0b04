//! `candle-studio data import`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::info::{Told, print};
use super::progress::{Task, importing};
use super::recipe_args::RecipeArgs;
use crate::cli::{open_data, out};
use crate::data::Source;
use crate::data::store::Store;

/// The arguments of `data import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder or a file.
    path: PathBuf,
    /// Name of the imported dataset [default: of the folder or file].
    #[arg(long)]
    name: Option<String>,
    /// Replace the dataset of that name.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    recipe: RecipeArgs,
    /// Print the result as one line of JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, store: &Store) -> anyhow::Result<ExitCode> {
    let recipe = args.recipe.recipe()?;
    // Fail now rather than after minutes of decoding.
    let check = |name: &str| match args.replace {
        true => store.path(name).map(drop),
        false => store.check_free(name),
    };
    args.name.as_deref().map(check).transpose()?;
    let done = importing(|progress| {
        let source = Source::open(&args.path)?;
        let name = args.name.clone().unwrap_or_else(|| source.name());
        check(&name)?;
        let imported = source.import(&recipe, progress)?;
        let hints = imported.dataset.hints();
        Ok((store.save(&name, imported, args.replace)?, hints))
    })?;
    let (imported, hints) = match done {
        Task::Done(done) => done,
        Task::Canceled(code) => return Ok(code),
    };
    open_data::warn_of(hints);
    let told = Told {
        dataset: &imported.dataset,
        n_validation: imported.n_validation,
        refused: &imported.refused,
    };
    print(&told, args.json)?;
    if !args.json {
        out::print(&format!(
            "imported: use it with --data {}",
            imported.dataset.name
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
