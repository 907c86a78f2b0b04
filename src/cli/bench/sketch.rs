//! How long a sketch waits for its prediction.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use candle_core::Device;

use crate::data::GrayImage;
use crate::model::{Classifier, Network, preset};
use crate::predict::classify;

/// Height and width of a sketch, in pixels, as the window has them.
const SIDE: usize = 280;

/// Returns the median seconds from a sketch of 280 × 280 pixels to the probabilities of the network
/// `name`, as in the window; repeats for about `time`. The weights do not change the time, so they
/// are the initial ones.
pub(super) fn answer_secs(name: &str, time: Duration) -> anyhow::Result<f64> {
    let preset = preset(name).with_context(|| format!("there is no preset {name}"))?;
    let spec = preset.spec([1, 28, 28], 10);
    let classifier = Classifier {
        network: Network::new(&spec, preset.init, 1, &Device::Cpu)?,
        classes: (0..10).map(|class| class.to_string()).collect(),
        provenance: Default::default(),
    };
    let sketch = seven().into();
    let begin = Instant::now();
    let mut secs = Vec::new();
    while secs.len() < 3 || begin.elapsed() < time {
        let answer = classify(&classifier, &sketch)?.context("the sketch is empty")?;
        secs.push(answer.secs);
    }
    secs.sort_by(f64::total_cmp);
    Ok(secs[secs.len() / 2])
}

/// Two thick strokes.
fn seven() -> GrayImage {
    let is_ink = |x: usize, y: usize| {
        let is_bar = (60..80).contains(&y) && (80..200).contains(&x);
        let is_leg = (60..220).contains(&y) && (200 - (y - 60) / 2).abs_diff(x) < 10;
        is_bar || is_leg
    };
    let pixels = (0..SIDE * SIDE)
        .map(|i| if is_ink(i % SIDE, i / SIDE) { 255 } else { 0 })
        .collect();
    GrayImage {
        width: SIDE,
        height: SIDE,
        pixels,
    }
}
