//! `candle-studio bench`: how fast this machine trains, in about 20 seconds.

mod sketch;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::open_data::open_data;
use super::out;
use crate::data::{Dataset, ImageSet};
use crate::kernels::{self, InstructionSet};
use crate::model::{Layer, ModelSpec, PRESETS, Preset, preset};
use crate::text;
use crate::train::{Control, Event, Job, Observer, Outcome, StepPoint, TrainConfig, train};

/// The arguments of `bench`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Number of threads [default: all processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print JSON lines: one for the machine, one per preset, one for a sketch, one for the time to
    /// 99 %.
    #[arg(long)]
    json: bool,
    /// Finish in a moment and skip the time to 99 %: for tests.
    #[arg(long, hide = true)]
    short: bool,
}

/// The preset whose time to 99 % is measured.
const GOAL: &str = "fast";

/// The network that classifies the sketch.
const REFERENCE: &str = "keras-cnn";

/// Share of the 20 seconds for one preset.
const PER_PRESET: Duration = Duration::from_millis(1_800);

#[derive(Serialize)]
struct MachineLine {
    event: &'static str,
    threads: usize,
    instructions: &'static str,
    /// Peak of the machine: fused multiply-adds and nothing else, on all threads.
    peak_gflops: f64,
}

#[derive(Serialize)]
struct PresetLine {
    event: &'static str,
    preset: &'static str,
    batch_size: usize,
    images_per_second: f64,
    gflops: f64,
    share_of_peak: f64,
}

#[derive(Serialize)]
struct SketchLine {
    event: &'static str,
    preset: &'static str,
    /// From the sketch to the probabilities; median.
    milliseconds: f64,
}

#[derive(Serialize)]
struct GoalLine {
    event: &'static str,
    preset: &'static str,
    test_accuracy: f64,
    /// Unpacking the images, and training.
    seconds: f64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Some(threads) = args.threads {
        kernels::set_threads(threads.into());
    }
    let start = Instant::now();
    let dataset = Arc::new(open_data(None, None)?);
    let load_time = start.elapsed();
    let divide = if args.short { 50 } else { 1 };
    let peak = measure_machine(args, PER_PRESET / 4 / divide)?;
    let few_tests = Arc::new(with_few_tests(&dataset)?);
    for preset in PRESETS {
        measure_preset(args, preset, &few_tests, PER_PRESET / divide, peak)?;
    }
    drop(few_tests);
    measure_sketch(args, PER_PRESET / 4 / divide)?;
    match preset(GOAL) {
        Some(goal) if !args.short => reach_goal(args, goal, dataset, load_time)?,
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Prints a result as JSON or text.
    fn print(&self, line: &impl Serialize, words: &str) -> anyhow::Result<()> {
        if self.json {
            out::print_json(line)
        } else {
            out::print(words)
        }
    }
}

/// Prints the peak of the machine, in operations per second.
fn measure_machine(args: &Args, time: Duration) -> anyhow::Result<f64> {
    let peak = kernels::peak_flops(time);
    let line = MachineLine {
        event: "machine",
        threads: kernels::threads(),
        instructions: match kernels::instruction_set() {
            InstructionSet::Avx512 => "AVX-512",
            InstructionSet::Avx2 => "AVX2",
            InstructionSet::Portable => "portable",
        },
        peak_gflops: peak / 1e9,
    };
    let words = format!(
        "{}, {} instructions: peak {:.0} GFLOP/s\n\n{:<10} {:>6} {:>10} {:>9} {:>8}",
        text::count(line.threads, "thread"),
        line.instructions,
        line.peak_gflops,
        "training",
        "batch",
        "images/s",
        "GFLOP/s",
        "of peak"
    );
    args.print(&line, &words)?;
    Ok(peak)
}

/// Every run ends with the test images, which are not timed here.
fn with_few_tests(dataset: &Dataset) -> anyhow::Result<Dataset> {
    let test = &dataset.test;
    let n = test.len().min(100);
    let pixels = (0..n).flat_map(|i| test.image(i)).copied().collect();
    Ok(Dataset {
        test: ImageSet::new(test.shape(), pixels, test.labels()[..n].to_vec())?,
        ..dataset.clone()
    })
}

fn measure_preset(
    args: &Args,
    preset: &'static Preset,
    dataset: &Arc<Dataset>,
    time: Duration,
    peak: f64,
) -> anyhow::Result<()> {
    let control = Control::default();
    let mut watch = Watch::new(&control, Some(time));
    let (config, _) = train_preset(preset, dataset, &control, &mut watch)?;
    let images_per_second = watch.images_per_second();
    let flops = images_per_second * training_flops(&config.model)?;
    let line = PresetLine {
        event: "preset",
        preset: preset.name,
        batch_size: config.batch_size,
        images_per_second,
        gflops: flops / 1e9,
        share_of_peak: flops / peak,
    };
    let words = format!(
        "{:<10} {:>6} {:>10.0} {:>9.1} {:>6.0} %",
        line.preset,
        line.batch_size,
        line.images_per_second,
        line.gflops,
        100.0 * line.share_of_peak
    );
    args.print(&line, &words)
}

/// Prints how long a sketch waits for its prediction.
fn measure_sketch(args: &Args, time: Duration) -> anyhow::Result<()> {
    let line = SketchLine {
        event: "sketch",
        preset: REFERENCE,
        milliseconds: 1e3 * sketch::answer_secs(REFERENCE, time)?,
    };
    let words = format!(
        "\nOne sketch, classified by {}: {:.2} ms",
        line.preset, line.milliseconds
    );
    args.print(&line, &words)
}

/// Trains by the recipe to its end.
fn reach_goal(
    args: &Args,
    preset: &'static Preset,
    dataset: Arc<Dataset>,
    load_time: Duration,
) -> anyhow::Result<()> {
    let control = Control::default();
    let mut watch = Watch::new(&control, None);
    let (_, outcome) = train_preset(preset, &dataset, &control, &mut watch)?;
    let Some(test) = outcome.test else {
        anyhow::bail!("the recipe of {} did not train", preset.name);
    };
    let line = GoalLine {
        event: "goal",
        preset: preset.name,
        test_accuracy: test.accuracy,
        seconds: load_time.as_secs_f64() + outcome.train_secs,
    };
    let words = format!(
        "\n{}: from compressed images to {} test accuracy in {:.1} s",
        line.preset,
        text::percent_exact(line.test_accuracy),
        line.seconds
    );
    args.print(&line, &words)
}

/// Trains by the preset's own recipe, on all training images.
fn train_preset(
    preset: &Preset,
    dataset: &Arc<Dataset>,
    control: &Control,
    watch: &mut Watch<'_>,
) -> anyhow::Result<(TrainConfig, Outcome)> {
    let n_images = dataset.train.len();
    let mut config = TrainConfig::new(preset, dataset.image_shape(), dataset.n_classes(), n_images);
    config.n_validation = 0;
    let job = match Job::new(config.clone(), dataset.clone()) {
        Ok(job) => job,
        Err(errors) => anyhow::bail!("{}: {errors:?}", preset.name),
    };
    Ok((config, train(&job, control, watch)?))
}

/// Stops a network's training when its time is up.
struct Watch<'a> {
    control: &'a Control,
    time: Option<Duration>,
    start: Instant,
    /// The end of the warm-up, and the last update so far.
    span: Option<(StepPoint, StepPoint)>,
}

impl<'a> Watch<'a> {
    fn new(control: &'a Control, time: Option<Duration>) -> Watch<'a> {
        Watch {
            control,
            time,
            start: Instant::now(),
            span: None,
        }
    }

    fn images_per_second(&self) -> f64 {
        self.span.map_or(0.0, |(first, last)| {
            (last.images - first.images) as f64 / (last.secs - first.secs)
        })
    }
}

impl Observer for Watch<'_> {
    fn event(&mut self, event: &Event) {
        let Event::Steps { points } = event else {
            return;
        };
        let Some(&last) = points.last() else { return };
        match &mut self.span {
            Some((_, end)) => *end = last,
            None => self.span = Some((last, last)),
        }
        // At least two updates: the first one grows the buffers and does not count.
        let is_measured = self.span.is_some_and(|(first, end)| end.step > first.step);
        if is_measured && self.time.is_some_and(|time| self.start.elapsed() >= time) {
            self.control.stop();
        }
    }
}

/// Returns the floating-point operations needed to train on one image: the products of the layers
/// and of their two gradients. The image itself needs no gradient (but the state of a recurrent layer
/// that reads it does), and only the values that a max pool let through have one.
fn training_flops(spec: &ModelSpec) -> anyhow::Result<f64> {
    let report = spec.report()?;
    let mut flops = 0.0;
    let mut is_first = true;
    for (idx, layer) in report.layers.iter().enumerate() {
        if layer.multiply_adds == 0 {
            continue;
        }
        let after = spec.layers.iter().zip(&report.layers).skip(idx + 1);
        let mut after = after.skip_while(|(l, _)| matches!(l, Layer::Relu));
        let with_gradient = match after.next() {
            Some((Layer::MaxPool2d(_), pool)) => {
                pool.output.n_values() as f64 / layer.output.n_values() as f64
            }
            _ => 1.0,
        };
        let gradients = match is_first {
            true => 2.0 - image_share(spec, idx),
            false => 2.0,
        };
        flops += 2.0 * layer.multiply_adds as f64 * (1.0 + gradients * with_gradient.min(1.0));
        is_first = false;
    }
    Ok(flops)
}

/// The share of the products of layer `idx` that read its input, not the state of a recurrent layer
/// (or a layer below in its stack).
fn image_share(spec: &ModelSpec, idx: usize) -> f64 {
    let prefix = format!("{idx}.weight_");
    let shapes = spec.param_shapes().unwrap_or_default();
    let weights = shapes.iter().filter_map(|shape| {
        let name = shape.name.strip_prefix(&prefix)?;
        Some((name, shape.dims.iter().product::<usize>() as f64))
    });
    let (mut of_input, mut all) = (0.0, 0.0);
    for (name, n) in weights {
        all += n;
        of_input += if name.starts_with("ih_l0") { n } else { 0.0 };
    }
    if all > 0.0 { of_input / all } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_first_recurrent_layer_has_a_gradient() {
        for (name, millions) in [("lstm", 12.6), ("gru", 9.5)] {
            let spec = preset(name).unwrap().spec([1, 28, 28], 10);
            let flops = training_flops(&spec).unwrap();
            assert!(
                (flops / 1e6 / millions - 1.0).abs() < 0.01,
                "{name}: {flops}"
            );
        }
    }

    #[test]
    fn the_reference_needs_4_65_million_operations_an_image() {
        let spec = preset("keras-cnn").unwrap().spec([1, 28, 28], 10);
        // Forward; both gradients of the dense layers; a quarter of the convolution's one.
        let dense = 2.0 * (5408.0 * 128.0 + 128.0 * 10.0);
        let conv = 2.0 * 32.0 * 9.0 * 26.0 * 26.0;
        let expected = 3.0 * dense + 1.25 * conv;
        assert_eq!(training_flops(&spec).unwrap(), expected);
        assert!((expected / 4.65e6 - 1.0).abs() < 0.01, "{expected}");
    }
}
