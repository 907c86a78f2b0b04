//! The arithmetic of one value as numbers that can be read.

use egui::{Label, RichText, TextStyle, Ui};

use super::overview::unit_name;
use crate::explain::{Arithmetic, LayerActivation, Position, Products, Terms};
use crate::model::{Layer, Shape};
use crate::studio::LayerMaps;
use crate::text;
use crate::ui::theme::{self, UNIT};

/// Patches up to this side are written as a grid.
const MAX_GRID: usize = 6;

/// Most products of a larger patch that are written.
const MAX_LIST: usize = 12;

/// Characters of a number in a grid, with the space before it.
const CELL: usize = 7;

/// Distance between two grids.
const GAP: f32 = 3.0 * UNIT;

/// A number with four decimals, or in powers of ten if that would hide it.
pub(super) fn number(value: f32) -> String {
    let is_plain = value == 0.0 || (1e-3..1e5).contains(&value.abs());
    let text = match is_plain || !value.is_finite() {
        true => format!("{value:.4}"),
        false => format!("{value:.2e}"),
    };
    text.replace('-', "−")
}

/// A number for a grid.
fn short(value: f32) -> String {
    let decimals = if value.abs() < 100.0 { 3 } else { 0 };
    let text = format!("{value:.decimals$}");
    // Not "−0.000".
    match text.trim_start_matches(['-', '0', '.']) {
        "" => text.trim_start_matches('-').to_owned(),
        _ => text.replace('-', "−"),
    }
}

/// Draws how a value is computed.
pub(super) fn arithmetic_ui(
    ui: &mut Ui,
    maps: &LayerMaps,
    (layer, at): (&LayerActivation, Position),
    input: usize,
    arithmetic: &Arithmetic,
) {
    match &arithmetic.terms {
        Terms::Products { inputs, .. } => {
            if let Some(input) = inputs.get(input).or(inputs.first()) {
                match input.size.iter().all(|side| *side <= MAX_GRID) {
                    true => products_ui(ui, maps, layer, input, arithmetic),
                    false => largest_ui(ui, inputs),
                }
            }
        }
        Terms::Maximum(of) | Terms::Mean(of) => patch_ui(ui, of),
        _ => {}
    }
    ui.add_space(UNIT);
    for (name, value) in lines(layer, arithmetic) {
        line_ui(ui, &name, value);
    }
    let name = format!("= {}", value_name(layer, at));
    line_ui(ui, &name, arithmetic.value);
    if let Some((label, value)) = &arithmetic.activation {
        line_ui(ui, &format!("→ {label}"), *value);
    }
}

fn value_name(layer: &LayerActivation, at: Position) -> String {
    match layer.shape {
        Shape::Sequence(_) => format!("token {}, value {}", at.row, at.unit),
        _ => unit_name(layer, at.unit),
    }
}

/// The steps to the value, in order.
fn lines(layer: &LayerActivation, arithmetic: &Arithmetic) -> Vec<(String, f32)> {
    let line = |name: &str, value: f32| (name.to_owned(), value);
    match &arithmetic.terms {
        Terms::Products { inputs, added } => {
            let n: usize = inputs.iter().map(|input| input.patch.len()).sum();
            let sum = inputs.iter().map(|input| f64::from(input.sum)).sum::<f64>();
            let products =
                (n > 0).then(|| (format!("sum of {}", text::count(n, "product")), sum as f32));
            let added = added
                .iter()
                .map(|(name, value)| (format!("+ {name}"), *value));
            products.into_iter().chain(added).collect()
        }
        Terms::Maximum(of) => vec![(
            format!("largest of {} values", of.patch.len()),
            arithmetic.value,
        )],
        Terms::Mean(of) => vec![(
            format!("mean of {} values", of.patch.len()),
            arithmetic.value,
        )],
        Terms::Normalized {
            x,
            mean,
            deviation,
            weight,
            bias,
        } => vec![
            line("input", *x),
            line("− mean", *mean),
            line("÷ standard deviation", *deviation),
            line("× weight", *weight),
            line("+ bias", *bias),
        ],
        Terms::Sum { body, shortcut } => {
            vec![line("layers inside", *body), line("+ shortcut", *shortcut)]
        }
        Terms::Function(x) => {
            let name = match layer.layer {
                Layer::Flatten | Layer::TokenPool(_) => "input".to_owned(),
                Layer::Dropout(_) | Layer::Dropout2d(_) => {
                    "input, dropped only in training".to_owned()
                }
                _ => format!("{} of", layer.layer.label()),
            };
            vec![(name, *x)]
        }
        Terms::Gates(gates) => gates
            .iter()
            .map(|(name, value)| line(name, *value))
            .collect(),
        Terms::Attention => Vec::new(),
    }
}

fn line_ui(ui: &mut Ui, name: &str, value: f32) {
    let text = format!("{name:<30} {:>10}", number(value));
    ui.add(Label::new(theme::number(text)).truncate());
}

/// Draws patch, kernel and products of one input beside each other, or below each other.
fn products_ui(
    ui: &mut Ui,
    maps: &LayerMaps,
    layer: &LayerActivation,
    input: &Products,
    arithmetic: &Arithmetic,
) {
    let size = match maps.activations.read_by(layer).0 {
        Shape::Image([_, h, w]) => [h, w],
        Shape::Sequence([tokens, _]) => [tokens, 1],
        Shape::Vector(n) => [n, 1],
    };
    let inside = arithmetic
        .window
        .map(|window| (window, window.inside(size)));
    let is_padding = |idx: usize| {
        inside.as_ref().is_some_and(|(window, area)| {
            let row = window.top + (idx / input.size[1]) as isize;
            let column = window.left + (idx % input.size[1]) as isize;
            row < 0 || column < 0 || !area.contains(row as usize, column as usize)
        })
    };
    let patch = |idx: usize| match is_padding(idx) {
        true => "·".to_owned(),
        false => short(input.patch[idx]),
    };
    let blocks = [
        ("patch", grid(input.size, patch)),
        ("× kernel", grid(input.size, |idx| short(input.kernel[idx]))),
        (
            "= products",
            grid(input.size, |idx| {
                short(input.patch[idx] * input.kernel[idx])
            }),
        ),
    ];
    let font = TextStyle::Monospace.resolve(ui.style());
    let letter = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
    let width = (CELL * input.size[1]) as f32 * letter + GAP;
    let per_row = (((ui.available_width() + GAP) / width) as usize).max(1);
    for row in blocks.chunks(per_row) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            for (name, grid) in row {
                ui.vertical(|ui| {
                    ui.label(theme::quiet(ui, *name));
                    ui.label(theme::number(grid));
                });
            }
        });
    }
    if (0..input.patch.len()).any(is_padding) {
        ui.label(theme::quiet(ui, "· is padding, which is zero."));
    }
}

fn grid([rows, columns]: [usize; 2], text: impl Fn(usize) -> String) -> String {
    let row = |row: usize| -> String {
        let cells = (0..columns).map(|column| text(row * columns + column));
        cells.map(|cell| format!("{cell:>CELL$}")).collect()
    };
    (0..rows).map(row).collect::<Vec<_>>().join("\n")
}

fn patch_ui(ui: &mut Ui, of: &Products) {
    if of.size.iter().all(|side| *side <= MAX_GRID) {
        ui.label(theme::quiet(ui, "values"));
        ui.label(theme::number(grid(of.size, |idx| short(of.patch[idx]))));
    }
}

/// Draws the products furthest from zero.
fn largest_ui(ui: &mut Ui, inputs: &[Products]) {
    let mut all: Vec<(&Products, usize, f32)> = Vec::new();
    for input in inputs {
        let products = input.patch.iter().zip(&input.kernel).enumerate();
        all.extend(products.map(|(idx, (x, w))| (input, idx, x * w)));
    }
    let n = all.len();
    all.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
    all.truncate(MAX_LIST);
    let head = format!(
        "the {} products furthest from zero, of {}",
        all.len(),
        text::thousands(n as u64)
    );
    ui.label(theme::quiet(ui, head));
    let line = |(input, idx, product): &(&Products, usize, f32)| {
        let columns = input.size[1];
        let place = match columns {
            1 => format!("unit {idx}"),
            _ => format!("unit {}, {}, {}", input.unit, idx / columns, idx % columns),
        };
        let [x, w, product] = [input.patch[*idx], input.kernel[*idx], *product].map(short);
        format!("{place:<16} {x:>CELL$} × {w:>CELL$} = {product:>CELL$}")
    };
    let lines: Vec<String> = all.iter().map(line).collect();
    ui.add(Label::new(RichText::new(lines.join("\n")).monospace()));
}
