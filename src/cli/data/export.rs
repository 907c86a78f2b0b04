//! `candle-studio data export`.

use std::path::{Path, PathBuf};

use crate::cli::open_data::open_data;
use crate::cli::out;
use crate::data::DataFormat;

/// The arguments of `data export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder, a file, or the name of a dataset.
    data: PathBuf,
    /// `folder` of PNG files, `npz`, `csv` or `idx`.
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    to: DataFormat,
    /// The new folder, or for npz the file.
    out: PathBuf,
}

fn format(text: &str) -> Result<DataFormat, String> {
    let found = DataFormat::ALL
        .into_iter()
        .find(|format| format.name() == text);
    found.ok_or_else(|| format!("expected folder, npz, csv or idx, found {text}"))
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<()> {
    let dataset = open_data(Some(&args.data), workspace)?;
    dataset.export(args.to, &args.out)?;
    out::eprint(&format!("wrote {}", args.out.display()));
    Ok(())
}
