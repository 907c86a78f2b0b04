//! How predictions are printed.

use serde::Serialize;

use crate::cli::out;
use crate::runs::table::csv_row;
use crate::text;

/// What is printed per prediction.
#[derive(Clone, Copy)]
pub(super) enum Format {
    Text,
    Json,
    Csv,
}

/// The prediction for an image or for one object of it.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    pub image: &'a str,
    /// Left, top, width and height of the object in pixels, with `--each`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<[usize; 4]>,
    /// Name of the most probable class.
    pub class: &'a str,
    pub class_index: usize,
    /// One per class, in the model's order; they sum to 1.
    pub probabilities: &'a [f32],
}

impl Format {
    /// The first row of a table.
    pub(super) fn print_heading(self, classes: &[String]) -> anyhow::Result<()> {
        let Format::Csv = self else {
            return Ok(());
        };
        let about = ["image", "object", "class", "class_index"];
        let names = classes.iter().map(String::as_str);
        print_row(about.into_iter().chain(names))
    }

    pub(super) fn print(self, line: &Line<'_>) -> anyhow::Result<()> {
        match self {
            Format::Json => out::print_json(line),
            Format::Csv => {
                let object = line.object.map(|b| b.map(|v| v.to_string()).join(" "));
                let about = [
                    line.image.to_owned(),
                    object.unwrap_or_default(),
                    line.class.to_owned(),
                    line.class_index.to_string(),
                ];
                let probabilities = line.probabilities.iter().map(f32::to_string);
                print_row(about.into_iter().chain(probabilities))
            }
            Format::Text => {
                let probability = f64::from(line.probabilities[line.class_index]);
                let percent = text::percent_exact(probability);
                let Line { image, class, .. } = line;
                out::print(&match line.object {
                    Some([x, y, w, h]) => {
                        format!("{image}: {class} ({percent}) at {x}, {y}, {w}×{h} pixels")
                    }
                    None => format!("{image}: {class} ({percent})"),
                })
            }
        }
    }
}

fn print_row(cells: impl IntoIterator<Item = impl AsRef<str>>) -> anyhow::Result<()> {
    out::print(csv_row(cells).trim_end())
}
