//! Making predictions: of a classifier and images, or of logits.

use candle_core::{Device, Error, Tensor, bail};

use super::Predictions;
use crate::data::ImageSet;
use crate::evaluate::error::EvaluateError;
use crate::evaluate::loss::Loss;
use crate::evaluate::measure::measure;
use crate::kernels;
use crate::model::{Classifier, probabilities, scale_logits};
use crate::stats::argmax;

/// Images whose answers and losses a thread tells at a time.
const CHUNK: usize = 500;

impl Predictions {
    /// Runs `classifier` on the images of `set` at `indices`, on all threads; the result does not
    /// depend on their number.
    ///
    /// # Errors
    /// When the images do not fit the network, in size or in the number of classes.
    pub fn new(
        classifier: &Classifier,
        set: &ImageSet,
        indices: &[u32],
    ) -> Result<Predictions, EvaluateError> {
        Predictions::cancelable(classifier, set, indices, || false)
    }

    /// Like [`Predictions::new`]; asks `is_cancelled` after each batch.
    ///
    /// # Errors
    /// As [`Predictions::new`], and [`EvaluateError::Cancelled`].
    pub fn cancelable(
        classifier: &Classifier,
        set: &ImageSet,
        indices: &[u32],
        is_cancelled: impl Fn() -> bool,
    ) -> Result<Predictions, EvaluateError> {
        check_fit(classifier, set)?;
        let n_classes = classifier.network.spec().classes;
        let loss = trained_with(classifier);
        let mut logits = Vec::with_capacity(indices.len() * n_classes);
        let mut was_cancelled = false;
        let measured = measure(&classifier.network, loss, set, indices, |batch, _| {
            logits.extend(batch.flatten_all()?.to_vec1::<f32>()?);
            was_cancelled = is_cancelled();
            if was_cancelled {
                bail!("cancelled");
            }
            Ok(())
        });
        if was_cancelled {
            return Err(EvaluateError::Cancelled);
        }
        let temperature = classifier.provenance.temperature;
        let measured = measured?.loss;
        let labels = indices.iter().map(|&i| set.labels()[i as usize]).collect();
        let mut made = Predictions::from_logits(logits, labels, n_classes, loss, temperature)?;
        made.images = indices.to_vec();
        made.measured_loss = Some(measured);
        Ok(made)
    }

    /// Makes predictions of logits, numbering the images from 0.
    ///
    /// * `logits`: `[n, classes]`
    /// * `labels`: `[n]`, each below `n_classes`
    ///
    /// # Errors
    /// When there are not `n_classes` logits per label, or memory runs out.
    pub fn from_logits(
        logits: Vec<f32>,
        labels: Vec<u32>,
        n_classes: usize,
        loss: Loss,
        temperature: Option<f64>,
    ) -> Result<Predictions, EvaluateError> {
        let n = labels.len();
        if logits.len() != n * n_classes {
            let found = logits.len();
            let expected = format!("expected {n_classes} logits for each of {n} images");
            return Err(Error::msg(format!("{expected}, found {found}")).into());
        }
        let of_labels = labels.chunks(CHUNK);
        let chunks: Vec<_> = logits
            .chunks((CHUNK * n_classes).max(1))
            .zip(of_labels)
            .collect();
        let mut made = Predictions {
            n_classes,
            images: (0..n as u32).collect(),
            answers: Vec::with_capacity(n),
            probabilities: Vec::with_capacity(logits.len()),
            losses: Vec::with_capacity(n),
            loss,
            temperature,
            measured_loss: None,
            logits: Vec::new(),
            labels: Vec::new(),
        };
        let told = kernels::map_alone(&chunks, |(logits, labels)| {
            Told::new(logits, labels, loss, temperature)
        });
        for told in told {
            let told = told?;
            made.answers.extend(told.answers);
            made.losses.extend(told.losses);
            made.probabilities.extend(told.probabilities);
        }
        Ok(Predictions {
            logits,
            labels,
            ..made
        })
    }

    /// The same predictions at another temperature.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn at_temperature(&self, temperature: Option<f64>) -> Result<Predictions, EvaluateError> {
        let (logits, labels) = (self.logits.clone(), self.labels.clone());
        let made =
            Predictions::from_logits(logits, labels, self.n_classes, self.loss, temperature)?;
        Ok(Predictions {
            images: self.images.clone(),
            measured_loss: self.measured_loss,
            ..made
        })
    }
}

#[cfg(test)]
impl Predictions {
    /// Predictions with exactly these probabilities, without logits that would give them.
    pub(crate) fn of_probabilities(rows: &[impl AsRef<[f32]>], labels: &[u32]) -> Predictions {
        let n_classes = rows.first().map_or(1, |row| row.as_ref().len());
        let flat: Vec<f32> = rows.iter().flat_map(|row| row.as_ref()).copied().collect();
        // 0 has no finite logarithm; this is far below that of any f32.
        let logits = flat.iter().map(|p| p.ln().max(-200.0)).collect();
        let made = Predictions::from_logits(
            logits,
            labels.to_vec(),
            n_classes,
            Loss::CROSS_ENTROPY,
            None,
        );
        Predictions {
            answers: rows.iter().map(|row| answer(row.as_ref())).collect(),
            probabilities: flat,
            ..made.unwrap()
        }
    }
}

/// What logits tell about some images.
struct Told {
    answers: Vec<Option<u32>>,
    probabilities: Vec<f32>,
    losses: Vec<f64>,
}

impl Told {
    fn new(
        logits: &[f32],
        labels: &[u32],
        loss: Loss,
        temperature: Option<f64>,
    ) -> candle_core::Result<Told> {
        let (n, n_classes) = (labels.len(), logits.len() / labels.len());
        let tensor = Tensor::from_slice(logits, (n, n_classes), &Device::Cpu)?;
        let scaled = scale_logits(&tensor, temperature)?.flatten_all()?;
        let scaled = scaled.to_vec1::<f32>()?;
        let labeled = rows(&scaled, n_classes).zip(labels);
        let probabilities = probabilities(&tensor, temperature)?.flatten_all()?;
        Ok(Told {
            answers: rows(logits, n_classes).map(answer).collect(),
            losses: labeled.map(|(row, l)| loss.of_image(row, *l)).collect(),
            probabilities: probabilities.to_vec1()?,
        })
    }
}

fn rows(values: &[f32], n_classes: usize) -> impl Iterator<Item = &[f32]> {
    values.chunks_exact(n_classes.max(1))
}

fn answer(row: &[f32]) -> Option<u32> {
    argmax(row).map(|class| class as u32)
}

/// Checks that `classifier` accepts the images of `set`.
fn check_fit(classifier: &Classifier, set: &ImageSet) -> Result<(), EvaluateError> {
    let spec = classifier.network.spec();
    if set.shape() != spec.input {
        return Err(EvaluateError::Shape {
            expected: spec.input,
            found: set.shape(),
        });
    }
    let label = set.labels().iter().max().copied().unwrap_or(0);
    if label as usize >= spec.classes {
        return Err(EvaluateError::Label {
            n_classes: spec.classes,
            label,
        });
    }
    Ok(())
}

/// Returns the loss that training minimized; cross entropy for a foreign model.
fn trained_with(classifier: &Classifier) -> Loss {
    let config = &classifier.provenance.config;
    let loss = config.get("loss").cloned().unwrap_or_default();
    serde_json::from_value(loss).unwrap_or_default()
}
