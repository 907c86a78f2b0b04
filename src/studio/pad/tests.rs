use super::*;

fn line(points: &[[f32; 2]]) -> Stroke {
    Stroke {
        erases: false,
        points: points.to_vec(),
    }
}

fn at(pad: &Pad, x: f32, y: f32) -> u8 {
    let pixel = |c: f32| (c * Pad::SIDE as f32) as usize;
    pad.image().pixels[pixel(y) * Pad::SIDE + pixel(x)]
}

#[test]
fn a_dot_is_round_has_the_brush_width_and_a_soft_edge() {
    let mut pad = Pad::default();
    pad.set_brush(0.1);
    pad.begin(line(&[[0.5, 0.5]]));
    assert_eq!(at(&pad, 0.5, 0.5), 255);
    let area: f64 = pad
        .image()
        .pixels
        .iter()
        .map(|&p| f64::from(p) / 255.0)
        .sum();
    assert!(
        (area - std::f64::consts::PI * 14.0 * 14.0).abs() < 6.0,
        "{area}"
    );
    assert!(pad.image().pixels.iter().any(|&p| p > 0 && p < 255));
}

#[test]
fn a_stroke_drawn_in_pieces_equals_the_stroke_drawn_at_once() {
    let points = [[0.1, 0.2], [0.4, 0.25], [0.5, 0.8], [0.9, 0.3]];
    let mut whole = Pad::default();
    whole.begin(line(&points));
    let mut pieces = Pad::default();
    pieces.begin(line(&points[..1]));
    pieces.extend(&points[1..2]);
    pieces.extend(&points[2..]);
    pieces.end();
    assert_eq!(whole.image(), pieces.image());
    assert_eq!(at(&whole, 0.45, 0.525), 255);
}

#[test]
fn erasing_takes_away_what_it_covers_and_no_more() {
    let mut pad = Pad::default();
    pad.begin(line(&[[0.2, 0.5], [0.8, 0.5]]));
    pad.begin(Stroke {
        erases: true,
        points: vec![[0.5, 0.5]],
    });
    assert_eq!(at(&pad, 0.5, 0.5), 0);
    assert_eq!(at(&pad, 0.3, 0.5), 255);
}

#[test]
fn undo_and_redo_walk_through_strokes_clearing_and_images() {
    let mut pad = Pad::default();
    let states = {
        let mut states = vec![pad.image().clone()];
        pad.begin(line(&[[0.2, 0.2]]));
        pad.end();
        states.push(pad.image().clone());
        pad.clear();
        states.push(pad.image().clone());
        pad.paste(
            &GrayImage {
                width: 1,
                height: 1,
                pixels: vec![9],
            },
            None,
            Some(3),
        );
        states.push(pad.image().clone());
        states
    };
    for state in states.iter().rev().skip(1) {
        pad.undo();
        assert_eq!(pad.image(), state);
    }
    assert!(!pad.can_undo());
    for state in &states[1..] {
        pad.redo();
        assert_eq!(pad.image(), state);
    }
    assert!(!pad.can_redo());
    assert_eq!(pad.true_label(), Some(3));
    pad.undo();
    pad.begin(line(&[[0.5, 0.5]]));
    assert!(!pad.can_redo(), "a new stroke ends the way forward");
}

#[test]
fn the_version_counts_every_change_and_nothing_else() {
    let mut pad = Pad::default();
    let mut seen = vec![pad.version()];
    pad.begin(line(&[[0.5, 0.5]]));
    seen.push(pad.version());
    pad.extend(&[[0.6, 0.6]]);
    seen.push(pad.version());
    pad.end();
    pad.set_brush(0.1);
    assert_eq!(pad.version(), seen[2]);
    pad.undo();
    seen.push(pad.version());
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    pad.undo();
    pad.clear();
    pad.extend(&[[0.1, 0.1]]);
    assert_eq!(pad.version(), seen[3], "nothing happened");
}

#[test]
fn a_test_image_keeps_its_pixels_and_its_label_until_it_is_drawn_over() {
    let mut pixels = vec![0; 28 * 28];
    pixels[3 * 28 + 5] = 200;
    let mut pad = Pad::default();
    pad.paste(
        &GrayImage {
            width: 28,
            height: 28,
            pixels,
        },
        None,
        Some(7),
    );
    assert_eq!(pad.true_label(), Some(7));
    assert_eq!(at(&pad, 5.05 / 28.0, 3.05 / 28.0), 200);
    assert_eq!(at(&pad, 5.95 / 28.0, 3.95 / 28.0), 200);
    assert_eq!(pad.image().pixels.iter().filter(|&&p| p > 0).count(), 100);
    pad.begin(line(&[[0.9, 0.9]]));
    assert_eq!(pad.true_label(), None);
    pad.undo();
    assert_eq!(pad.true_label(), Some(7));
}

#[test]
fn images_of_any_size_keep_their_aspect() {
    for (width, height) in [(560, 280), (3, 1000), (1, 1), (281, 283)] {
        let mut pad = Pad::default();
        let pixels = vec![100; width * height];
        pad.paste(
            &GrayImage {
                width,
                height,
                pixels,
            },
            None,
            None,
        );
        let n_ink = pad.image().pixels.iter().filter(|&&p| p == 100).count() as f64;
        let (w, h) = (width as f64, height as f64);
        let expected = 280.0 * 280.0 * w.min(h) / w.max(h);
        assert!(
            (n_ink - expected).abs() <= 280.0,
            "{width}×{height}: {n_ink} {expected}"
        );
    }
    let mut pad = Pad::default();
    pad.paste(
        &GrayImage {
            width: 0,
            height: 0,
            pixels: Vec::new(),
        },
        None,
        None,
    );
    assert!(pad.is_empty());
}

#[test]
fn points_outside_and_points_that_are_no_numbers_do_no_harm() {
    let mut pad = Pad::default();
    pad.begin(line(&[
        [-0.5, 0.5],
        [1.5, 0.5],
        [f32::NAN, 0.0],
        [1e30, 0.0],
    ]));
    assert_eq!(at(&pad, 0.5, 0.5), 255);
    pad.begin(line(&[]));
}

#[test]
fn history_is_bounded() {
    let mut pad = Pad::default();
    for _ in 0..MAX_PAST + 10 {
        pad.begin(line(&[[0.5, 0.5]]));
    }
    assert_eq!(pad.past.len(), MAX_PAST);
}
