//! The int8 twin beside an ONNX file, and how the two compare.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::output::{Output, Written};
use super::target::{Kind, Target};
use crate::cli::out;
use crate::compare::{BOOTSTRAP_SEED, Paired, disagreements, image_words};
use crate::data::Dataset;
use crate::evaluate::{Predictions, SplitName};
use crate::export::model::{Content, ModelExport, ModelFormat, int8_twin, onnx};
use crate::text;

/// How a model and its int8 twin answer the same test images.
#[derive(Serialize)]
pub(super) struct Comparison {
    test_images: usize,
    test_accuracy: f64,
    int8_test_accuracy: f64,
    /// The images to which the answers differ, by their numbers in the test set.
    flipped: Vec<u32>,
    mcnemar_p: f64,
    #[serde(skip)]
    words: String,
}

/// The file of the twin: `digits.int8.onnx` beside `digits.onnx`.
pub(super) fn path(onnx: &Path) -> PathBuf {
    onnx.with_extension("int8.onnx")
}

/// Writes the twin beside the ONNX file, and evaluates both.
pub(super) fn write(
    output: &Output,
    export: &ModelExport<'_>,
    dataset: &Dataset,
    file: &Path,
) -> anyhow::Result<(Vec<Written>, Comparison)> {
    let model = export.model;
    let twin = int8_twin(model.classifier, dataset)?;
    let bytes = onnx(&twin, export.options, model.fingerprint)?;
    let target = Target {
        kind: Kind::Format(ModelFormat::Int8),
        path: &path(file),
    };
    let written = output.write(&target, Content::File(bytes))?;
    let (set, indices) = SplitName::Test.images(dataset, model.classifier)?;
    let predictions = |classifier| {
        let made = Predictions::new(classifier, &set, &indices);
        made.with_context(|| format!("could not evaluate {} on {}", model.name, dataset.name))
    };
    let (ours, rounded) = (predictions(model.classifier)?, predictions(&twin)?);
    let paired = Paired::of(&ours, &rounded);
    let test = paired.test(BOOTSTRAP_SEED);
    let mut flipped: Vec<u32> = disagreements(&ours, &rounded)
        .iter()
        .map(|d| ours.images()[d.image])
        .collect();
    flipped.sort_unstable();
    let comparison = Comparison {
        test_images: ours.len(),
        test_accuracy: ours.top_k(1),
        int8_test_accuracy: rounded.top_k(1),
        flipped,
        mcnemar_p: test.p,
        words: image_words(&paired, &test, ["the int8", "the f32"]),
    };
    Ok((written, comparison))
}

/// Says how the two compare.
pub(super) fn tell(comparison: &Comparison) {
    /// Most images that are named.
    const MOST: usize = 20;
    let [f32, int8] = [comparison.test_accuracy, comparison.int8_test_accuracy];
    out::eprint(&format!(
        "int8: test accuracy {} instead of {}; {} of {} answers differ",
        text::percent_exact(int8),
        text::percent_exact(f32),
        comparison.flipped.len(),
        text::thousands(comparison.test_images as u64),
    ));
    out::eprint(&comparison.words);
    if !comparison.flipped.is_empty() {
        let numbers = comparison.flipped.iter().take(MOST).map(u32::to_string);
        let more = match comparison.flipped.len() > MOST {
            true => ", …",
            false => "",
        };
        let numbers = numbers.collect::<Vec<_>>().join(", ");
        out::eprint(&format!(
            "test images answered differently: {numbers}{more}"
        ));
    }
}
