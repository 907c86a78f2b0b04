//! `candle-studio export`.

mod engines;
mod int8;
mod output;
#[cfg(feature = "age")]
mod seal;
mod source;
mod target;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;

use self::output::{Output, Written};
use self::source::Source;
use self::target::{Target, targets};
use super::open_model::NetworkArgs;
use super::{UsageError, out};
use crate::data::Dataset;
use crate::export::model::{InputType, ModelExport, OnnxOptions, Opset, check_finite};

/// The arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run: its folder, or its id or name in the workspace; or a model file.
    model: PathBuf,
    /// Write an ONNX file: preprocessing, network and softmax in one graph, for onnxruntime and
    /// everything else that reads ONNX. Of this and of the other files, `-` is standard output.
    #[arg(long, value_name = "FILE")]
    onnx: Option<PathBuf>,
    /// Write a folder: the ONNX file, its labels, tensors to test it with, and a Python script that
    /// classifies pictures.
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Write a model of this program: the weights, their layers, the names of the classes, and how it
    /// was trained, if that is known.
    #[arg(long, value_name = "FILE")]
    safetensors: Option<PathBuf>,
    /// Write a page with the model inside: a canvas and the answer as bars. It opens by double click
    /// and needs no network.
    #[arg(long, value_name = "FILE")]
    web: Option<PathBuf>,
    /// Write a folder with a program in a LANGUAGE, pytorch, keras or rust (with candle), which builds
    /// the network, loads its weights and trains it further; can be repeated.
    #[arg(long, num_args = 2, value_names = ["LANGUAGE", "DIR"])]
    code: Vec<PathBuf>,
    /// Write a model card, Markdown as model hubs read it: data, training, numbers with intervals,
    /// limits.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
    /// What the ONNX file takes: `uint8` for pixels from 0 to 255, `f32` for values from 0 to 1.
    #[arg(long, value_enum, default_value_t)]
    input: InputType,
    /// The version of ONNX's operators: 17, or 13 for old runtimes.
    #[arg(long, value_enum, default_value_t)]
    opset: Opset,
    /// Beside the ONNX file, write its int8 twin FILE.int8.onnx, calibrated on training images: a
    /// quarter of the size; the two are compared on the test images.
    #[arg(long, requires = "onnx")]
    int8: bool,
    /// The license that the card names, such as mit or cc-by-4.0.
    #[arg(long, value_name = "ID", default_value = "unknown")]
    license: String,
    /// The dataset that the card's numbers are measured on and an int8 twin is calibrated on
    /// [default: the one the model was trained on].
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Print one JSON line: what was written.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    engines: engines::EngineArgs,
    #[cfg(feature = "age")]
    #[command(flatten)]
    seal: seal::SealArgs,
    #[command(flatten)]
    network: NetworkArgs,
}

impl clap::ValueEnum for InputType {
    fn value_variants<'a>() -> &'a [InputType] {
        &InputType::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

impl clap::ValueEnum for Opset {
    fn value_variants<'a>() -> &'a [Opset] {
        &Opset::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

#[derive(Serialize)]
struct Line<'a> {
    model: &'a str,
    files: &'a [Written],
    #[serde(skip_serializing_if = "Option::is_none")]
    int8: Option<&'a int8::Comparison>,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let targets = targets(args)?;
    let output = Output::new(args, &targets)?;
    let source = Source::open(args, workspace)?;
    let model = source.exported();
    check_finite(model.classifier).with_context(|| format!("could not export {}", model.name))?;
    let dataset = dataset(args, &source, workspace)?;
    let export = ModelExport {
        model,
        options: OnnxOptions {
            opset: args.opset,
            input: args.input,
        },
        dataset: dataset.as_ref(),
        license: &args.license,
    };
    let mut written = Vec::new();
    for target in &targets {
        written.extend(output.write(target, target.kind.content(&export)?)?);
    }
    let mut comparison = None;
    if let (true, Some(file), Some(dataset)) = (args.int8, &args.onnx, &dataset) {
        let (twin, compared) = int8::write(&output, &export, dataset, file)?;
        written.extend(twin);
        comparison = Some(compared);
    }
    if args.json {
        out::print_json(&Line {
            model: model.name,
            files: &written,
            int8: comparison.as_ref(),
        })?;
    } else {
        tell(args, &targets, comparison.as_ref());
    }
    Ok(ExitCode::SUCCESS)
}

/// The data that an int8 twin is calibrated on and the numbers of a card are of, if one is wanted.
fn dataset(
    args: &Args,
    source: &Source,
    workspace: Option<&Path>,
) -> anyhow::Result<Option<Dataset>> {
    if !args.int8 && args.card.is_none() {
        return Ok(None);
    }
    let dataset = source.dataset(args.data.as_deref(), workspace)?;
    if args.int8 && dataset.is_none() {
        let text = "an int8 twin is calibrated on training images, and those of the model are not \
                    known: name its dataset with --data";
        return Err(UsageError(text.to_owned()).into());
    }
    Ok(dataset)
}

fn tell(args: &Args, targets: &[Target<'_>], comparison: Option<&int8::Comparison>) {
    for target in targets.iter().filter(|target| !target.is_standard()) {
        out::eprint(&format!("wrote {}", target.path.display()));
    }
    if let (Some(comparison), Some(onnx)) = (comparison, &args.onnx) {
        out::eprint(&format!("wrote {}", int8::path(onnx).display()));
        int8::tell(comparison);
    }
}
