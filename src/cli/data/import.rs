//! `candle-studio data import`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::UsageError;
use super::info::{Told, print};
use super::progress::{Task, importing};
use super::recipe_args::RecipeArgs;
use crate::cli::{named_or_default, open_data, out};
use crate::data::store::Store;
use crate::data::{DataError, Dataset, ImportRecipe, Imported, Source};
use crate::text::count;

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
    /// Mix in the classes of another dataset: all its images, or N training images of each class and
    /// up to 100 test images. Pictures become images like its own. To teach a network new classes
    /// without its forgetting the old ones.
    #[arg(long, value_name = "DATASET[:N]")]
    join: Option<String>,
    #[command(flatten)]
    recipe: RecipeArgs,
    /// Print the result as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// A dataset to mix in, and how many training images of each class.
struct Joined {
    dataset: Dataset,
    n_per_class: Option<usize>,
}

impl Joined {
    fn open(text: &str, workspace: Option<&Path>) -> anyhow::Result<Joined> {
        let numbered = text.rsplit_once(':');
        let numbered = numbered.and_then(|(name, n)| Some((name, n.parse::<usize>().ok()?)));
        let (name, n_per_class) = match numbered {
            Some((_, 0)) => {
                let text = format!("--join expects at least one image per class, found `{text}`");
                return Err(UsageError(text).into());
            }
            Some((name, n)) => (name, Some(n)),
            None => (text, None),
        };
        let dataset = open_data::open_data(Some(Path::new(name)), workspace)?;
        Ok(Joined {
            dataset,
            n_per_class,
        })
    }

    /// Makes pictures images like those of the dataset, unless the recipe says otherwise.
    fn complete(&self, recipe: &mut ImportRecipe) {
        let [channels, height, width] = self.dataset.image_shape();
        recipe.size.get_or_insert([height, width]);
        recipe.color.get_or_insert(channels == 3);
        recipe.framing.get_or_insert(self.dataset.recipe.framing);
        recipe.invert |= self.dataset.recipe.invert;
    }

    fn add_to(&self, imported: &mut Imported) -> Result<(), DataError> {
        let joined = imported
            .dataset
            .joined(&self.dataset, self.n_per_class, |_| true)?;
        imported.dataset = joined;
        let n = match self.n_per_class {
            Some(n) => format!("{} of each class", count(n, "training image")),
            None => "all images".to_owned(),
        };
        let verb = if self.n_per_class == Some(1) {
            "is"
        } else {
            "are"
        };
        let note = format!("{n} of {} {verb} mixed in", self.dataset.name);
        imported.dataset.notes.push(note);
        Ok(())
    }
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let store = &Store::of(&named_or_default(workspace)?);
    let mut recipe = args.recipe.recipe()?;
    let joined = args.join.as_deref();
    let joined = joined
        .map(|text| Joined::open(text, workspace))
        .transpose()?;
    if let Some(joined) = &joined {
        joined.complete(&mut recipe);
    }
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
        let mut imported = source.import(&recipe, progress)?;
        if let Some(joined) = &joined {
            joined.add_to(&mut imported)?;
        }
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
