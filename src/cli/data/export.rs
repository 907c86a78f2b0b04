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
    /// `folder` of PNG files, `npz`, `csv`, `idx` or `parquet`.
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    to: DataFormat,
    /// The new folder, or for npz the file.
    out: PathBuf,
}

fn format(text: &str) -> Result<DataFormat, String> {
    let all = DataFormat::ALL.iter().copied();
    let found = all.clone().find(|format| format.name() == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.map(DataFormat::name).collect();
        format!("expected one of {}, found {text}", names.join(", "))
    })
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<()> {
    let dataset = open_data(Some(&args.data), workspace)?;
    dataset.export(args.to, &args.out)?;
    out::eprint(&format!("wrote {}", args.out.display()));
    Ok(())
}
