//! The colors of both themes. No other file defines colors.

/// Red, green and blue, each from 0 to 255.
pub type Rgb = [u8; 3];

/// The colors of one theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Background of everything, and of text fields.
    pub background: Rgb,
    /// Background of panels.
    pub panel: Rgb,
    /// Background of buttons, fields, menus.
    pub raised: Rgb,
    /// Lines between regions.
    pub hairline: Rgb,
    /// Main text.
    pub text: Rgb,
    /// Secondary text: labels, units, hints.
    pub quiet: Rgb,
    /// Accent: primary button, focus, current value.
    pub accent: Rgb,
    /// Text on the accent.
    pub on_accent: Rgb,
    /// Success.
    pub good: Rgb,
    /// Warning.
    pub warning: Rgb,
    /// Error.
    pub bad: Rgb,
}

/// The dark theme.
pub const DARK: Palette = Palette {
    background: [0x14, 0x16, 0x1A],
    panel: [0x1B, 0x1E, 0x24],
    raised: [0x25, 0x2A, 0x33],
    hairline: [0x2E, 0x34, 0x3E],
    text: [0xE8, 0xEA, 0xED],
    quiet: [0x98, 0xA2, 0xAE],
    accent: [0xFF, 0xA9, 0x4D],
    on_accent: [0x14, 0x16, 0x1A],
    good: [0x51, 0xC5, 0x8C],
    warning: [0xF2, 0xC1, 0x4E],
    bad: [0xF0, 0x71, 0x6C],
};

/// The light theme.
pub const LIGHT: Palette = Palette {
    background: [0xFA, 0xF9, 0xF7],
    panel: [0xF2, 0xF0, 0xEC],
    raised: [0xFF, 0xFF, 0xFF],
    hairline: [0xDD, 0xD9, 0xD2],
    text: [0x1D, 0x20, 0x24],
    quiet: [0x5F, 0x67, 0x71],
    accent: [0xA0, 0x4E, 0x00],
    on_accent: [0xFF, 0xFF, 0xFF],
    good: [0x15, 0x70, 0x45],
    warning: [0x80, 0x5A, 0x00],
    bad: [0xB3, 0x32, 0x2D],
};

/// Colors that are distinct with any kind of color vision (Okabe and Ito, 2008), the strongest
/// first; without black, which is invisible on a dark background.
const OKABE_ITO: [Rgb; 7] = [
    [0x56, 0xB4, 0xE9],
    [0xE6, 0x9F, 0x00],
    [0x00, 0x9E, 0x73],
    [0xCC, 0x79, 0xA7],
    [0xD5, 0x5E, 0x00],
    [0x00, 0x72, 0xB2],
    [0xF0, 0xE4, 0x42],
];

/// Contrast a thin colored line needs against its background (WCAG 2.2, 1.4.11).
const LINE_CONTRAST: f32 = 3.0;

impl Palette {
    /// Number of distinct colors: [`Palette::data`] repeats after them.
    pub const N_DATA: usize = 4 * OKABE_ITO.len();

    /// The color with the number `idx`. After one round the colors repeat, mixed with the color of
    /// the text.
    pub fn data(&self, idx: usize) -> Rgb {
        let round = (idx / OKABE_ITO.len() % 4) as f32;
        let mut color = mix(OKABE_ITO[idx % OKABE_ITO.len()], self.text, 0.25 * round);
        while contrast(color, self.background) < LINE_CONTRAST {
            color = mix(color, self.text, 0.1);
        }
        color
    }
}

/// Mixes a share of `to` into `from`.
pub(crate) fn mix(from: Rgb, to: Rgb, share: f32) -> Rgb {
    std::array::from_fn(|c| {
        let (from, to) = (f32::from(from[c]), f32::from(to[c]));
        (from + (to - from) * share).round() as u8
    })
}

/// The contrast ratio of two colors, 1 to 21 (WCAG 2.2, "contrast ratio").
fn contrast(a: Rgb, b: Rgb) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// WCAG 2.2, "relative luminance".
fn luminance(rgb: Rgb) -> f32 {
    let linear = rgb.map(|c| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_has_colors_that_differ_and_can_be_seen() {
        for palette in [DARK, LIGHT] {
            let colors: Vec<Rgb> = (0..14).map(|idx| palette.data(idx)).collect();
            for (idx, &color) in colors.iter().enumerate() {
                let contrast = contrast(color, palette.background);
                assert!(contrast >= LINE_CONTRAST, "color {idx}: {contrast}");
                assert!(!colors[..idx].contains(&color), "color {idx}");
            }
        }
    }
}
