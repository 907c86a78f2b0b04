//! `candle-studio plot`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use super::which::{run_folder, run_folders};
use super::{UsageError, out};
use crate::picture::{Curve, CurvesView, DARK, LIGHT, PictureFormat, Spread, XAxis, curves};
use crate::runs::{RunFolder, RunId, RunState};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs: folders, or ids or names in the workspace.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// File to write, ending in .svg or .png.
    #[arg(long, short, value_name = "FILE", default_value = "curves.svg")]
    out: PathBuf,
    /// What the curves are drawn against; seconds leave out pauses.
    #[arg(long, value_enum, default_value = "epoch")]
    x: X,
    /// Draw the horizontal axis logarithmically.
    #[arg(long)]
    log_x: bool,
    /// Draw the loss linearly instead of logarithmically.
    #[arg(long)]
    linear_loss: bool,
    /// Updates the curves are averaged over.
    #[arg(long, value_name = "STEPS", default_value_t = 50)]
    smoothing: u32,
    /// Draw runs that differ in their seed alone as one, with this spread around their mean.
    #[arg(long, value_enum)]
    bands: Option<Bands>,
    /// Draw the difference to this run, one of those given.
    #[arg(long, value_name = "RUN")]
    baseline: Option<PathBuf>,
    /// Draw for dark pages.
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
    /// One standard deviation to both sides.
    Deviation,
}

/// Reads `1000x700`.
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
    // Better now than after everything was read.
    PictureFormat::of(&args.out).map_err(|e| UsageError(e.to_string()))?;
    let id = |path: &Path| -> anyhow::Result<RunId> {
        // `.` and `runs/..` have names, too.
        let path = path
            .canonicalize()
            .with_context(|| format!("could not open {}", path.display()))?;
        Ok(RunId::of_folder(&path))
    };
    let mut states: Vec<(RunId, RunState)> = Vec::new();
    for path in run_folders(&args.runs, workspace)? {
        states.push((id(&path)?, RunFolder::open(&path)?.replay()?));
    }
    let baseline = args.baseline.as_ref();
    let baseline = baseline
        .map(|run| id(&run_folder(run, workspace)?))
        .transpose()?;
    if let Some(baseline) = &baseline
        && states.iter().all(|(id, _)| id != baseline)
    {
        let message = format!("the baseline {baseline} is none of the runs given");
        return Err(UsageError(message).into());
    }
    let list: Vec<Curve<'_>> = states.iter().map(|(id, run)| Curve { id, run }).collect();
    let palette = if args.dark { &DARK } else { &LIGHT };
    let picture = curves(&list, &view(args, baseline), args.size, palette);
    picture.write(&args.out)?;
    out::say(&format!("wrote {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

fn view(args: &Args, baseline: Option<RunId>) -> CurvesView {
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
        bands: args.bands.map(|bands| match bands {
            Bands::Range => Spread::Range,
            Bands::Deviation => Spread::Deviation,
        }),
        baseline,
        colors: std::sync::Arc::default(),
    }
}
