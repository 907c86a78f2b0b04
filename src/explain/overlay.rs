//! A map as a picture: colors over the gray input.

/// What speaks for the class: orange of Okabe and Ito's palette for all kinds of color vision.
pub const FOR: [u8; 3] = [230, 159, 0];

/// What speaks against the class: their sky blue.
pub const AGAINST: [u8; 3] = [86, 180, 233];

/// The gray of white: below white, so that colors stand out on bright ink too.
const BRIGHTEST: f32 = 190.0;

/// Colors of the pixels, row by row: the input in gray under [`FOR`] and [`AGAINST`], the more
/// opaque the further from zero the map is, up to `strength` in `[0, 1]` where it is furthest.
///
/// `map` and `input` are `[channels, height, width]`; the channels of a map are summed.
pub fn overlay(map: &[f32], input: &[f32], shape: [usize; 3], strength: f32) -> Vec<[u8; 3]> {
    let [channels, height, width] = shape;
    let area = height * width;
    let sum = |values: &[f32], pixel: usize| -> f32 {
        values.iter().skip(pixel).step_by(area.max(1)).sum()
    };
    let sums: Vec<f32> = (0..area).map(|pixel| sum(map, pixel)).collect();
    let furthest = sums.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    let color = |(pixel, value): (usize, &f32)| {
        let gray = BRIGHTEST * sum(input, pixel) / channels.max(1) as f32;
        let share = match furthest > 0.0 {
            true => strength.clamp(0.0, 1.0) * value.abs() / furthest,
            false => 0.0,
        };
        let ink = if *value < 0.0 { AGAINST } else { FOR };
        ink.map(|ink| (gray + share * (f32::from(ink) - gray)).round() as u8)
    };
    sums.iter().enumerate().map(color).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_value_has_its_full_color_and_zero_is_the_input() {
        let found = overlay(
            &[2.0, 0.0, -2.0, -1.0],
            &[0.0, 1.0, 1.0, 0.0],
            [1, 2, 2],
            1.0,
        );
        assert_eq!(found[0], FOR);
        assert_eq!(found[1], [190; 3]);
        assert_eq!(found[2], AGAINST);
        assert_eq!(
            found[3],
            AGAINST.map(|c| (f32::from(c) / 2.0).round() as u8)
        );
        let plain = overlay(&[2.0, 1.0], &[1.0, 0.0], [1, 1, 2], 0.0);
        assert_eq!(plain, [[190; 3], [0; 3]]);
    }

    #[test]
    fn channels_are_summed_and_an_empty_map_is_the_gray_input() {
        let map = [1.0, 0.5, 1.0, -0.5, 1.0, 0.0];
        let found = overlay(&map, &[0.0; 6], [3, 1, 2], 1.0);
        assert_eq!(found, [FOR, [0; 3]]);
        let gray = overlay(&[0.0; 6], &[1.0, 0.0, 0.5, 0.0, 0.0, 0.0], [3, 1, 2], 1.0);
        assert_eq!(gray, [[95; 3], [0; 3]]);
    }
}
