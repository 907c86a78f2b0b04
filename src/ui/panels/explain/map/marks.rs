//! What is drawn and said about single points of the map.

use egui::{Pos2, Vec2};

use crate::model::class_name;
use crate::studio::{MapMethod, MappedImages};
use crate::text;

/// Whether a point is inside of a closed line: a ray from there crosses it an odd number of times.
pub(super) fn is_inside(line: &[Pos2], point: Pos2) -> bool {
    let ends = line.iter().zip(line.iter().cycle().skip(1));
    let crosses = |(a, b): &(&Pos2, &Pos2)| {
        (a.y > point.y) != (b.y > point.y)
            && point.x < a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x)
    };
    ends.filter(crosses).count() % 2 == 1
}

/// A star of five kites, which unlike the star are convex.
pub(super) fn star(center: Pos2, radius: f32) -> impl Iterator<Item = Vec<Pos2>> {
    let at = move |tenth: i32, radius: f32| {
        let angle = (tenth as f32 / 10.0 - 0.25) * std::f32::consts::TAU;
        center + radius * Vec2::angled(angle)
    };
    const INNER: f32 = 0.45;
    (0..5).map(move |point| {
        let tip = 2 * point;
        let inner = INNER * radius;
        vec![
            center,
            at(tip - 1, inner),
            at(tip, radius),
            at(tip + 1, inner),
        ]
    })
}

/// What the star is.
pub(super) fn star_text(method: MapMethod) -> &'static str {
    match method {
        MapMethod::Pca => "What is on the canvas, projected as the images are.",
        MapMethod::Tsne => {
            "What is on the canvas, at the mean of its ten nearest neighbors, each weighted by 1 / \
             distance²: t-SNE itself cannot place a new image."
        }
    }
}

/// What is told about the image at `position`.
pub(super) fn point_text(of: &MappedImages, position: usize) -> String {
    let predictions = &of.predictions;
    let class = |class: u32| class_name(&of.classifier.classes, class as usize);
    let label = class(predictions.labels()[position]);
    let image = text::capitalized(of.split.image());
    let answer = predictions.answers()[position].map_or_else(|| "nothing".to_owned(), class);
    let loss = text::loss(predictions.losses()[position]);
    format!(
        "{image} {}: label {label}, predicted {answer}, loss {loss}. A click puts it on the canvas; \
         a line drawn around images selects them.",
        predictions.images()[position]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn a_line_has_an_inside_also_where_it_is_bent() {
        let line = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0)];
        let line = line.map(|(x, y)| pos2(x, y));
        for (x, y, expected) in [
            (1.0, 1.0, true),
            (3.8, 2.0, true),
            (2.0, 2.0, false),
            (5.0, 1.0, false),
        ] {
            assert_eq!(is_inside(&line, pos2(x, y)), expected, "{x} {y}");
        }
    }
}
