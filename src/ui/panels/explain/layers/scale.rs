//! Which value of a map has the full color.

use egui::{ColorImage, Ui};

use crate::ui::theme;
use crate::ui::widgets::{combo_of_width, furthest, signed_legend_ui};

/// Which value has the full color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scale {
    /// The one furthest from zero in each map.
    #[default]
    Unit,
    /// The one furthest from zero in the whole layer.
    Layer,
    /// 1 and −1.
    Fixed,
}

impl Scale {
    const ALL: [Scale; 3] = [Scale::Unit, Scale::Layer, Scale::Fixed];

    fn label(self) -> &'static str {
        match self {
            Scale::Unit => "per unit",
            Scale::Layer => "per layer",
            Scale::Fixed => "fixed, −1 to 1",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Scale::Unit => {
                "Full color is the value furthest from zero in each map: shows patterns."
            }
            Scale::Layer => {
                "Full color is the value furthest from zero in the layer: shows which units respond \
                 most."
            }
            Scale::Fixed => "Full color is 1 or −1: can be compared between layers and images.",
        }
    }

    /// The value of the full color for `own` values of a unit in a layer with `all` values.
    pub(super) fn most(self, own: &[f32], all: &[f32]) -> f32 {
        match self {
            Scale::Unit => furthest(own),
            Scale::Layer => furthest(all),
            Scale::Fixed => 1.0,
        }
    }
}

/// Values in `[0, 1]`, `[channels, height, width]`, as they are.
pub(super) fn plain(values: &[f32], [channels, height, width]: [usize; 3]) -> ColorImage {
    let area = height * width;
    let of = |channel: usize, pixel: usize| {
        let channel = if channels == 3 { channel } else { 0 };
        (255.0 * values[channel * area + pixel]).round() as u8
    };
    let pixel = |pixel: usize| [0, 1, 2].map(|channel| of(channel, pixel));
    let pixels: Vec<u8> = (0..area).flat_map(pixel).collect();
    ColorImage::from_rgb([width, height], &pixels)
}

/// Draws the choice of the scale and what the colors mean.
pub(super) fn scale_ui(ui: &mut Ui, scale: &mut Scale) {
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(theme::ROW_HEIGHT);
        ui.label(theme::quiet(ui, "colors"));
        let shown = combo_of_width(ui, "Scale of the colors", scale.label(), 112.0, |ui| {
            for each in Scale::ALL {
                ui.selectable_value(scale, each, each.label())
                    .on_hover_text(each.explanation());
            }
        });
        shown.on_hover_text(scale.explanation());
        signed_legend_ui(ui);
    });
}
