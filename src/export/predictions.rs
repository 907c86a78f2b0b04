//! Predictions for labeled images: one row or line per image.

use std::fmt::{Display, LowerExp};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::ExportError;
use crate::evaluate::Predictions;
use crate::files;
use crate::runs::table::csv_row;

/// Writes the predictions, in the order of the data: as JSON lines if the file ends in `.jsonl`,
/// else as CSV. Where the network's output is not finite, answer, loss and probabilities are empty
/// or null.
///
/// * `classes`: their names
///
/// # Errors
/// When the file cannot be written.
pub fn write_predictions(
    path: &Path,
    predictions: &Predictions,
    classes: &[String],
) -> Result<(), ExportError> {
    let is_jsonl = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("jsonl"));
    let text = match is_jsonl {
        true => jsonl(predictions, classes),
        false => csv(predictions, classes),
    };
    Ok(files::write_atomically(path, text.as_bytes())?)
}

/// One line per image, with the columns of the CSV; the probabilities are an object.
fn jsonl(predictions: &Predictions, classes: &[String]) -> String {
    let line = |at: usize| {
        let named = classes.iter().zip(predictions.probabilities(at));
        let probabilities: Map<String, Value> =
            named.map(|(class, p)| (class.clone(), json!(p))).collect();
        let line = json!({
            "index": predictions.images()[at],
            "label": classes[predictions.labels()[at] as usize],
            "answer": predictions.answers()[at].map(|class| &classes[class as usize]),
            "loss": predictions.losses()[at],
            "probabilities": probabilities,
        });
        format!("{line}\n")
    };
    (0..predictions.len()).map(line).collect()
}

fn csv(predictions: &Predictions, classes: &[String]) -> String {
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
    table
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
    use crate::evaluate::Loss;

    #[test]
    fn lines_have_what_the_table_has() {
        let logits = vec![2.0, 0.0, f32::NAN, 0.0];
        let predictions =
            Predictions::from_logits(logits, vec![0, 1], 2, Loss::CROSS_ENTROPY, None).unwrap();
        let classes = ["cat, big".to_owned(), "dog".to_owned()];
        let table = csv(&predictions, &classes);
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(rows[0], "index,label,answer,loss,\"cat, big\",dog");
        assert_eq!(rows[2], "1,dog,,,,");
        let lines = jsonl(&predictions, &classes);
        let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let lines: Vec<Value> = lines.lines().map(read).collect();
        assert_eq!(lines[0]["answer"], "cat, big");
        let p = lines[0]["probabilities"]["dog"].as_f64().unwrap();
        assert!((p - f64::from(predictions.probabilities(0)[1])).abs() < 1e-9);
        assert_eq!(
            (&lines[1]["answer"], &lines[1]["loss"]),
            (&Value::Null, &Value::Null)
        );
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!(shortest(1.0_f32), "1");
        assert_eq!(shortest(0.25_f32), "0.25");
        assert_eq!(shortest(0.1_f32), "0.1");
        assert_eq!(shortest(1.5e-30_f32), "1.5e-30");
        assert_eq!(shortest(0.1 + 0.2), "0.30000000000000004");
    }
}
