//! The reliability diagram.

use crate::evaluate::{Bin, Report};
use crate::text;

/// Side of the diagram, and room for its numbers.
const SIDE: f64 = 260.0;
const LEFT: f64 = 40.0;
const BELOW: f64 = 20.0;
const ABOVE: f64 = 14.0;

pub(super) fn html(report: &Report) -> String {
    let bins = &report.calibration.bins;
    // The last bin, of a confidence of exactly 1, has no width: it is drawn with the one before.
    let n_bins = bins.len().saturating_sub(1).max(1);
    let width = SIDE / n_bins as f64;
    let bars: String = bins
        .iter()
        .enumerate()
        .filter(|(_, bin)| bin.n_images > 0)
        .map(|(idx, bin)| bar(idx.min(n_bins - 1), idx == n_bins, bin, width))
        .collect();
    let marks: String = [0.0, 0.5, 1.0].into_iter().map(mark).collect();
    let (w, h) = (LEFT + SIDE + 10.0, ABOVE + SIDE + BELOW);
    let (left, top, right, bottom) = (LEFT, ABOVE, LEFT + SIDE, ABOVE + SIDE);
    format!(
        "<p class=\"quiet\">Accuracy of the images with such a confidence, with 95 % intervals. On \
         the line, the model is right as often as it is confident; expected calibration error {}.\
         </p>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"Reliability diagram\">\n{marks}\
         <line x1=\"{left}\" y1=\"{bottom}\" x2=\"{right}\" y2=\"{top}\" stroke=\"#5f6b76\"/>\n\
         {bars}</svg>\n",
        text::percent_exact(report.calibration.ece())
    )
}

fn y(share: f64) -> f64 {
    ABOVE + SIDE * (1.0 - share)
}

fn bar(idx: usize, is_exact: bool, bin: &Bin, width: f64) -> String {
    // What is certain has a thin bar of its own at the right edge.
    let (x, w) = match is_exact {
        true => (LEFT + SIDE, 6.0),
        false => (LEFT + idx as f64 * width, width),
    };
    let (top, middle) = (y(bin.accuracy), x + w / 2.0);
    let height = (ABOVE + SIDE - top).max(0.0);
    let [low, high] = bin.interval.map(y);
    format!(
        "<g><title>{} images, confidence {}, accuracy {}</title><rect x=\"{:.1}\" y=\"{top:.1}\" \
         width=\"{:.1}\" height=\"{height:.1}\" fill=\"#e08a1e\" fill-opacity=\"{}\"/>\
         <line x1=\"{middle:.1}\" y1=\"{low:.1}\" x2=\"{middle:.1}\" y2=\"{high:.1}\" \
         stroke=\"#1c2024\"/></g>\n",
        bin.n_images,
        text::percent(bin.confidence),
        text::percent(bin.accuracy),
        x + 1.0,
        (w - 2.0).max(1.0),
        // Bins of few images say little.
        if bin.n_images < 20 { 0.35 } else { 0.8 },
    )
}

fn mark(share: f64) -> String {
    let percent = text::percent_whole(share);
    let (at_y, at_x) = (y(share), LEFT + SIDE * share);
    format!(
        "<line x1=\"{LEFT}\" y1=\"{at_y}\" x2=\"{}\" y2=\"{at_y}\" stroke=\"#e6e9ec\"/>\
         <text x=\"{}\" y=\"{}\" font-size=\"10\" text-anchor=\"end\" fill=\"#5f6b76\">{percent}</text>\
         <text x=\"{at_x}\" y=\"{}\" font-size=\"10\" text-anchor=\"middle\" fill=\"#5f6b76\">{percent}\
         </text>\n",
        LEFT + SIDE,
        LEFT - 5.0,
        at_y + 3.0,
        ABOVE + SIDE + 14.0,
    )
}
