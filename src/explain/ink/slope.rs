//! How far a class is ahead, and how that changes with the ink.

use std::sync::atomic::AtomicBool;

use super::pen::Pen;
use crate::data::unit_values;
use crate::explain::error::ExplainError;
use crate::explain::probe::{Probe, check, logits};
use crate::explain::target::Target;
use crate::model::Network;
use crate::stats::argmax;

/// How the lead of a class changes with each value of an input.
pub(super) struct Slope {
    pub answer: usize,
    pub class: usize,
    pub rival: usize,
    pub lead: f32,
    input: Vec<f32>,
    gradient: Vec<f32>,
    /// Pixels of a plane.
    area: usize,
}

impl Slope {
    /// At `input`; `None` is the most probable class after the answer.
    pub fn at(
        network: &Network,
        input: &[u8],
        class: Option<usize>,
        cancel: &AtomicBool,
    ) -> Result<Slope, ExplainError> {
        check(network, input.len())?;
        let input: Vec<f32> = unit_values(input).collect();
        let logits: Vec<f32> = logits(network, input.clone(), cancel)?
            .flatten_all()?
            .to_vec1()?;
        let answer = argmax(&logits).ok_or_else(|| ExplainError::not_finite(&logits))?;
        let class = match class {
            Some(class) => class,
            None => lead(&logits, answer)?.1,
        };
        let (lead, rival) = lead(&logits, class)?;
        let target = Target {
            class: Some(class),
            against: Some(rival),
        };
        let gradient = Probe::new(network, &input, target, cancel)?.gradient()?;
        if !gradient.iter().all(|v| v.is_finite()) {
            return Err(ExplainError::not_finite(&gradient));
        }
        let [_, height, width] = network.spec().input;
        Ok(Slope {
            answer,
            class,
            rival,
            lead,
            input,
            gradient,
            area: height * width,
        })
    }

    /// By how much a dab on pixel `at` raises the lead, and how much ink it adds to each channel.
    pub fn drawing(&self, pen: &Pen, at: usize) -> (f32, f32) {
        let (mut gain, mut ink) = (0.0, 0.0);
        for (pixel, covered) in pen.dab(at) {
            for idx in (pixel..self.input.len()).step_by(self.area) {
                let added = (covered - self.input[idx]).max(0.0);
                gain += added * self.gradient[idx];
                ink += added;
            }
        }
        (gain, ink * self.area as f32 / self.input.len() as f32)
    }

    /// By how much erasing with the pen on pixel `at` raises the lead.
    pub fn erasing(&self, pen: &Pen, at: usize) -> f32 {
        let mut gain = 0.0;
        for (pixel, covered) in pen.dab(at) {
            for idx in (pixel..self.input.len()).step_by(self.area) {
                let removed = (self.input[idx] + covered - 1.0).max(0.0);
                gain -= removed * self.gradient[idx];
            }
        }
        gain
    }
}

/// How far `class` is ahead of the most probable other class, and which that is.
pub(super) fn lead(logits: &[f32], class: usize) -> Result<(f32, usize), ExplainError> {
    let n_classes = logits.len();
    if class >= n_classes {
        return Err(ExplainError::Class { class, n_classes });
    }
    let mut others = logits.to_vec();
    // Below every finite logit, and finite itself.
    others[class] = f32::MIN;
    let rival = argmax(&others).filter(|_| logits[class].is_finite());
    match rival {
        Some(rival) if rival != class => Ok((logits[class] - logits[rival], rival)),
        Some(_) => Err(ExplainError::SameClass(class)),
        None => Err(ExplainError::not_finite(logits)),
    }
}
