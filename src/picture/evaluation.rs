//! The confusion matrix and the reliability diagram.

use super::{Anchor, Face, Ink, Item, Palette, Picture, Span};
use crate::evaluate::{Bin, Calibration, Confusion};
use crate::text;

/// Side of a cell of the matrix, and of one of many.
const CELL: f32 = 36.0;
const SMALL_CELL: f32 = 14.0;

/// Most classes whose cells are large enough for a number.
const WITH_NUMBERS: usize = 30;

/// Most classes whose names are written.
const WITH_NAMES: usize = 100;

/// Most classes of a matrix: a million cells make a file that nothing opens.
pub const MAX_DRAWN_CLASSES: usize = 300;

/// Margins.
const MARGIN: f32 = 16.0;
const NAMES: f32 = 84.0;

/// Side of the reliability diagram.
const SIDE: f32 = 280.0;

/// Bins with fewer images say little, and are drawn pale.
const FEW: u64 = 20;

/// Draws a confusion matrix of counts; the color leaves out the diagonal. Of more than
/// [`MAX_DRAWN_CLASSES`] classes, the first are drawn.
pub fn confusion_matrix(confusion: &Confusion, classes: &[String], palette: &Palette) -> Picture {
    let n = confusion.counts.len().min(MAX_DRAWN_CLASSES);
    let side = if n <= WITH_NUMBERS { CELL } else { SMALL_CELL };
    let names = if n <= WITH_NAMES { NAMES } else { MARGIN };
    let origin = [MARGIN + names, MARGIN + 44.0];
    let length = n as f32 * side;
    let mut picture = Picture {
        title: "Confusion matrix".to_owned(),
        size: [origin[0] + length + MARGIN, origin[1] + length + MARGIN],
        paper: palette.background,
        items: Vec::new(),
    };
    let span = |text: &str, size: f32, rgb| Span {
        text: text.to_owned(),
        face: Face::Text,
        size,
        ink: Ink::solid(rgb),
    };
    let about = span("rows: label, columns: predicted class", 12.0, palette.quiet);
    picture.text([origin[0], MARGIN + 6.0], Anchor::Start, about);
    let pairs = |y: usize| (0..n).map(move |x| (y, x));
    let others = (0..n).flat_map(pairs).filter(|(y, x)| y != x);
    let most = others
        .map(|(y, x)| confusion.counts[y][x])
        .max()
        .unwrap_or(0)
        .max(1);
    for (y, x) in (0..n).flat_map(pairs) {
        let cell = [origin[0] + x as f32 * side, origin[1] + y as f32 * side];
        cell_items(
            &mut picture,
            cell,
            side,
            confusion.counts[y][x],
            (y == x, most),
            palette,
        );
    }
    if n <= WITH_NAMES {
        for (idx, name) in classes.iter().enumerate().take(n) {
            let middle = (idx as f32 + 0.5) * side;
            let shown = shortened(name, 12);
            let at = [origin[0] - 8.0, origin[1] + middle];
            picture.text(at, Anchor::End, span(&shown, 12.0, palette.text));
            if n <= WITH_NUMBERS {
                let at = [origin[0] + middle, origin[1] - 12.0];
                picture.text(
                    at,
                    Anchor::Middle,
                    span(&shortened(name, 5), 11.0, palette.text),
                );
            }
        }
    }
    picture
}

fn cell_items(
    picture: &mut Picture,
    [x, y]: [f32; 2],
    side: f32,
    count: u64,
    (is_right, most): (bool, u64),
    palette: &Palette,
) {
    let share = (count as f32 / most as f32).clamp(0.0, 1.0).sqrt();
    let fill = match is_right {
        true => Ink::solid(palette.raised),
        false => Ink {
            rgb: palette.accent,
            opacity: share,
        },
    };
    picture.items.push(Item::Rect {
        rect: [x, y, side - 1.0, side - 1.0],
        radius: 1.0,
        fill: Some(fill),
        rim: None,
    });
    if count > 0 && side == CELL {
        let rgb = match (is_right, share > 0.55) {
            (true, _) => palette.quiet,
            (false, true) => palette.on_accent,
            (false, false) => palette.text,
        };
        let number = Span {
            text: text::short_count(count),
            face: Face::Number,
            size: 11.0,
            ink: Ink::solid(rgb),
        };
        picture.text([x + side / 2.0, y + side / 2.0], Anchor::Middle, number);
    }
}

/// The beginning of a name that is too long.
fn shortened(name: &str, n_chars: usize) -> String {
    match name.chars().count() <= n_chars {
        true => name.to_owned(),
        false => name.chars().take(n_chars - 1).chain(['…']).collect(),
    }
}

/// Draws a reliability diagram: accuracy over confidence, with 95 % intervals. On the diagonal, the
/// model is right as often as it is confident.
pub fn reliability_diagram(calibration: &Calibration, palette: &Palette) -> Picture {
    let mut picture = Picture {
        title: "Reliability diagram".to_owned(),
        size: [SIDE + 72.0, SIDE + 84.0],
        paper: palette.background,
        items: Vec::new(),
    };
    let span = |text: String, face: Face| Span {
        text,
        face,
        size: 11.0,
        ink: Ink::solid(palette.quiet),
    };
    let ece = text::percent_exact(calibration.ece());
    let about = span(
        format!("accuracy; expected calibration error {ece}"),
        Face::Text,
    );
    picture.text([MARGIN, MARGIN], Anchor::Start, about);
    for share in [0.0, 0.5, 1.0] {
        let [left, y] = place(0.0, share);
        let [right, _] = place(1.0, share);
        picture.line(&[[left, y], [right, y]], Ink::solid(palette.hairline), 1.0);
        let percent = || span(text::percent_whole(share), Face::Number);
        picture.text([left - 6.0, y], Anchor::End, percent());
        let [x, bottom] = place(share, 0.0);
        picture.text([x, bottom + 14.0], Anchor::Middle, percent());
    }
    let [x, bottom] = place(0.5, 0.0);
    picture.text(
        [x, bottom + 30.0],
        Anchor::Middle,
        span("confidence".to_owned(), Face::Text),
    );
    let diagonal = [place(0.0, 0.0), place(1.0, 1.0)];
    picture.line(&diagonal, Ink::solid(palette.quiet), 1.0);
    // The last bin, of a confidence of exactly 1, has no width: a thin bar at the right edge.
    let n = calibration.bins.len().saturating_sub(1).max(1);
    for (idx, bin) in calibration
        .bins
        .iter()
        .enumerate()
        .filter(|(_, bin)| bin.n_images > 0)
    {
        let from = idx.min(n) as f64 / n as f64;
        let width = if idx == n { 6.0 } else { SIDE / n as f32 };
        bar(&mut picture, from, width, bin, palette);
    }
    picture
}

/// The point of a confidence and an accuracy.
fn place(confidence: f64, accuracy: f64) -> [f32; 2] {
    [
        48.0 + SIDE * confidence as f32,
        36.0 + SIDE * (1.0 - accuracy as f32),
    ]
}

fn bar(picture: &mut Picture, from: f64, width: f32, bin: &Bin, palette: &Palette) {
    let [x, top] = place(from, bin.accuracy);
    let [_, bottom] = place(from, 0.0);
    picture.items.push(Item::Rect {
        rect: [x + 1.0, top, (width - 2.0).max(1.0), bottom - top],
        radius: 0.0,
        fill: Some(Ink {
            rgb: palette.accent,
            opacity: if bin.n_images < FEW { 0.35 } else { 0.8 },
        }),
        rim: None,
    });
    let middle = x + width / 2.0;
    let ends = bin.interval.map(|share| [middle, place(from, share)[1]]);
    picture.line(&ends, Ink::solid(palette.text), 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Loss, Predictions};
    use crate::picture::LIGHT;

    fn predictions() -> Predictions {
        let logits = vec![4.0, 0.0, 3.0, 0.0, 0.0, 2.0, 0.0, 1.0];
        Predictions::from_logits(logits, vec![0, 1, 1, 1], 2, Loss::CROSS_ENTROPY, None).unwrap()
    }

    #[test]
    fn every_count_and_name_is_in_the_matrix() {
        let confusion = Confusion::new(&predictions());
        let names = ["cat".to_owned(), "a very long name".to_owned()];
        let svg = confusion_matrix(&confusion, &names, &LIGHT).svg();
        for text in ["cat", "a very long…", "label", ">2<", ">1<"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        let many = Confusion {
            counts: vec![vec![1; 400]; 400],
            support: vec![400; 400],
        };
        let drawn = confusion_matrix(&many, &[], &LIGHT);
        assert_eq!(drawn.items.len(), MAX_DRAWN_CLASSES * MAX_DRAWN_CLASSES + 1);
    }

    #[test]
    fn bars_stand_on_the_axis_and_end_at_the_accuracy() {
        let calibration = Calibration::new(&predictions());
        let drawn = reliability_diagram(&calibration, &LIGHT);
        let bars: Vec<[f32; 4]> = drawn
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Rect { rect, .. } => Some(*rect),
                _ => None,
            })
            .collect();
        let full: Vec<&Bin> = calibration.bins.iter().filter(|b| b.n_images > 0).collect();
        assert_eq!(bars.len(), full.len());
        for (bar, bin) in bars.iter().zip(full) {
            assert!((bar[3] - SIDE * bin.accuracy as f32).abs() < 1e-3);
            assert!((bar[1] + bar[3] - place(0.0, 0.0)[1]).abs() < 1e-3);
        }
    }
}
