//! The LR finder from the command line.

use std::fs;

use super::{folder, json_lines, lines, run};
use crate::support::tiny::{N_TRAIN, SIDE, TRAIN_IMAGES, idx};

#[test]
fn more_batches_suggest_about_the_same_learning_rates() {
    let dir = folder();
    let found = |steps: &str| {
        let args = [
            "lr-find", "--data", "data", "--preset", "mlp", "--steps", steps, "--json",
        ];
        let curve = json_lines(&run(dir.path(), &args)).remove(0);
        ["valley", "steepest", "minimum_tenth"]
            .map(|name| curve["suggestions"][name].as_f64().unwrap())
    };
    let (few, many) = (found("100"), found("1000"));
    for (few, many) in few.iter().zip(many) {
        let factor = (few / many).max(many / few);
        assert!(factor < 3.0, "{few} and {many}");
    }
}

#[test]
fn images_that_teach_nothing_have_no_learning_rate() {
    let dir = folder();
    let black = idx(&[N_TRAIN, SIDE, SIDE], &[0; N_TRAIN * SIDE * SIDE]);
    fs::write(dir.path().join("data").join(TRAIN_IMAGES), black).unwrap();
    for preset in ["softmax", "mlp"] {
        let args = ["lr-find", "--data", "data", "--preset", preset];
        let told = lines(&run(dir.path(), &args));
        assert_eq!(
            told[0],
            "the loss did not fall: the curve shows no usable learning rate"
        );
        assert!(told[1].ends_with("not found"), "{told:?}");
    }
}
