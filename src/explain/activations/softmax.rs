//! From logits to probabilities, term by term.

/// The softmax of logits with what it is computed from.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax {
    /// exp((logit − largest logit) / temperature), for each class.
    pub terms: Vec<f64>,
    /// Their sum.
    pub sum: f64,
    /// Each term divided by the sum.
    pub probabilities: Vec<f64>,
}

/// The softmax of `logits`, at a temperature if the model has one.
pub fn softmax(logits: &[f32], temperature: Option<f64>) -> Softmax {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let temperature = temperature.unwrap_or(1.0);
    let term = |logit: &f32| (f64::from(logit - largest) / temperature).exp();
    let terms: Vec<f64> = logits.iter().map(term).collect();
    let sum: f64 = terms.iter().sum();
    Softmax {
        probabilities: terms.iter().map(|term| term / sum).collect(),
        terms,
        sum,
    }
}
