//! ROC and precision–recall curves of all classes.

use super::{Anchor, Face, Ink, Palette, Picture, Span};
use crate::evaluate::{ClassCurve, CurvePoint, Predictions};
use crate::text;

/// Side of a plot.
const SIDE: f32 = 280.0;
/// Left edges of the two plots, and their upper edge.
const LEFT: [f32; 2] = [48.0, 392.0];
const TOP: f32 = 44.0;
/// Height of a row of the list below.
const ROW: f32 = 18.0;
/// Width of a column of the list.
const COLUMN: f32 = 230.0;
/// Most classes that are drawn.
pub const MAX_CURVES: usize = 30;
/// Points that are closer than this are one, in points.
const CLOSE: f32 = 0.4;

/// Draws the ROC curves of all classes on the left and their precision–recall curves on the right,
/// with the areas below. Of more than [`MAX_CURVES`] classes, the first are drawn.
pub fn class_curves(predictions: &Predictions, classes: &[String], palette: &Palette) -> Picture {
    let drawn: Vec<(usize, ClassCurve)> = (0..classes.len().min(MAX_CURVES))
        .filter_map(|class| Some((class, ClassCurve::new(predictions, class as u32)?)))
        .collect();
    let n_rows = drawn.len().div_ceil(3);
    let list = TOP + SIDE + 56.0;
    let mut picture = Picture {
        title: "ROC and precision–recall curves".to_owned(),
        size: [LEFT[1] + SIDE + 24.0, list + n_rows as f32 * ROW + 16.0],
        paper: palette.background,
        items: Vec::new(),
    };
    for (left, [title, x, y]) in LEFT.into_iter().zip([
        ["ROC", "false positive rate", "recall"],
        ["precision–recall", "recall", "precision"],
    ]) {
        frame(
            &mut picture,
            left,
            &format!("{title}: {y} over {x}"),
            palette,
        );
    }
    for (at, (class, curve)) in drawn.iter().enumerate() {
        let ink = Ink::solid(palette.data(*class));
        let roc = |p: &CurvePoint| place(LEFT[0], p.false_positive_rate, p.recall);
        let pr = |p: &CurvePoint| place(LEFT[1], p.recall, p.precision);
        picture.line(&thinned(curve.points.iter().map(roc)), ink, 1.5);
        picture.line(&thinned(curve.points.iter().map(pr)), ink, 1.5);
        let (x, y) = (
            LEFT[0] + (at % 3) as f32 * COLUMN,
            list + (at / 3) as f32 * ROW,
        );
        picture.line(&[[x, y], [x + 14.0, y]], ink, 3.0);
        let [area, precision] = [curve.roc_auc, curve.average_precision].map(text::percent_exact);
        let about = format!(
            "{}: area {area}, average precision {precision}",
            classes[*class]
        );
        let span = span(about, Face::Text, palette.text);
        picture.text([x + 20.0, y], Anchor::Start, span);
    }
    picture
}

fn span(text: String, face: Face, rgb: super::Rgb) -> Span {
    Span {
        text,
        face,
        size: 11.0,
        ink: Ink::solid(rgb),
    }
}

/// Draws title, grid and numbers of a plot.
fn frame(picture: &mut Picture, left: f32, title: &str, palette: &Palette) {
    let title = span(title.to_owned(), Face::Text, palette.quiet);
    picture.text([left, TOP - 20.0], Anchor::Start, title);
    for share in [0.0, 0.5, 1.0] {
        let [x, y] = place(left, share, share);
        let line = Ink::solid(palette.hairline);
        picture.line(&[[left, y], [left + SIDE, y]], line, 1.0);
        let percent = || span(text::percent_whole(share), Face::Number, palette.quiet);
        picture.text([left - 6.0, y], Anchor::End, percent());
        picture.text([x, TOP + SIDE + 14.0], Anchor::Middle, percent());
    }
}

fn place(left: f32, x: f64, y: f64) -> [f32; 2] {
    [left + SIDE * x as f32, TOP + SIDE * (1.0 - y as f32)]
}

/// The points without those that lie on the one before, and the last.
fn thinned(points: impl Iterator<Item = [f32; 2]>) -> Vec<[f32; 2]> {
    let mut kept: Vec<[f32; 2]> = Vec::new();
    let mut last = None;
    for point in points {
        last = Some(point);
        let is_far =
            |of: &[f32; 2]| (of[0] - point[0]).abs() > CLOSE || (of[1] - point[1]).abs() > CLOSE;
        if kept.last().is_none_or(is_far) {
            kept.push(point);
        }
    }
    kept.extend(last.filter(|last| kept.last() != Some(last)));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Loss;
    use crate::picture::{Item, LIGHT};

    #[test]
    fn every_class_with_a_curve_is_drawn_with_its_areas() {
        let logits = vec![4.0, 0.0, 3.0, 0.0, 0.0, 2.0, 0.0, 1.0];
        let labels = vec![0, 1, 1, 1];
        let predictions =
            Predictions::from_logits(logits, labels, 2, Loss::CROSS_ENTROPY, None).unwrap();
        let classes = ["cat", "dog", "none"].map(str::to_owned);
        let drawn = class_curves(&predictions, &classes[..2], &LIGHT);
        let curve = ClassCurve::new(&predictions, 0).unwrap();
        let svg = drawn.svg();
        assert!(svg.contains("cat: area"), "{svg}");
        assert!(svg.contains(&text::percent_exact(curve.roc_auc)));
        // Two curves of each class end in the corners of their plots.
        let ends: Vec<[f32; 2]> = drawn
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Line { points, width, .. } if *width == 1.5 => points.last().copied(),
                _ => None,
            })
            .collect();
        assert_eq!(ends.len(), 4);
        assert_eq!(ends[0], [LEFT[0] + SIDE, TOP]);
        assert_eq!(ends[1][0], LEFT[1] + SIDE);
    }
}
