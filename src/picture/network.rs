//! A network as a picture: one block per layer from the image at the top to the classes at the
//! bottom, with shapes between them, and an arc for the shortcut of a residual block.

use super::palette::{Palette, Rgb, mix};
use super::{Anchor, Face, Ink, Item, Picture, Span};
use crate::model::{Layer, LayerName, LayerReport, ModelSpec, Shape, SpecReport};
use crate::text::{count, thousands};

/// A drawn network, with the positions of its layers.
#[derive(Clone, Debug)]
pub struct Diagram {
    /// The picture.
    pub picture: Picture,
    /// Its layers, from input to output.
    pub blocks: Vec<DiagramBlock>,
}

/// The position of a layer in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagramBlock {
    /// Its index, preceded by that of the block if it is inside one.
    pub path: Vec<usize>,
    /// Left, top, width, height.
    pub rect: [f32; 4],
    /// One sentence for beginners: what the layer does.
    pub explanation: &'static str,
    /// Description of the layer, with output shape and number of parameters.
    pub words: String,
}

/// Margin around the content.
const MARGIN: f32 = 16.0;
/// Length of the line between two blocks.
const GAP: f32 = 10.0;
/// Height of a layer with parameters.
const TALL: f32 = 40.0;
/// Height of any other layer.
const FLAT: f32 = 24.0;
/// Narrower blocks have room for short texts only.
const NARROW: f32 = 320.0;
/// Indentation of a block's layers on each side; the arc runs there.
const INSET: f32 = 24.0;
/// Radius of the circle in which a block's two paths meet.
const SUM: f32 = 7.0;

/// Draws `spec`, `width` points wide. Layers behind one that does not fit have no shapes.
pub fn diagram(spec: &ModelSpec, width: f32, palette: &Palette) -> Diagram {
    let (report, errors) = spec.check();
    let mut pen = Pen {
        palette,
        picture: Picture {
            title: format!(
                "A network of {} with {} parameters",
                count(spec.layers.len(), "layer"),
                thousands(report.n_parameters())
            ),
            size: [width, 0.0],
            paper: palette.background,
            items: Vec::new(),
        },
        blocks: Vec::new(),
        names: spec.layer_names(),
        misfit: errors.iter().find_map(|e| e.layer_idx()),
        middle: width / 2.0,
        y: MARGIN,
    };
    let input = Shape::Image(spec.input);
    let (left, inner) = (MARGIN, width - 2.0 * MARGIN);
    pen.end("Image", &input.to_string(), left, inner);
    pen.layers(&spec.layers, Some(input), &report, &[], left, inner);
    pen.arrow();
    pen.end("Classes", &spec.classes.to_string(), left, inner);
    pen.picture.size[1] = pen.y + MARGIN;
    Diagram {
        picture: pen.picture,
        blocks: pen.blocks,
    }
}

struct Pen<'a> {
    palette: &'a Palette,
    picture: Picture,
    blocks: Vec<DiagramBlock>,
    names: Vec<LayerName>,
    /// Index of the layer that does not fit.
    misfit: Option<usize>,
    middle: f32,
    /// Position of the next element.
    y: f32,
}

impl Pen<'_> {
    /// Draws the input or output.
    fn end(&mut self, name: &str, shape: &str, left: f32, width: f32) {
        let at = |x: f32| [x, self.y + FLAT / 2.0];
        let name = self.span(name, Face::Heavy, self.palette.quiet);
        let shape = self.span(shape, Face::Number, self.palette.quiet);
        let (start, end) = (at(left + 12.0), at(left + width - 12.0));
        self.picture.text(start, Anchor::Start, name);
        self.picture.text(end, Anchor::End, shape);
        self.y += FLAT;
    }

    fn layers(
        &mut self,
        layers: &[Layer],
        input: Option<Shape>,
        report: &SpecReport,
        block: &[usize],
        left: f32,
        width: f32,
    ) {
        let mut shape = input;
        for (idx, layer) in layers.iter().enumerate() {
            let own = report.layers.get(idx);
            let path = [block, &[idx]].concat();
            if let Layer::Residual(_) = layer {
                self.flow();
                self.residual(layer, shape, own, path, left, width);
            } else {
                self.arrow();
                self.layer(layer, own, path, left, width);
            }
            shape = own.map(|r| r.output);
        }
    }

    fn layer(
        &mut self,
        layer: &Layer,
        report: Option<&LayerReport>,
        path: Vec<usize>,
        left: f32,
        width: f32,
    ) {
        let learns = report.is_some_and(|r| r.n_parameters > 0);
        let height = if learns { TALL } else { FLAT };
        let rect = [left, self.y, width, height];
        let p = self.palette;
        let is_wrong = path.len() == 1 && self.misfit == Some(path[0]);
        let ink = if is_wrong { p.bad } else { p.text };
        let rim = if is_wrong { p.bad } else { p.hairline };
        self.rect(rect, 5.0, p.panel, Some(rim));
        if let Some(idx) = family(layer) {
            let strip = [left, self.y + 4.0, 3.0, height - 8.0];
            self.rect(strip, 1.5, p.data(idx), None);
        }
        let y = self.y + FLAT / 2.0;
        let name = self.name(&path).map_or("", LayerName::within_block);
        let mut spans = vec![self.span(name, Face::Text, ink)];
        spans.push(self.span(
            &format!("  {}", layer.short_detail()),
            Face::Number,
            p.quiet,
        ));
        self.picture.items.push(Item::Text {
            at: [left + 12.0, y],
            anchor: Anchor::Start,
            spans,
        });
        let end = left + width - 12.0;
        if let Some(report) = report {
            let shape = self.span(&report.output.to_string(), Face::Number, p.text);
            self.picture.text([end, y], Anchor::End, shape);
        }
        if let (true, Some(report)) = (learns, report) {
            let y = self.y + TALL - 12.0;
            let (parameters, multiply_adds) = match width < NARROW {
                true => ("params", "MACs"),
                false => ("parameters", "multiply-adds"),
            };
            let words = format!("{} {parameters}", thousands(report.n_parameters));
            let n_parameters = self.small(&words);
            self.picture
                .text([left + 12.0, y], Anchor::Start, n_parameters);
            let words = format!("{} {multiply_adds}", thousands(report.multiply_adds));
            let cost = self.small(&words);
            self.picture.text([end, y], Anchor::End, cost);
        }
        self.remember(layer, report, path, rect);
        self.y += height;
    }

    /// Draws the layers inside, the shortcut around them, and the circle where both are added.
    fn residual(
        &mut self,
        layer: &Layer,
        input: Option<Shape>,
        report: Option<&LayerReport>,
        path: Vec<usize>,
        left: f32,
        width: f32,
    ) {
        let top = self.y;
        let (p, line) = (self.palette, Ink::solid(self.palette.quiet));
        let inside = input.map_or_else(SpecReport::default, |shape| {
            SpecReport::inside(layer.inside(), shape)
        });
        self.layers(
            layer.inside(),
            input,
            &inside,
            &path,
            left + INSET,
            width - 2.0 * INSET,
        );
        self.arrow();
        let (sum, arc) = (self.y + SUM, left + INSET / 2.0);
        let middle = self.middle;
        let way = [[middle, top], [arc, top], [arc, sum], [middle - SUM, sum]];
        self.picture.line(&way, line, 1.5);
        self.head([middle - SUM, sum], [1.0, 0.0]);
        self.picture.items.push(Item::Circle {
            center: [middle, sum],
            radius: SUM,
            fill: Ink::solid(p.panel),
            rim: Some(line),
        });
        let (h, v) = ([-3.5f32, 3.5], 0.0);
        self.picture
            .line(&h.map(|d| [middle + d, sum + v]), line, 1.5);
        self.picture
            .line(&h.map(|d| [middle + v, sum + d]), line, 1.5);
        let is_projected = input.is_some() && report.is_some_and(|r| Some(r.output) != input);
        let way = if is_projected {
            "+ 1×1 convolution of the input"
        } else {
            "+ the input"
        };
        let words = self.small(way);
        self.picture
            .text([middle + SUM + 8.0, sum], Anchor::Start, words);
        self.y += 2.0 * SUM;
        // The rail beside the layers represents the block as a whole.
        let rail = [left, top, INSET - 2.0, self.y - top];
        self.remember(layer, report, path, rail);
    }

    fn remember(
        &mut self,
        layer: &Layer,
        report: Option<&LayerReport>,
        path: Vec<usize>,
        rect: [f32; 4],
    ) {
        let name = self.name(&path).map_or("", |layer| &layer.name);
        let mut words = format!("{name}: {}", layer.label());
        if !layer.detail().is_empty() {
            words = format!("{words} {}", layer.detail());
        }
        words = match report {
            Some(r) => format!(
                "{words}, gives {}, {} parameters",
                r.output,
                thousands(r.n_parameters)
            ),
            None => format!("{words}, does not fit"),
        };
        self.blocks.push(DiagramBlock {
            path,
            rect,
            explanation: layer.explanation(),
            words,
        });
    }

    fn name(&self, path: &[usize]) -> Option<&LayerName> {
        self.names.iter().find(|layer| layer.path == path)
    }

    /// Draws a line down to the next element.
    fn flow(&mut self) {
        let (x, y) = (self.middle, self.y);
        let ink = Ink::solid(self.palette.quiet);
        self.picture.line(&[[x, y], [x, y + GAP]], ink, 1.5);
        self.y += GAP;
    }

    /// Draws an arrow down to the next element.
    fn arrow(&mut self) {
        self.flow();
        self.head([self.middle, self.y], [0.0, 1.0]);
    }

    /// Draws the head of an arrow that ends at `tip`.
    fn head(&mut self, tip: [f32; 2], [dx, dy]: [f32; 2]) {
        let back = |side: f32| {
            [
                tip[0] - 4.0 * dx + 3.0 * side * dy,
                tip[1] - 4.0 * dy + 3.0 * side * dx,
            ]
        };
        let ink = Ink::solid(self.palette.quiet);
        self.picture.line(&[back(-1.0), tip, back(1.0)], ink, 1.5);
    }

    fn rect(&mut self, rect: [f32; 4], radius: f32, fill: Rgb, rim: Option<Rgb>) {
        self.picture.items.push(Item::Rect {
            rect,
            radius,
            fill: Some(Ink::solid(fill)),
            rim: rim.map(Ink::solid),
        });
    }

    fn span(&self, text: &str, face: Face, rgb: Rgb) -> Span {
        Span {
            text: text.to_owned(),
            face,
            size: if face == Face::Number { 12.0 } else { 14.0 },
            ink: Ink::solid(rgb),
        }
    }

    fn small(&self, text: &str) -> Span {
        Span {
            text: text.to_owned(),
            face: Face::Text,
            size: 12.0,
            ink: Ink::solid(mix(self.palette.quiet, self.palette.panel, 0.1)),
        }
    }
}

/// The color of a layer's kind; activations and reshaping have none.
fn family(layer: &Layer) -> Option<usize> {
    match layer {
        Layer::Conv2d(_) => Some(0),
        Layer::Dense(_) => Some(1),
        Layer::MaxPool2d(_) | Layer::AvgPool2d(_) | Layer::GlobalAvgPool => Some(2),
        Layer::Rnn(_) | Layer::Lstm(_) | Layer::Gru(_) => Some(3),
        Layer::PatchEmbedding(_) | Layer::TransformerEncoder(_) => Some(4),
        Layer::BatchNorm | Layer::LayerNorm => Some(5),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PRESETS, preset};
    use crate::picture::{DARK, LIGHT};

    fn spec(name: &str) -> ModelSpec {
        preset(name).unwrap().spec([1, 28, 28], 10)
    }

    fn count(layers: &[Layer]) -> usize {
        layers.iter().map(|l| 1 + count(l.inside())).sum()
    }

    #[test]
    fn every_layer_of_every_preset_has_its_block_and_none_covers_another() {
        for preset in PRESETS {
            let spec = spec(preset.name);
            let drawn = diagram(&spec, 360.0, &DARK);
            assert_eq!(drawn.blocks.len(), count(&spec.layers), "{}", preset.name);
            let [width, height] = drawn.picture.size;
            for (idx, a) in drawn.blocks.iter().enumerate() {
                let [x, y, w, h] = a.rect;
                assert!(x >= 0.0 && y >= 0.0 && x + w <= width && y + h <= height);
                for b in &drawn.blocks[..idx] {
                    let [bx, by, bw, bh] = b.rect;
                    let is_apart = x + w <= bx || bx + bw <= x || y + h <= by || by + bh <= y;
                    assert!(is_apart, "{}: {a:?} and {b:?}", preset.name);
                }
            }
        }
    }

    #[test]
    fn blocks_say_what_a_layer_is_and_makes() {
        let drawn = diagram(&spec("resnet-small"), 360.0, &LIGHT);
        let words: Vec<&str> = drawn.blocks.iter().map(|b| b.words.as_str()).collect();
        assert_eq!(
            words[0],
            "conv1: Conv 2-D 16 of 3×3, padding 1, gives 16×28×28, 160 parameters"
        );
        assert!(words.contains(&"residual1.norm1: Batch norm, gives 16×14×14, 32 parameters"));
        // The second stage halves the image, so its input has to be projected to the new shape.
        let svg = drawn.picture.svg();
        assert_eq!(svg.matches("+ 1×1 convolution of the input").count(), 2);
        assert_eq!(svg.matches("+ the input").count(), 1);
    }

    #[test]
    fn what_does_not_fit_is_drawn_without_shapes() {
        let mut wrong = spec("keras-cnn");
        wrong.layers.remove(3);
        let drawn = diagram(&wrong, 360.0, &DARK);
        assert_eq!(drawn.blocks.len(), 6);
        assert!(drawn.blocks[2].words.contains("gives 32×13×13"));
        for block in &drawn.blocks[3..] {
            assert!(block.words.ends_with("does not fit"), "{}", block.words);
        }
    }
}
