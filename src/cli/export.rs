//! `candle-studio export`.

mod engines;
mod int8;
mod output;
#[cfg(feature = "age")]
mod seal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;

use self::output::{Output, Written, is_standard};
use super::open_data::{open_data, open_data_of};
use super::open_model::NetworkArgs;
use super::resolve_run::{model_file, run_folder};
use super::{UsageError, out};
use crate::data::{BuiltIn, Dataset};
use crate::evaluate::{Predictions, Report, SplitName};
use crate::export::model::{
    CardSubject, ExportedModel, InputType, Language, OnnxOptions, Opset, card, check_finite, onnx,
    page, write_bundle, write_code,
};
use crate::files;
use crate::model::Classifier;
use crate::runs::{DatasetRef, Record, RunFolder};

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
    /// the network, loads its weights and trains it further.
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
    check_targets(args)?;
    let output = Output::new(args)?;
    let source = Source::open(args, workspace)?;
    let model = source.exported();
    check_finite(model.classifier).with_context(|| format!("could not export {}", model.name))?;
    let options = OnnxOptions {
        opset: args.opset,
        input: args.input,
    };
    let mut written = Vec::new();
    if let Some(file) = &args.onnx {
        let bytes = onnx(model.classifier, options, model.fingerprint)?;
        written.push(output.write("onnx", file, &bytes)?);
    }
    let mut comparison = None;
    if let (true, Some(file)) = (args.int8, &args.onnx) {
        let dataset = source.dataset(args.data.as_deref(), workspace)?;
        let dataset = dataset.ok_or_else(|| {
            let text = "an int8 twin is calibrated on training images, and those of the model are \
                        not known: name its dataset with --data";
            UsageError(text.to_owned())
        })?;
        let (twin, compared) = int8::write(&output, &model, options, &dataset, file)?;
        written.push(twin);
        comparison = Some(compared);
    }
    if let Some(dir) = &args.bundle {
        for file in write_bundle(&model, options, dir)? {
            written.push(Written::of("bundle", &file)?);
        }
    }
    if let Some(file) = &args.safetensors {
        let bytes = model.classifier.to_bytes()?;
        written.push(output.write("safetensors", file, &bytes)?);
    }
    if let Some(file) = &args.web {
        written.push(output.write("web", file, page(&model)?.as_bytes())?);
    }
    if let Some((language, dir)) = code(args)? {
        for file in write_code(&model, language, dir)? {
            written.push(Written::of("code", &file)?);
        }
    }
    if let Some(file) = &args.card {
        let card = model_card(args, &source, workspace)?;
        written.push(output.write("card", file, card.as_bytes())?);
    }
    written.extend(args.engines.write(&model, options)?);
    tell(args, &model, &written, comparison.as_ref())?;
    Ok(ExitCode::SUCCESS)
}

/// Checks that there is something to write, and that it can be.
fn check_targets(args: &Args) -> anyhow::Result<()> {
    let files = [&args.onnx, &args.safetensors, &args.web, &args.card];
    let folders = [args.bundle.as_deref(), code(args)?.map(|(_, dir)| dir)];
    let is_any = files.iter().any(|file| file.is_some()) || folders.iter().any(Option::is_some);
    if !is_any && args.engines.targets().is_empty() {
        let text = "nothing to export to: use --onnx FILE, --bundle DIR, --web FILE, --card FILE, \
                    --safetensors FILE, --code pytorch DIR, or one of the engines that --help lists";
        return Err(UsageError(text.to_owned()).into());
    }
    for file in files.into_iter().flatten().filter(|f| !is_standard(f)) {
        files::check_writable(file)?;
    }
    args.engines.check()
}

/// The language and the folder of `--code`.
fn code(args: &Args) -> anyhow::Result<Option<(Language, &Path)>> {
    let [language, dir] = &args.code[..] else {
        return Ok(None);
    };
    let known = language.to_str().and_then(Language::named);
    let Some(known) = known else {
        let text = format!(
            "--code expects pytorch, keras or rust, found `{}`",
            language.display()
        );
        return Err(UsageError(text).into());
    };
    Ok(Some((known, dir)))
}

fn tell(
    args: &Args,
    model: &ExportedModel<'_>,
    written: &[Written],
    comparison: Option<&int8::Comparison>,
) -> anyhow::Result<()> {
    if args.json {
        return out::print_json(&Line {
            model: model.name,
            files: written,
            int8: comparison,
        });
    }
    let targets = [
        &args.onnx,
        &args.bundle,
        &args.safetensors,
        &args.web,
        &args.card,
    ];
    let targets = targets.map(Option::as_deref);
    let targets = targets.into_iter().flatten();
    let targets = targets.chain(code(args)?.map(|(_, dir)| dir));
    let engines = args.engines.targets().into_iter().map(|(_, path)| path);
    for path in targets.chain(engines).filter(|path| !is_standard(path)) {
        out::eprint(&format!("wrote {}", path.display()));
    }
    if let (Some(comparison), Some(onnx)) = (comparison, &args.onnx) {
        out::eprint(&format!("wrote {}", int8::path(onnx).display()));
        int8::tell(comparison);
    }
    Ok(())
}

/// The card, with what the model answers to the test images, if they are there.
fn model_card(args: &Args, source: &Source, workspace: Option<&Path>) -> anyhow::Result<String> {
    let model = source.exported();
    let dataset = source.dataset(args.data.as_deref(), workspace)?;
    let report = match &dataset {
        None => None,
        Some(dataset) => {
            let (set, indices) = SplitName::Test.images(dataset, model.classifier)?;
            let predictions =
                Predictions::new(model.classifier, &set, &indices).with_context(|| {
                    format!("could not evaluate {} on {}", model.name, dataset.name)
                })?;
            Some(Report::new(&predictions, &model.classifier.classes))
        }
    };
    Ok(card(&CardSubject {
        model,
        license: &args.license,
        evaluation: dataset.as_ref().zip(report.as_ref()),
    }))
}

/// The model, with the data of its run if it is of one.
struct Source {
    name: String,
    classifier: Classifier,
    data: Option<DatasetRef>,
}

impl Source {
    fn open(args: &Args, workspace: Option<&Path>) -> anyhow::Result<Source> {
        let text = args.model.as_path();
        let path = model_file(text, workspace)?;
        let classifier = args.network.open(&path, workspace)?;
        if path == text {
            let stem = path.file_stem().unwrap_or_default();
            return Ok(Source {
                name: stem.to_string_lossy().into_owned(),
                classifier,
                data: None,
            });
        }
        let folder = run_folder(text, workspace)?;
        Ok(Source {
            name: Record::read(&folder)?.name,
            classifier,
            data: Some(RunFolder::open(&folder)?.manifest().data.clone()),
        })
    }

    fn exported(&self) -> ExportedModel<'_> {
        ExportedModel {
            name: &self.name,
            classifier: &self.classifier,
            fingerprint: self.data.as_ref().map(|data| data.fingerprint.as_str()),
        }
    }

    /// The dataset that `--data` names, or that the model was trained on; `None` for a model file
    /// that was trained on data of which only the name is known.
    fn dataset(
        &self,
        name: Option<&Path>,
        workspace: Option<&Path>,
    ) -> anyhow::Result<Option<Dataset>> {
        if let Some(data) = &self.data {
            let dataset = open_data_of(data, name, workspace)?;
            data.check(&self.name, &dataset)?;
            return Ok(Some(dataset));
        }
        if let Some(name) = name {
            return Ok(Some(open_data(Some(name), workspace)?));
        }
        let built_in = BuiltIn::named(&self.classifier.provenance.dataset);
        Ok(built_in.map(BuiltIn::open).transpose()?)
    }
}
