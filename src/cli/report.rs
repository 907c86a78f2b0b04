//! `candle-studio report`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use super::open_data::{add_sketches, open_data};
use super::open_model::NetworkArgs;
use super::out;
use super::resolve_run::{model_file, run_folder};
use crate::evaluate::{Predictions, SplitName};
use crate::files;
use crate::report::{Subject, html};
use crate::runs::{Record, RunFolder, RunState};

/// The arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run: its folder, or its id or name in the workspace; or a model file.
    model: PathBuf,
    /// Output file, one HTML page that needs no other file and no network.
    #[arg(long, short, value_name = "FILE", default_value = "report.html")]
    out: PathBuf,
    /// The dataset: a folder or file, or a name, see `candle-studio data` [default: MNIST].
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Images to evaluate the model on.
    #[arg(long, value_enum, default_value_t = SplitName::Test)]
    split: SplitName,
    /// Whether the page shows images of the data [default: yes for MNIST, else no].
    #[arg(long, value_enum)]
    images: Option<YesNo>,
    #[command(flatten)]
    network: NetworkArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum YesNo {
    Yes,
    No,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    files::check_writable(&args.out)?;
    let path = model_file(&args.model, workspace)?;
    let classifier = args.network.open(&path, workspace)?;
    let run = read_run(&args.model, &path, workspace)?;
    let dataset = open_data(args.data.as_deref(), workspace)?;
    let name = match &run {
        Some((record, _)) => record.name.clone(),
        None => args.model.display().to_string(),
    };
    if args.split == SplitName::Sketches {
        add_sketches(&dataset, workspace);
    }
    let (set, indices) = args.split.images(&dataset, &classifier)?;
    let predictions = Predictions::new(&classifier, &set, &indices)
        .with_context(|| format!("could not evaluate {name} on {}", dataset.name))?;
    let page = html(&Subject {
        name: &name,
        classifier: &classifier,
        dataset: &dataset,
        split: args.split,
        set: &set,
        predictions: &predictions,
        run: run.as_ref().map(|(record, state)| (record, state)),
        with_images: match args.images {
            Some(images) => images == YesNo::Yes,
            None => dataset.folder.is_none(),
        },
    });
    files::write_atomically(&args.out, page.as_bytes())?;
    out::eprint(&format!("wrote {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Reads the run that `text` names, unless that is the file of a model.
fn read_run(
    text: &Path,
    model: &Path,
    workspace: Option<&Path>,
) -> anyhow::Result<Option<(Record, RunState)>> {
    if text == model {
        return Ok(None);
    }
    let folder = run_folder(text, workspace)?;
    let record = Record::read(&folder)?;
    let mut state = RunFolder::open(&folder)?.replay()?;
    state.name.clone_from(&record.name);
    Ok(Some((record, state)))
}
