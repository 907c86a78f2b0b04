//! A picture as SVG (W3C, SVG 1.1): text that every browser and vector editor opens.

use std::fmt::Write;

use super::palette::Rgb;
use super::{Anchor, Face, Ink, Item, Picture, Span};
use crate::text::escape_markup;

impl Picture {
    /// Returns the picture as SVG.
    pub fn svg(&self) -> String {
        let [width, height] = self.size.map(number);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">\n<title>{}</title>\n<rect width=\"100%\" \
             height=\"100%\" fill=\"{}\"/>\n",
            escape_markup(&self.title),
            hex(self.paper)
        );
        for item in &self.items {
            write_item(&mut out, item);
            out.push('\n');
        }
        out.push_str("</svg>\n");
        out
    }
}

// Writing to a string cannot fail, so the result of `write!` is ignored.
fn write_item(out: &mut String, item: &Item) {
    match item {
        Item::Rect {
            rect: [x, y, w, h],
            radius,
            fill,
            rim,
        } => {
            let [x, y, w, h, r] = [*x, *y, *w, *h, *radius].map(number);
            let _ = write!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{r}\" {} {}/>",
                paint("fill", *fill),
                paint("stroke", *rim)
            );
        }
        Item::Area { points, fill } => {
            let fill = paint("fill", Some(*fill));
            let _ = write!(out, "<polygon points=\"{}\" {fill}/>", path(points));
        }
        Item::Line {
            points,
            ink,
            width,
            is_dashed,
        } => {
            let dash = if *is_dashed {
                " stroke-dasharray=\"4 4\""
            } else {
                ""
            };
            let _ = write!(
                out,
                "<polyline points=\"{}\" fill=\"none\" {} stroke-width=\"{}\" \
                 stroke-linejoin=\"round\"{dash}/>",
                path(points),
                paint("stroke", Some(*ink)),
                number(*width)
            );
        }
        Item::Circle {
            center: [x, y],
            radius,
            fill,
            rim,
        } => {
            let [x, y, r] = [*x, *y, *radius].map(number);
            let _ = write!(
                out,
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {} {}/>",
                paint("fill", Some(*fill)),
                paint("stroke", *rim)
            );
        }
        Item::Text { at, anchor, spans } => write_text(out, *at, *anchor, spans),
    }
}

fn write_text(out: &mut String, [x, y]: [f32; 2], anchor: Anchor, spans: &[Span]) {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    // Half the height of small capitals centers the text vertically; `dominant-baseline` is not
    // supported everywhere.
    let size = spans.iter().map(|s| s.size).fold(0.0, f32::max);
    let [x, y] = [x, y + 0.35 * size].map(number);
    let _ = write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" xml:space=\"preserve\">"
    );
    for span in spans {
        let (family, weight) = match span.face {
            Face::Text => ("Inter, sans-serif", 400),
            Face::Heavy => ("Inter, sans-serif", 600),
            Face::Number => ("JetBrains Mono, monospace", 400),
        };
        let _ = write!(
            out,
            "<tspan font-family=\"{family}\" font-weight=\"{weight}\" font-size=\"{}\" {}>{}</tspan>",
            number(span.size),
            paint("fill", Some(span.ink)),
            escape_markup(&span.text)
        );
    }
    out.push_str("</text>");
}

fn path(points: &[[f32; 2]]) -> String {
    let point = |p: &[f32; 2]| format!("{},{}", number(p[0]), number(p[1]));
    points.iter().map(point).collect::<Vec<_>>().join(" ")
}

/// Formats to a hundredth of a point, without trailing zeros.
fn number(value: f32) -> String {
    let rounded = (f64::from(value) * 100.0).round() / 100.0;
    // Minus zero is zero.
    format!("{}", rounded + 0.0)
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The attributes for an ink, or for none.
fn paint(name: &str, ink: Option<Ink>) -> String {
    match ink {
        None => format!("{name}=\"none\""),
        Some(ink) if ink.opacity >= 1.0 => format!("{name}=\"{}\"", hex(ink.rgb)),
        Some(ink) => format!(
            "{name}=\"{}\" {name}-opacity=\"{}\"",
            hex(ink.rgb),
            number(ink.opacity)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::LIGHT;

    #[test]
    fn what_people_write_is_no_mark_up() {
        let mut picture = Picture {
            title: "a < b & \"c\"\u{1}".to_owned(),
            size: [10.0, 20.5],
            paper: LIGHT.background,
            items: Vec::new(),
        };
        picture.text(
            [1.0, 2.0],
            Anchor::End,
            Span {
                text: "<script>".to_owned(),
                face: Face::Number,
                size: 12.0,
                ink: Ink {
                    rgb: [1, 2, 255],
                    opacity: 0.5,
                },
            },
        );
        picture.line(&[[0.0, -0.001], [1.234_56, 2.0]], Ink::solid([0; 3]), 1.5);
        let svg = picture.svg();
        assert!(svg.contains("width=\"10\" height=\"20.5\""), "{svg}");
        assert!(
            svg.contains("<title>a &lt; b &amp; &quot;c&quot; </title>"),
            "{svg}"
        );
        assert!(svg.contains(">&lt;script&gt;</tspan>"), "{svg}");
        assert!(
            svg.contains("fill=\"#0102ff\" fill-opacity=\"0.5\""),
            "{svg}"
        );
        assert!(svg.contains("points=\"0,0 1.23,2\""), "{svg}");
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }
}
