//! `candle-studio runs diff`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::aligned;
use crate::cli::out;
use crate::cli::resolve_run::run_folders;
use crate::runs::table::differences;
use crate::runs::{Record, Value};

/// The arguments of `runs diff`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Two or more runs: ids, names or folders.
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Print one JSON line per setting that differs.
    #[arg(long)]
    json: bool,
}

/// A setting as JSON: its value in each run, by the runs' ids.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    values: BTreeMap<&'a str, &'a Option<Value>>,
}

pub(super) fn run(args: &Args, workspace: &Path) -> anyhow::Result<()> {
    let folders = run_folders(&args.runs, Some(workspace))?;
    let records = folders.iter().map(|folder| Record::read(folder));
    let records = records.collect::<Result<Vec<Record>, _>>()?;
    let records: Vec<&Record> = records.iter().collect();
    let differences = differences(&records);
    if args.json {
        let ids = || records.iter().map(|record| record.id.as_str());
        return differences.iter().try_for_each(|difference| {
            out::print_json(&Line {
                key: &difference.key,
                values: ids().zip(&difference.values).collect(),
            })
        });
    }
    if differences.is_empty() {
        return out::print("same settings, data and threads");
    }
    let names = records.iter().map(|record| record.name.clone());
    let mut rows: Vec<Vec<String>> = vec![std::iter::once(String::new()).chain(names).collect()];
    for difference in &differences {
        let text = |value: &Option<Value>| {
            let text = value.as_ref().map(ToString::to_string);
            text.unwrap_or_else(|| "–".to_owned())
        };
        let values = difference.values.iter().map(text);
        rows.push(
            std::iter::once(difference.key.clone())
                .chain(values)
                .collect(),
        );
    }
    aligned(&rows).iter().try_for_each(|line| out::print(line))
}
