//! The least ink that makes a class the answer: dabs of the pen, one after the other where they help
//! most, until it is; then those that are not needed are taken away, and the rest is made lighter.

use std::sync::atomic::AtomicBool;

use super::pen::Pen;
use super::slope::{Slope, lead};
use crate::data::unit_values;
use crate::explain::error::ExplainError;
use crate::explain::probe::{batch_size, check, logits};
use crate::model::Classifier;
use crate::stats::argmax;

/// Most dabs that are tried: about the ink of a whole digit.
const MAX_DABS: usize = 40;

/// Places that are tried for each dab: those where the gradient promises most.
const N_PLACES: usize = 32;

/// Ink that a dab must add at least, in pixels: next to none at a stroke's edge looks efficient, and
/// leads nowhere.
const MIN_INK: f32 = 0.5;

/// The lightest ink: fainter than half, it is no stroke any more.
const LIGHTEST: f32 = 0.5;

/// Strengths of the ink that are tried, down to [`LIGHTEST`].
const N_STRENGTHS: usize = 11;

/// An input with ink added.
#[derive(Clone, Debug, PartialEq)]
pub struct LeastInk {
    /// The class that is now the answer.
    pub class: usize,
    /// The input with the ink, `[channels, height, width]`.
    pub input: Vec<u8>,
    /// The ink that was added: 1 is a pixel from black to white.
    pub ink: f32,
    /// The same as a share of the ink there was; `None` without any.
    pub share: Option<f32>,
    /// Dabs of the pen.
    pub n_dabs: usize,
}

/// Adds as little ink to `input`, `[channels, height, width]`, as it finds to be enough for `class`
/// to be the answer. The same input, the same ink; nothing is erased.
///
/// # Errors
/// When the class does not become the answer, input or class do not fit the network, an output is
/// NaN or infinite, candle cannot run the network, or it was canceled.
pub fn least_ink(
    classifier: &Classifier,
    input: &[u8],
    class: usize,
    cancel: &AtomicBool,
) -> Result<LeastInk, ExplainError> {
    let network = &classifier.network;
    check(network, input.len())?;
    let [channels, height, width] = network.spec().input;
    let search = Search {
        classifier,
        original: input,
        class,
        pen: Pen::new([height, width]),
        channels,
        area: height * width,
        cancel,
    };
    let dabs = search.needed(search.dabs()?)?;
    let input = search.lightest(&dabs)?;
    let (ink, before) = (search.ink(&input), search.sum(|_, v| v));
    Ok(LeastInk {
        class,
        ink,
        share: (before > 0.0).then(|| ink / before),
        input,
        n_dabs: dabs.len(),
    })
}

struct Search<'a> {
    classifier: &'a Classifier,
    original: &'a [u8],
    class: usize,
    pen: Pen,
    channels: usize,
    area: usize,
    cancel: &'a AtomicBool,
}

/// How near an input is to the class.
struct Score {
    /// How far the class is ahead.
    lead: f32,
    /// Whether it is the answer.
    is_answer: bool,
}

impl Search<'_> {
    /// Pixels of the dabs that make the class the answer, in the order they were added.
    fn dabs(&self) -> Result<Vec<usize>, ExplainError> {
        let mut dabs = Vec::new();
        let mut score = self.score(self.original)?;
        while !score.is_answer {
            let best = match dabs.len() < MAX_DABS {
                true => self.best_dab(&dabs, score.lead)?,
                false => None,
            };
            let Some((dab, after)) = best else {
                return Err(self.not_reached(dabs.len()));
            };
            dabs.push(dab);
            score = after;
        }
        Ok(dabs)
    }

    /// The next dab: the one with the least ink that makes the class the answer, or the one that
    /// raises it most for its ink. `None` if none raises it.
    fn best_dab(&self, dabs: &[usize], lead: f32) -> Result<Option<(usize, Score)>, ExplainError> {
        let input = self.with(dabs, 1.0);
        let places = self.places(&input)?;
        let with = |place: &usize| self.with(&[dabs, &[*place]].concat(), 1.0);
        let inputs: Vec<Vec<u8>> = places.iter().map(with).collect();
        let before = self.ink(&input);
        let found = places.into_iter().zip(&inputs).zip(self.scores(&inputs)?);
        let worth = |((_, input), score): &((usize, &Vec<u8>), Score)| {
            let ink = (self.ink(input) - before).max(MIN_INK);
            match score.is_answer {
                true => (1, 1.0 / ink),
                false => (0, (score.lead - lead) / ink),
            }
        };
        let best = found.max_by(|a, b| {
            let ((a, a_gain), (b, b_gain)) = (worth(a), worth(b));
            a.cmp(&b).then(a_gain.total_cmp(&b_gain))
        });
        Ok(best
            .filter(|(_, score)| score.is_answer || score.lead > lead)
            .map(|((place, _), score)| (place, score)))
    }

    /// The pixels where a dab promises most for its ink, no two of them beside each other.
    fn places(&self, input: &[u8]) -> Result<Vec<usize>, ExplainError> {
        let network = &self.classifier.network;
        let slope = Slope::at(network, input, Some(self.class), self.cancel)?;
        let mut all: Vec<(f32, usize)> = (0..self.area)
            .map(|at| (slope.drawing(&self.pen, at), at))
            .filter(|((gain, ink), _)| *gain > 0.0 && *ink >= MIN_INK)
            .map(|((gain, ink), at)| (gain / ink, at))
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let width = network.spec().input[2];
        let mut chosen: Vec<usize> = Vec::with_capacity(N_PLACES);
        for (_, at) in all {
            let is_beside = |other: &usize| {
                let (y, x) = (at / width, at % width);
                y.abs_diff(other / width).max(x.abs_diff(other % width)) < 2
            };
            if chosen.len() < N_PLACES && !chosen.iter().any(is_beside) {
                chosen.push(at);
            }
        }
        Ok(chosen)
    }

    /// Takes away the dabs that are not needed, the most ink first.
    fn needed(&self, mut dabs: Vec<usize>) -> Result<Vec<usize>, ExplainError> {
        loop {
            let without = |idx: usize| {
                let mut fewer = dabs.clone();
                fewer.remove(idx);
                fewer
            };
            let fewer: Vec<Vec<usize>> = (0..dabs.len()).map(without).collect();
            let inputs: Vec<Vec<u8>> = fewer.iter().map(|dabs| self.with(dabs, 1.0)).collect();
            let scores = self.scores(&inputs)?.into_iter();
            let enough = scores.zip(fewer).zip(&inputs);
            let enough = enough.filter(|((score, _), _)| score.is_answer);
            let least = enough.min_by(|(_, a), (_, b)| self.ink(a).total_cmp(&self.ink(b)));
            match least {
                Some(((_, fewer), _)) => dabs = fewer,
                None => return Ok(dabs),
            }
        }
    }

    /// The input with these dabs in the lightest ink that is enough.
    fn lightest(&self, dabs: &[usize]) -> Result<Vec<u8>, ExplainError> {
        let strength = |step: usize| {
            let share = step as f32 / (N_STRENGTHS - 1) as f32;
            LIGHTEST + share * (1.0 - LIGHTEST)
        };
        let with = |step: usize| self.with(dabs, strength(step));
        let inputs: Vec<Vec<u8>> = (0..N_STRENGTHS).map(with).collect();
        let scores = self.scores(&inputs)?;
        for (input, _) in inputs.into_iter().zip(scores).filter(|(_, s)| s.is_answer) {
            // Alone, as it will be asked about: a batch may round differently.
            if self.score(&input)?.is_answer {
                return Ok(input);
            }
        }
        Err(self.not_reached(dabs.len()))
    }

    /// The original with dabs on these pixels.
    fn with(&self, dabs: &[usize], strength: f32) -> Vec<u8> {
        let mut input = self.original.to_vec();
        for &dab in dabs {
            for (pixel, covered) in self.pen.dab(dab) {
                let ink = (255.0 * strength * covered).round() as u8;
                for value in input.iter_mut().skip(pixel).step_by(self.area) {
                    *value = (*value).max(ink);
                }
            }
        }
        input
    }

    /// The ink that `input` has more than the original.
    fn ink(&self, input: &[u8]) -> f32 {
        self.sum(|idx, before| input[idx].saturating_sub(before))
    }

    /// The sum of a number for each value of the original, in pixels.
    fn sum(&self, of: impl Fn(usize, u8) -> u8) -> f32 {
        let values = self.original.iter().enumerate();
        let sum: u64 = values.map(|(idx, v)| u64::from(of(idx, *v))).sum();
        (sum as f64 / 255.0 / self.channels.max(1) as f64) as f32
    }

    fn score(&self, input: &[u8]) -> Result<Score, ExplainError> {
        let all = self.scores(&[input.to_vec()])?;
        let none = Score {
            lead: 0.0,
            is_answer: false,
        };
        Ok(all.into_iter().next().unwrap_or(none))
    }

    fn scores(&self, inputs: &[Vec<u8>]) -> Result<Vec<Score>, ExplainError> {
        let network = &self.classifier.network;
        let mut scores = Vec::with_capacity(inputs.len());
        for batch in inputs.chunks(batch_size(network)) {
            let pixels = unit_values(&batch.concat()).collect();
            for row in logits(network, pixels, self.cancel)?.to_vec2::<f32>()? {
                scores.push(Score {
                    lead: lead(&row, self.class)?.0,
                    is_answer: argmax(&row) == Some(self.class),
                });
            }
        }
        Ok(scores)
    }

    fn not_reached(&self, dabs: usize) -> ExplainError {
        let name = self.classifier.classes.get(self.class).cloned();
        let class = name.unwrap_or_else(|| self.class.to_string());
        ExplainError::NotReached { class, dabs }
    }
}
