//! `candle-studio runs list`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::{aligned, warn_of_unreadable};
use crate::cli::{UsageError, out};
use crate::files;
use crate::runs::table::{Column, Query, SortKey, all_columns, differing_columns, sort, to_csv};
use crate::runs::{Listing, Metric, Record, UnreadableRun, Value, list_runs};
use crate::text::count;

/// The arguments of `runs list`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Only list runs that match: words of the name, tags and note, or comparisons, such as
    /// "lr < 0.01 and model = cnn".
    filter: Vec<String>,
    /// Columns to sort by, most important first; a leading minus sorts in descending order.
    #[arg(
        long,
        value_name = "KEY,…",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    sort: Vec<String>,
    /// Columns to show after id and name [default: settings that differ, and results].
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// Only list the last N.
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Include archived runs.
    #[arg(long)]
    all: bool,
    /// Print one JSON line per run.
    #[arg(long, conflicts_with_all = ["csv", "columns"])]
    json: bool,
    /// Write the table with all columns to this file instead.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

const AFTER_HELP: &str = "KEYs are settings by their paths (learning_rate or lr, \
    optimizer.beta1 …), metrics (val_accuracy, val_loss, test_accuracy …), optionally with .best, \
    .last, .min, .max or .at_best, and status, created, data, threads, sweep, trial, tags, note, \
    starred, archived.";

/// A run as JSON.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    name: &'a str,
    status: &'static str,
    config: &'a crate::train::TrainConfig,
    /// The metrics by name: last, min, max, at_best.
    summary: &'a std::collections::BTreeMap<Metric, crate::runs::Aggregates>,
    created: &'a str,
    data: &'a str,
    threads: usize,
    /// The sweep it is a trial of: name, trial.
    sweep: Option<&'a crate::runs::TrialOf>,
    note: &'a str,
    tags: &'a [String],
    starred: bool,
    archived: bool,
}

impl<'a> Line<'a> {
    fn new(record: &'a Record) -> Line<'a> {
        Line {
            id: record.id.as_str(),
            name: &record.name,
            status: record.status.word(),
            config: &record.config,
            summary: &record.metrics,
            created: &record.created,
            data: &record.data,
            threads: record.threads,
            sweep: record.sweep.as_ref(),
            note: &record.notes.note,
            tags: &record.notes.tags,
            starred: record.notes.starred,
            archived: record.notes.archived,
        }
    }
}

/// Prints a run as one line of JSON.
pub(super) fn print_json(record: &Record) -> anyhow::Result<()> {
    out::print_json(&Line::new(record))
}

/// A run that cannot be read as JSON.
#[derive(Serialize)]
struct UnreadableLine<'a> {
    id: &'a str,
    status: &'static str,
    reason: &'a str,
}

/// Prints a run that cannot be read as one line of JSON.
pub(super) fn print_unreadable_json(run: &UnreadableRun) -> anyhow::Result<()> {
    out::print_json(&UnreadableLine {
        id: run.id.as_str(),
        status: "unreadable",
        reason: &run.reason,
    })
}

pub(super) fn run(args: &Args, workspace: &Path) -> anyhow::Result<()> {
    let listing = list_runs(workspace)?;
    let records = args.chosen(&listing.records)?;
    let unreadable = args.unreadable(&listing);
    if args.json {
        records.into_iter().try_for_each(print_json)?;
        return unreadable.iter().try_for_each(print_unreadable_json);
    }
    let columns = if !args.columns.is_empty() {
        let names = args.columns.iter();
        names
            .map(|name| column(name, &listing.records))
            .collect::<Result<_, _>>()?
    } else if args.csv.is_some() {
        all_columns(records.iter().copied())
    } else {
        differing_columns(&records)
    };
    if let Some(file) = &args.csv {
        files::write_atomically(file, to_csv(&records, &columns).as_bytes())?;
        let runs = count(records.len(), "run");
        return out::print(&format!("{runs} written to {}", file.display()));
    }
    if records.is_empty() && unreadable.is_empty() {
        // An empty list must not look like an empty workspace.
        out::eprint(&format!(
            "no match among the {} in {}",
            count(listing.records.len(), "run"),
            workspace.display()
        ));
    }
    table(&records, &columns)?;
    unreadable
        .iter()
        .try_for_each(|run| out::print(&format!("{}  cannot be read: {}", run.id, run.reason)))
}

impl Args {
    /// Returns the runs that cannot be read and are to be listed: a filter cannot find them.
    fn unreadable<'a>(&self, listing: &'a Listing) -> &'a [UnreadableRun] {
        if self.filter.is_empty() && self.csv.is_none() {
            return &listing.unreadable;
        }
        warn_of_unreadable(listing);
        &[]
    }

    fn chosen<'a>(&self, records: &'a [Record]) -> anyhow::Result<Vec<&'a Record>> {
        let text = self.filter.join(" ");
        let wrong = |error| UsageError(format!("invalid filter `{text}`: {error}"));
        let query = Query::parse(&text).map_err(wrong)?;
        if !records.is_empty() {
            let example = |column: &Column| records.iter().find_map(|r| column.value(r));
            query.check(example).map_err(wrong)?;
        }
        let has_archived = self.all || text.contains("archived");
        let is_found = |r: &&Record| (has_archived || !r.notes.archived) && query.passes(r);
        let found: Vec<&Record> = records.iter().filter(is_found).collect();
        let order = sort(&found, &self.sort_keys(records)?);
        let n_left_out = found.len().saturating_sub(self.last.unwrap_or(usize::MAX));
        Ok(order[n_left_out..].iter().map(|&idx| found[idx]).collect())
    }

    fn sort_keys(&self, records: &[Record]) -> anyhow::Result<Vec<SortKey>> {
        let key = |text: &String| {
            let turned = text.strip_prefix('-');
            Ok(SortKey {
                column: column(turned.unwrap_or(text), records)?,
                is_descending: turned.is_some(),
            })
        };
        self.sort.iter().map(key).collect()
    }
}

/// The column that `text` names; in a workspace without runs, any.
fn column(text: &str, records: &[Record]) -> anyhow::Result<Column> {
    if records.is_empty() {
        return Ok(Column::parse(text));
    }
    Ok(Column::of_records(text, records).map_err(|e| UsageError(e.to_string()))?)
}

fn table(records: &[&Record], columns: &[Column]) -> anyhow::Result<()> {
    let heading = ["id".to_owned(), "name".to_owned()].into_iter();
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !records.is_empty() {
        rows.push(heading.chain(columns.iter().map(Column::name)).collect());
    }
    for record in records {
        let about = [record.id.to_string(), record.name.clone()].into_iter();
        rows.push(
            about
                .chain(columns.iter().map(|c| cell(c, record)))
                .collect(),
        );
    }
    let lines = aligned(&rows);
    lines
        .iter()
        .try_for_each(|line| out::print(line))
        .context("could not list the runs")
}

/// Formats a value with few digits; `--json` and `--csv` have all of them.
fn cell(column: &Column, record: &Record) -> String {
    if column.key() == "status" {
        return record.status.label().to_owned();
    }
    match column.value(record) {
        None => "–".to_owned(),
        Some(Value::Number(number)) if column.metric().is_some() => {
            let rounded = (number * 1e4).round() / 1e4;
            format!("{rounded}")
        }
        Some(value) => value.to_string(),
    }
}
