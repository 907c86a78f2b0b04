//! `candle-studio runs check`.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::out;
use crate::runs::{Finding, FindingKind, check_workspace};
use crate::sweep::SweepFolder;
use crate::text::count;

/// The arguments of `runs check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON line per finding, and one for the result.
    #[arg(long)]
    json: bool,
}

/// The result as JSON.
#[derive(Serialize)]
struct ResultLine {
    event: &'static str,
    runs: usize,
    sweeps: usize,
    /// Findings that are not merely left over.
    problems: usize,
}

pub(super) fn run(args: &Args, workspace: &Path) -> anyhow::Result<ExitCode> {
    let (n_runs, mut findings) = check_workspace(workspace)?;
    let sweeps = SweepFolder::list(workspace);
    for sweep in &sweeps {
        if let Err(error) = SweepFolder::read(sweep) {
            findings.push(Finding::new(FindingKind::Damaged, sweep, error));
        }
    }
    let n_bad = findings.iter().filter(|finding| finding.is_bad()).count();
    if args.json {
        findings.iter().try_for_each(out::print_json)?;
        out::print_json(&ResultLine {
            event: "checked",
            runs: n_runs,
            sweeps: sweeps.len(),
            problems: n_bad,
        })?;
    } else {
        findings.iter().try_for_each(print)?;
        let problems = match n_bad {
            0 => "no problems".to_owned(),
            n => count(n, "problem"),
        };
        out::print(&format!(
            "checked {} and {}: {problems}",
            count(n_runs, "run"),
            count(sweeps.len(), "sweep")
        ))?;
    }
    Ok(if n_bad > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print(finding: &Finding) -> anyhow::Result<()> {
    let kind = match finding.kind {
        FindingKind::Damaged => "damaged",
        FindingKind::Missing => "missing",
        FindingKind::Orphan => "orphan",
        FindingKind::Leftover => "leftover",
    };
    let path = finding.path.display();
    out::print(&format!("{kind}: {path}: {}", finding.reason))
}
