//! `candle-studio plot`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::resolve_run::{run_folder, run_folders};
use super::{UsageError, out};
use crate::picture::{Curve, CurvesView, DARK, LIGHT, PictureFormat, Spread, XAxis, curves};
use crate::runs::table::{Column, GroupBy};
use crate::runs::{Record, RunFolder, RunState};

/// The arguments of `plot`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs: folders, or ids or names in the workspace.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Output file, ending in .svg or .png.
    #[arg(long, short, value_name = "FILE", default_value = "curves.svg")]
    out: PathBuf,
    /// Unit of the x axis; seconds exclude pauses.
    #[arg(long, value_enum, default_value = "epoch")]
    x: X,
    /// Use a logarithmic x axis.
    #[arg(long)]
    log_x: bool,
    /// Use a linear y axis for the loss instead of a logarithmic one.
    #[arg(long)]
    linear_loss: bool,
    /// Number of updates to average over.
    #[arg(long, value_name = "STEPS", default_value_t = 50)]
    smoothing: u32,
    /// Draw the batches of a single run as points.
    #[arg(long)]
    batches: bool,
    /// Draw each group of runs as its mean, with this band around it.
    #[arg(long, value_enum)]
    bands: Option<Bands>,
    /// Group runs by this setting, named as in `runs list` [default: runs that differ only in the
    /// seed].
    #[arg(long, value_name = "KEY", requires = "bands")]
    group_by: Option<String>,
    /// Draw the difference from this run.
    #[arg(long, value_name = "RUN")]
    baseline: Option<PathBuf>,
    /// Use the dark theme.
    #[arg(long)]
    dark: bool,
    /// Width and height in points.
    #[arg(long, value_name = "WxH", default_value = "1000x700", value_parser = size)]
    size: [f32; 2],
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum X {
    Epoch,
    Step,
    Images,
    Seconds,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Bands {
    /// From the smallest to the largest.
    Range,
    /// One standard deviation on both sides.
    Deviation,
}

/// Parses `1000x700`.
fn size(text: &str) -> Result<[f32; 2], String> {
    let numbers = text.split_once('x').and_then(|(w, h)| {
        let number = |t: &str| t.parse::<u16>().ok().filter(|n| (300..=10_000).contains(n));
        Some([number(w)?, number(h)?])
    });
    let [width, height] = numbers.ok_or_else(|| {
        format!("expected width x height from 300 to 10000, such as 1000x700, found {text}")
    })?;
    Ok([f32::from(width), f32::from(height)])
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    // Fail now rather than after everything was read.
    PictureFormat::of(&args.out).map_err(|e| UsageError(e.to_string()))?;
    let runs = run_folders(&args.runs, workspace)?;
    let runs = runs
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let baseline = args.baseline.as_ref();
    let baseline = baseline.map(|run| run_folder(run, workspace)).transpose()?;
    let baseline = baseline.map(|path| read(&path)).transpose()?;
    let list: Vec<Curve<'_>> = runs
        .iter()
        .map(|(record, run)| Curve { record, run })
        .collect();
    let palette = if args.dark { &DARK } else { &LIGHT };
    let baseline = baseline.as_ref().map(|(_, run)| run);
    let picture = curves(&list, baseline, &view(args), args.size, palette);
    picture.write(&args.out)?;
    out::eprint(&format!("wrote {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Reads the record and the state of a run, under its current name.
fn read(path: &Path) -> anyhow::Result<(Record, RunState)> {
    let record = Record::read(path)?;
    let mut state = RunFolder::open(path)?.replay()?;
    state.name.clone_from(&record.name);
    Ok((record, state))
}

fn view(args: &Args) -> CurvesView {
    CurvesView {
        x_axis: match args.x {
            X::Epoch => XAxis::Epoch,
            X::Step => XAxis::Step,
            X::Images => XAxis::Images,
            X::Seconds => XAxis::Time,
        },
        is_x_log: args.log_x,
        is_loss_log: !args.linear_loss,
        smoothing_steps: f64::from(args.smoothing.max(1)),
        shows_batches: args.batches,
        bands: args.bands.map(|bands| match bands {
            Bands::Range => Spread::Range,
            Bands::Deviation => Spread::Deviation,
        }),
        group: match args.group_by.as_deref() {
            None => GroupBy::AllButSeed,
            Some(key) => GroupBy::Column(Column::parse(key)),
        },
    }
}
