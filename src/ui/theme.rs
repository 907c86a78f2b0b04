//! The look of the window: colors, fonts, sizes, spacing. The colors themselves
//! are defined in `picture/palette.rs`, since pictures use them too.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::epaint::Shadow;
use egui::style::{HandleShape, ScrollStyle, Spacing, WidgetVisuals};
use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin,
    RichText, Stroke, Style, TextStyle, Theme, Ui, Vec2, Visuals,
};

use crate::picture::fonts::{INTER, INTER_SEMIBOLD, JETBRAINS_MONO};
use crate::picture::{self, Palette, Rgb};

/// The unit of all distances, in points.
pub const UNIT: f32 = 4.0;

/// Height of a row with a field in it.
pub const ROW_HEIGHT: f32 = 28.0;

/// Distance between the edge of a panel and its content.
pub const PANEL_PADDING: i8 = 12;

/// The colors of one theme.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    /// The same colors, for pictures that are saved.
    pub palette: &'static Palette,
    /// Window background, and behind text fields.
    pub background: Color32,
    /// Panels.
    pub panel: Color32,
    /// Raised from a panel: buttons, fields, menus.
    pub raised: Color32,
    /// Lines between regions.
    pub hairline: Color32,
    /// Primary text.
    pub text: Color32,
    /// Secondary text: labels, units, hints.
    pub quiet: Color32,
    /// The primary button, the focus, the current value.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Success.
    pub good: Color32,
    /// Warnings.
    pub warning: Color32,
    /// Errors.
    pub bad: Color32,
}

/// The dark theme.
pub const DARK: Tokens = Tokens::new(&picture::DARK);

/// The light theme.
pub const LIGHT: Tokens = Tokens::new(&picture::LIGHT);

/// The canvas is black with white ink in both themes, as the network sees it.
pub const CANVAS: Color32 = Color32::BLACK;

/// What is written on the canvas before anything is drawn.
pub const CANVAS_HINT: Color32 = rgb([150; 3]);

/// The outline of the pen on the canvas: a dark rim and a bright line in it.
pub const PEN_OUTLINE: [Color32; 2] = [rgb([40; 3]), rgb([200; 3])];

/// The wick in the flame of the logo.
pub const WICK: Color32 = rgb([0x5A, 0x32, 0x0A]);

/// The color of what brings its own: pixels of images and items of pictures.
#[expect(clippy::disallowed_methods, reason = "this is where colors are made")]
pub const fn rgb([r, g, b]: Rgb) -> Color32 {
    Color32::from_rgb(r, g, b)
}

impl Tokens {
    const fn new(palette: &'static Palette) -> Tokens {
        Tokens {
            palette,
            background: rgb(palette.background),
            panel: rgb(palette.panel),
            raised: rgb(palette.raised),
            hairline: rgb(palette.hairline),
            text: rgb(palette.text),
            quiet: rgb(palette.quiet),
            accent: rgb(palette.accent),
            on_accent: rgb(palette.on_accent),
            good: rgb(palette.good),
            warning: rgb(palette.warning),
            bad: rgb(palette.bad),
        }
    }

    /// Returns the colors of a theme.
    pub fn of(theme: Theme) -> &'static Tokens {
        match theme {
            Theme::Dark => &DARK,
            Theme::Light => &LIGHT,
        }
    }

    /// Returns the color of run number `idx`: see [`Palette::data`].
    pub fn run_color(&self, idx: usize) -> Color32 {
        rgb(self.palette.data(idx))
    }
}

/// Returns the colors `ui` is drawn in.
pub fn tokens(ui: &Ui) -> &'static Tokens {
    if ui.visuals().dark_mode {
        &DARK
    } else {
        &LIGHT
    }
}

/// Mixes a share of `to` into `from`.
pub fn mix(from: Color32, to: Color32, share: f32) -> Color32 {
    from.lerp_to_gamma(to, share)
}

/// Returns the semibold cut of the text font.
pub fn semibold() -> FontFamily {
    FontFamily::Name("semibold".into())
}

/// Formats a section heading: small, heavy and quiet.
pub fn section(ui: &Ui, text: &str) -> RichText {
    RichText::new(text.to_uppercase())
        .font(FontId::new(12.0, semibold()))
        .extra_letter_spacing(0.8)
        .color(tokens(ui).quiet)
}

/// Formats small secondary text.
pub fn quiet(ui: &Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).small().color(tokens(ui).quiet)
}

/// Formats a number in digits of equal width, for tables and readouts.
pub fn number(text: impl Into<String>) -> RichText {
    RichText::new(text).monospace()
}

/// Installs the fonts and both themes.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    for theme in [Theme::Dark, Theme::Light] {
        ctx.set_style_of(theme, style(theme));
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let faces = [
        ("inter", INTER),
        ("inter-semibold", INTER_SEMIBOLD),
        ("jetbrains-mono", JETBRAINS_MONO),
    ];
    for (name, bytes) in faces {
        let mut data = FontData::from_static(bytes);
        if name == "jetbrains-mono" {
            // Aligns its digits with the baseline of the text beside them.
            data.tweak.y_offset_factor = 0.05;
        }
        fonts.font_data.insert(name.to_owned(), Arc::new(data));
    }
    // egui's own fonts are the fallback, for symbols ours lack.
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned();
    fonts
        .families
        .insert(semibold(), fallback.unwrap_or_default());
    for (family, name) in [
        (FontFamily::Proportional, "inter"),
        (semibold(), "inter-semibold"),
        (FontFamily::Monospace, "jetbrains-mono"),
    ] {
        let family = fonts.families.entry(family).or_default();
        family.insert(0, name.to_owned());
    }
    fonts
}

fn style(theme: Theme) -> Style {
    let mut style = Style {
        text_styles: text_styles(),
        drag_value_text_style: TextStyle::Monospace,
        spacing: spacing(),
        visuals: visuals(theme),
        animation_time: 0.1,
        ..Style::default()
    };
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;
    style
}

fn text_styles() -> BTreeMap<TextStyle, FontId> {
    BTreeMap::from([
        (TextStyle::Small, FontId::proportional(12.0)),
        (TextStyle::Body, FontId::proportional(14.0)),
        (TextStyle::Button, FontId::proportional(14.0)),
        (TextStyle::Heading, FontId::new(18.0, semibold())),
        (TextStyle::Monospace, FontId::monospace(12.0)),
    ])
}

fn spacing() -> Spacing {
    Spacing {
        item_spacing: Vec2::new(2.0 * UNIT, UNIT),
        button_padding: Vec2::new(2.0 * UNIT, UNIT),
        interact_size: Vec2::new(ROW_HEIGHT, ROW_HEIGHT),
        menu_margin: Margin::same(6),
        window_margin: Margin::same(16),
        slider_width: 96.0,
        slider_rail_height: 4.0,
        combo_width: 96.0,
        icon_width: 16.0,
        icon_width_inner: 10.0,
        icon_spacing: 6.0,
        tooltip_width: 320.0,
        scroll: ScrollStyle {
            floating_allocated_width: 0.0,
            bar_width: 6.0,
            floating_width: 3.0,
            active_handle_opacity: 0.35,
            interact_handle_opacity: 0.6,
            ..ScrollStyle::floating()
        },
        ..Spacing::default()
    }
}

fn visuals(theme: Theme) -> Visuals {
    let t = Tokens::of(theme);
    let mut v = match theme {
        Theme::Dark => Visuals::dark(),
        Theme::Light => Visuals::light(),
    };
    let widget = |fill: Color32, rim: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, rim),
        corner_radius: CornerRadius::same(5),
        fg_stroke: Stroke::new(1.0, t.text),
        expansion: 0.0,
    };
    let rim = mix(t.hairline, t.text, 0.3);
    v.widgets.noninteractive = widget(t.panel, t.hairline);
    v.widgets.inactive = widget(t.raised, t.hairline);
    v.widgets.hovered = widget(mix(t.raised, t.text, 0.06), rim);
    v.widgets.active = widget(mix(t.raised, t.text, 0.1), t.accent);
    v.widgets.open = widget(mix(t.raised, t.text, 0.06), rim);
    v.selection.bg_fill = mix(t.raised, t.accent, 0.14);
    v.selection.stroke = Stroke::new(1.0, t.accent);
    v.weak_text_color = Some(t.quiet);
    v.hyperlink_color = t.accent;
    v.warn_fg_color = t.warning;
    v.error_fg_color = t.bad;
    v.extreme_bg_color = t.background;
    v.text_edit_bg_color = Some(mix(t.background, t.raised, 0.4));
    v.faint_bg_color = mix(t.panel, t.text, 0.03);
    v.code_bg_color = t.background;
    v.panel_fill = t.panel;
    v.window_fill = t.raised;
    v.window_stroke = Stroke::new(1.0, t.hairline);
    v.window_corner_radius = CornerRadius::same(8);
    v.menu_corner_radius = CornerRadius::same(8);
    v.popup_shadow = shadow(theme);
    v.window_shadow = shadow(theme);
    v.slider_trailing_fill = true;
    v.handle_shape = HandleShape::Circle;
    v.text_cursor.blink = false;
    v.text_cursor.stroke = Stroke::new(1.5, t.accent);
    v
}

fn shadow(theme: Theme) -> Shadow {
    let alpha = match theme {
        Theme::Dark => 110,
        Theme::Light => 36,
    };
    Shadow {
        offset: [0, 6],
        blur: 20,
        spread: 0,
        color: Color32::from_black_alpha(alpha),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2, 1.4.3.
    const TEXT_CONTRAST: f32 = 4.5;

    /// Returns the contrast ratio of two colors, 1 to 21 (WCAG 2.2).
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |c: Color32| {
            let [r, g, b, _] = egui::Rgba::from(c).to_array();
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn all_text_can_be_read_in_both_themes() {
        for (theme, t) in [("dark", DARK), ("light", LIGHT)] {
            let inks = [t.text, t.quiet, t.accent, t.good, t.warning, t.bad];
            for (ink_idx, ink) in inks.into_iter().enumerate() {
                for (paper_idx, paper) in [t.background, t.panel, t.raised].into_iter().enumerate()
                {
                    let contrast = contrast(ink, paper);
                    assert!(
                        contrast >= TEXT_CONTRAST,
                        "{theme}: ink {ink_idx} on paper {paper_idx} has {contrast}"
                    );
                }
            }
            assert!(contrast(t.on_accent, t.accent) >= TEXT_CONTRAST, "{theme}");
        }
    }

    #[test]
    fn what_is_selected_can_be_read() {
        for theme in [Theme::Dark, Theme::Light] {
            let selection = visuals(theme).selection;
            let contrast = contrast(selection.stroke.color, selection.bg_fill);
            assert!(contrast >= TEXT_CONTRAST, "{theme:?}: {contrast}");
        }
    }
}
