//! Digits drawn small with the pen are read as well as large ones.

use std::path::Path;

use candle_studio::model::Classifier;
use candle_studio::predict::classify;
use candle_studio::studio::{CanvasAction, Stroke, Studio};

use crate::canvas::trained;
use crate::support::studio::studio;

/// The digits 0 to 9 of the Hershey font "Roman simplex": strokes in its units, y down.
/// Created by A. V. Hershey at the U. S. National Bureau of Standards.
const DIGITS: [&[&[[i8; 2]]]; 10] = [
    &[&[
        [9, -12],
        [6, -11],
        [4, -8],
        [3, -3],
        [3, 0],
        [4, 5],
        [6, 8],
        [9, 9],
        [11, 9],
        [14, 8],
        [16, 5],
        [17, 0],
        [17, -3],
        [16, -8],
        [14, -11],
        [11, -12],
        [9, -12],
    ]],
    &[&[[6, -8], [8, -9], [11, -12], [11, 9]]],
    &[&[
        [4, -7],
        [4, -8],
        [5, -10],
        [6, -11],
        [8, -12],
        [12, -12],
        [14, -11],
        [15, -10],
        [16, -8],
        [16, -6],
        [15, -4],
        [13, -1],
        [3, 9],
        [17, 9],
    ]],
    &[&[
        [5, -12],
        [16, -12],
        [10, -4],
        [13, -4],
        [15, -3],
        [16, -2],
        [17, 1],
        [17, 3],
        [16, 6],
        [14, 8],
        [11, 9],
        [8, 9],
        [5, 8],
        [4, 7],
        [3, 5],
    ]],
    &[&[[13, -12], [3, 2], [18, 2]], &[[13, -12], [13, 9]]],
    &[&[
        [15, -12],
        [5, -12],
        [4, -3],
        [5, -4],
        [8, -5],
        [11, -5],
        [14, -4],
        [16, -2],
        [17, 1],
        [17, 3],
        [16, 6],
        [14, 8],
        [11, 9],
        [8, 9],
        [5, 8],
        [4, 7],
        [3, 5],
    ]],
    &[&[
        [16, -9],
        [15, -11],
        [12, -12],
        [10, -12],
        [7, -11],
        [5, -8],
        [4, -3],
        [4, 2],
        [5, 6],
        [7, 8],
        [10, 9],
        [11, 9],
        [14, 8],
        [16, 6],
        [17, 3],
        [17, 2],
        [16, -1],
        [14, -3],
        [11, -4],
        [10, -4],
        [7, -3],
        [5, -1],
        [4, 2],
    ]],
    &[&[[17, -12], [7, 9]], &[[3, -12], [17, -12]]],
    &[&[
        [8, -12],
        [5, -11],
        [4, -9],
        [4, -7],
        [5, -5],
        [7, -4],
        [11, -3],
        [14, -2],
        [16, 0],
        [17, 2],
        [17, 5],
        [16, 7],
        [15, 8],
        [12, 9],
        [8, 9],
        [5, 8],
        [4, 7],
        [3, 5],
        [3, 2],
        [4, 0],
        [6, -2],
        [9, -3],
        [13, -4],
        [15, -5],
        [16, -7],
        [16, -9],
        [15, -11],
        [12, -12],
        [8, -12],
    ]],
    &[&[
        [16, -5],
        [15, -2],
        [13, 0],
        [10, 1],
        [9, 1],
        [6, 0],
        [4, -2],
        [3, -5],
        [3, -6],
        [4, -9],
        [6, -11],
        [9, -12],
        [10, -12],
        [13, -11],
        [15, -9],
        [16, -5],
        [16, 0],
        [15, 5],
        [13, 8],
        [10, 9],
        [8, 9],
        [5, 8],
        [4, 6],
    ]],
];

/// Draws a digit with the pen: its height as a share of the canvas, and its middle.
fn draw(studio: &mut Studio, digit: usize, height: f32, middle: [f32; 2]) {
    studio.handle(CanvasAction::Clear);
    for stroke in DIGITS[digit] {
        let at = |&[x, y]: &[i8; 2]| {
            let unit = height / 21.0;
            [
                middle[0] + (f32::from(x) - 10.0) * unit,
                middle[1] + (f32::from(y) + 1.5) * unit,
            ]
        };
        studio.handle(CanvasAction::BeginStroke(Stroke {
            erases: false,
            points: stroke.iter().map(at).collect(),
        }));
        studio.handle(CanvasAction::EndStroke);
    }
}

/// Heights of the digits, and their middles.
const SIZES: [(f32, [f32; 2]); 3] = [(0.72, [0.5, 0.5]), (0.45, [0.29, 0.29]), (0.28, [0.8, 0.8])];

/// The digits that are read wrong, by size.
fn misread(classifier: &Classifier) -> [Vec<String>; 3] {
    let mut studio = studio(None);
    SIZES.map(|(height, middle)| {
        let mut wrong = Vec::new();
        for digit in 0..10 {
            draw(&mut studio, digit, height, middle);
            let answer = classify(classifier, &studio.pad().input())
                .unwrap()
                .unwrap();
            if answer.class != digit {
                let share = answer.probabilities[answer.class];
                wrong.push(format!("{digit} at {height}: {} ({share})", answer.class));
            }
        }
        wrong
    })
}

#[test]
fn small_digits_are_read_as_well_as_large_ones() {
    let wrong = misread(&trained(12_000));
    let [large, medium, small] = &wrong;
    assert!(large.len() <= 2, "{wrong:#?}");
    assert!(medium.len() <= large.len() + 1, "{wrong:#?}");
    assert!(small.len() <= large.len() + 1, "{wrong:#?}");
}

/// By hand, with a file that `train --save` wrote: `MODEL=FILE cargo test --test it -- --ignored
/// --nocapture thirty_digits_of_a_model`.
#[test]
#[ignore = "needs the file of a model"]
fn thirty_digits_of_a_model() {
    let path = std::env::var("MODEL").unwrap();
    let wrong = misread(&Classifier::load(Path::new(&path)).unwrap());
    let n_wrong: usize = wrong.iter().map(Vec::len).sum();
    println!("{} of 30 are read: {wrong:#?}", 30 - n_wrong);
    assert!(n_wrong <= 2);
}
