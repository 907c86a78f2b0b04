//! `--predictions`: one row per image.

use std::fmt::{Display, LowerExp};
use std::path::Path;

use crate::evaluate::Predictions;
use crate::files;
use crate::runs::table::csv_row;

/// Writes the predictions as CSV, in the order of the data. Where the network's output is not
/// finite, answer, loss and probabilities are empty.
///
/// * `classes`: their names
pub(super) fn write(
    path: &Path,
    predictions: &Predictions,
    classes: &[String],
) -> anyhow::Result<()> {
    let heading = ["index", "label", "answer", "loss"].into_iter();
    let heading = heading.chain(classes.iter().map(String::as_str));
    let mut table = line(heading);
    for at in 0..predictions.len() {
        let answer = predictions.answers()[at];
        let loss = Some(predictions.losses()[at]).filter(|loss| loss.is_finite());
        let about = [
            predictions.images()[at].to_string(),
            classes[predictions.labels()[at] as usize].clone(),
            answer.map_or_else(String::new, |class| classes[class as usize].clone()),
            loss.map(shortest).unwrap_or_default(),
        ];
        let row = predictions.probabilities(at);
        let missing = classes.len() - row.len();
        let probabilities = row.iter().copied().map(shortest);
        let empty = std::iter::repeat_n(String::new(), missing);
        table += &line(about.into_iter().chain(probabilities).chain(empty));
    }
    files::write_atomically(path, table.as_bytes())?;
    Ok(())
}

/// A row that ends as lines do, which every reader takes, and `head` and `cut` too.
fn line(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    csv_row(cells).replace("\r\n", "\n")
}

/// The shortest text that reads as exactly this number.
fn shortest<T: Display + LowerExp>(value: T) -> String {
    let (plain, scientific) = (value.to_string(), format!("{value:e}"));
    match scientific.len() < plain.len() {
        true => scientific,
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!(shortest(1.0_f32), "1");
        assert_eq!(shortest(0.25_f32), "0.25");
        assert_eq!(shortest(0.1_f32), "0.1");
        assert_eq!(shortest(1.5e-30_f32), "1.5e-30");
        assert_eq!(shortest(0.1 + 0.2), "0.30000000000000004");
    }
}
