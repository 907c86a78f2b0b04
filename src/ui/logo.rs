//! The logo, a flame: in the top bar and on the window's icon.

use egui::{IconData, Pos2, Vec2, pos2, vec2};

use super::theme;

/// The outline of a flame, clockwise from its tip: a drop, `size` from its center to its tip.
pub fn flame(center: Pos2, size: f32) -> Vec<Pos2> {
    let middle = vec2(0.0, 0.3 * size);
    let radius = 0.68 * size;
    let tip = vec2(0.12 * size, -size);
    // The straight sides touch the circle at right angles to its radius.
    let to_tip = tip - middle;
    let half = (radius / to_tip.length()).acos();
    let from = to_tip.angle() + half;
    let to = to_tip.angle() - half + std::f32::consts::TAU;
    let n = 24;
    let round = (0..=n).map(|i| {
        let angle = from + (to - from) * i as f32 / n as f32;
        middle + radius * Vec2::angled(angle)
    });
    std::iter::once(tip)
        .chain(round)
        .map(|d| center + d)
        .collect()
}

/// The icon of the window.
pub fn icon() -> IconData {
    const SIDE: usize = 64;
    const FINE: usize = 4;
    let center = pos2(32.0, 33.0);
    let shapes = [
        (flame(center, 28.0), theme::DARK.accent),
        (flame(center + vec2(0.0, 10.0), 15.0), theme::WICK),
    ];
    let mut rgba = Vec::with_capacity(SIDE * SIDE * 4);
    for pixel in 0..SIDE * SIDE {
        let (x, y) = (pixel % SIDE, pixel / SIDE);
        let mut sum = [0u32; 4];
        for part in 0..FINE * FINE {
            let offset = |i: usize| (i as f32 + 0.5) / FINE as f32;
            let at = pos2(
                x as f32 + offset(part % FINE),
                y as f32 + offset(part / FINE),
            );
            let hit = shapes
                .iter()
                .rev()
                .find(|(outline, _)| is_inside(outline, at));
            if let Some((_, color)) = hit {
                let [r, g, b, _] = color.to_array();
                for (sum, value) in sum.iter_mut().zip([r, g, b, 255]) {
                    *sum += u32::from(value);
                }
            }
        }
        let n_hit = (sum[3] / 255).max(1);
        let color = [0, 1, 2].map(|i| (sum[i] / n_hit) as u8);
        rgba.extend_from_slice(&[
            color[0],
            color[1],
            color[2],
            (sum[3] / (FINE * FINE) as u32) as u8,
        ]);
    }
    IconData {
        rgba,
        width: SIDE as u32,
        height: SIDE as u32,
    }
}

/// Whether a point is inside a convex clockwise outline.
fn is_inside(outline: &[Pos2], at: Pos2) -> bool {
    let next = outline.iter().cycle().skip(1);
    outline.iter().zip(next).all(|(&a, &b)| {
        let (side, d) = (b - a, at - a);
        side.x * d.y - side.y * d.x >= 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_a_flame_on_nothing() {
        let icon = icon();
        let alpha = |x: usize, y: usize| icon.rgba[(y * 64 + x) * 4 + 3];
        assert_eq!(icon.rgba.len(), 64 * 64 * 4);
        assert_eq!([alpha(0, 0), alpha(63, 63), alpha(2, 30)], [0, 0, 0]);
        assert_eq!([alpha(32, 40), alpha(34, 12)], [255, 255]);
        let n_ink = icon.rgba.chunks(4).filter(|p| p[3] > 127).count();
        assert!((900..2_200).contains(&n_ink), "{n_ink}");
    }
}
