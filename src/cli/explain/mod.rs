//! `candle-studio explain`.

mod file;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use clap::builder::{PossibleValuesParser, TypedValueParser as _, ValueParser};
use serde::Serialize;

use super::open_model::NetworkArgs;
use super::predict::images;
use super::resolve_run::model_file;
use super::{UsageError, out};
use crate::data::unit_values;
use crate::explain::{Attribution, ExplainError, Method, Target, attribute, random_weights};
use crate::model::Classifier;
use crate::text;
use file::Form;

/// The arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A model file, of this program, PyTorch, ONNX or Keras; or a run: its folder, or its id or name in
    /// the workspace.
    model: PathBuf,
    /// An image in any size, or `-` for one on standard input.
    image: PathBuf,
    /// How the answer is explained.
    #[arg(long, default_value = "integrated-gradients", value_parser = methods())]
    method: Method,
    /// The class to explain, by name or index from 0 [default: the network's answer].
    #[arg(long, value_name = "CLASS")]
    target: Option<String>,
    /// Explain the difference from the logit of this class: why the target, and not this one?
    #[arg(long, value_name = "CLASS")]
    against: Option<String>,
    /// The convolution that Grad-CAM looks at, such as `conv1` [default: the last one].
    #[arg(long)]
    layer: Option<String>,
    /// Keep what speaks against the class in Grad-CAM's map.
    #[arg(long)]
    no_relu: bool,
    /// Explain the same network with random weights: where its map looks the same, the map does not
    /// show what was learned.
    #[arg(long, value_name = "SEED", num_args = 0..=1, default_missing_value = "0")]
    random_weights: Option<u64>,
    /// Output file: .png for a picture of the map over the input, .npy for its values as a float32
    /// array `[channels, height, width]`.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

fn methods() -> ValueParser {
    PossibleValuesParser::new(Method::all().map(|method| method.name()))
        .try_map(|name| Method::named(&name).ok_or("no such method"))
        .into()
}

#[derive(Serialize)]
struct Line<'a> {
    image: String,
    method: &'a str,
    /// The convolution, of Grad-CAM only.
    layer: Option<&'a str>,
    target: &'a str,
    target_index: usize,
    against: Option<&'a str>,
    against_index: Option<usize>,
    /// The logit of the target, minus that of `against`.
    value: f32,
    /// The share of the difference from a black image that the map accounts for, of integrated
    /// gradients only.
    completeness: Option<f64>,
    /// The sum of the map minus that difference.
    convergence_delta: Option<f64>,
    out: String,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let form = Form::of(&args.out)?;
    let method = args.method()?;
    let path = model_file(&args.model, workspace)?;
    let classifier = args.network.open(&path, workspace)?;
    let name = args.image.display().to_string();
    let shape = classifier.network.spec().input;
    let input = classifier
        .recipe()
        .input(&images::read(&args.image)?.into(), shape)
        .with_context(|| format!("{name} is blank: it has one color only"))?;
    let input: Vec<f32> = unit_values(&input).collect();
    let found = args
        .explain(&classifier, &input, &method)
        .with_context(|| format!("could not explain {name}"));
    let found = found.map_err(usage)?;
    form.write(&args.out, &found, &input)?;
    let line = args.line(&classifier.classes, &method, &found);
    match args.json {
        true => out::print_json(&line)?,
        false => out::print(&sentence(&line, &method))?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// The method with the settings of the other arguments.
    fn method(&self) -> anyhow::Result<Method> {
        let mut method = self.method.clone();
        match &mut method {
            Method::GradCam { layer, relu } => {
                layer.clone_from(&self.layer);
                *relu = !self.no_relu;
            }
            _ if self.layer.is_some() || self.no_relu => {
                let flag = if self.no_relu { "--no-relu" } else { "--layer" };
                let text = format!("{flag} is for --method grad-cam only");
                return Err(UsageError(text).into());
            }
            _ => {}
        }
        Ok(method)
    }

    fn explain(
        &self,
        classifier: &Classifier,
        input: &[f32],
        method: &Method,
    ) -> anyhow::Result<Attribution> {
        let class = |text: &Option<String>| {
            let class = text.as_deref().map(|text| class(&classifier.classes, text));
            class.transpose()
        };
        let mut target = Target {
            class: class(&self.target)?,
            against: class(&self.against)?,
        };
        // Nobody can stop the command in order: Ctrl-C ends it.
        let never = AtomicBool::new(false);
        let Some(seed) = self.random_weights else {
            return Ok(attribute(
                &classifier.network,
                input,
                method,
                target,
                &never,
            )?);
        };
        // The answer of the trained network, not of the random one.
        let trained = attribute(
            &classifier.network,
            input,
            &Method::Saliency,
            target,
            &never,
        )?;
        target.class = Some(trained.class);
        let random = random_weights(classifier, seed)?;
        Ok(attribute(&random.network, input, method, target, &never)?)
    }

    fn line<'a>(
        &'a self,
        classes: &'a [String],
        method: &'a Method,
        found: &'a Attribution,
    ) -> Line<'a> {
        let completeness = found.completeness;
        Line {
            image: self.image.display().to_string(),
            method: method.name(),
            layer: found.layer.as_deref(),
            target: &classes[found.class],
            target_index: found.class,
            against: found.against.map(|class| classes[class].as_str()),
            against_index: found.against,
            value: found.value,
            completeness: completeness.and_then(|c| c.share()),
            convergence_delta: completeness.map(|c| c.sum - c.difference),
            out: self.out.display().to_string(),
        }
    }
}

/// Wrong names of classes and layers are wrong usage.
fn usage(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<ExplainError>() {
        Some(
            error @ (ExplainError::Layer { .. }
            | ExplainError::NoConvolution
            | ExplainError::SameClass(_)),
        ) => UsageError(error.to_string()).into(),
        _ => error,
    }
}

/// The class called `text`, or of that index.
fn class(classes: &[String], text: &str) -> anyhow::Result<usize> {
    let by_name = classes.iter().position(|name| name == text);
    let by_index = || text.parse().ok().filter(|idx| *idx < classes.len());
    by_name.or_else(by_index).ok_or_else(|| {
        const MOST: usize = 20;
        let mut names = classes[..classes.len().min(MOST)].join(", ");
        if classes.len() > MOST {
            names += &format!(" and {} more", classes.len() - MOST);
        }
        UsageError(format!(
            "expected one of the classes {names}, found `{text}`"
        ))
        .into()
    })
}

fn sentence(line: &Line<'_>, method: &Method) -> String {
    let Line {
        image,
        target,
        value,
        out,
        ..
    } = line;
    let by = match line.layer {
        Some(layer) => format!("{} at {layer}", method.label()),
        None => method.label().to_owned(),
    };
    let what = match line.against {
        Some(against) => format!("{target} against {against}, difference of the logits {value:.2}"),
        None => format!("{target}, logit {value:.2}"),
    };
    let whole = line.completeness.map_or(String::new(), |share| {
        let share = text::percent_exact(share);
        format!("; accounts for {share} of the difference from a black image")
    });
    format!("{image}: {by} for {what}{whole}; wrote {out}")
}
