//! Verdicts on made-up runs.

use super::*;
use crate::compare::facts::groups;
use crate::compare::facts::tests::{facts, run};

fn compare(baseline: &[f64], candidate: &[f64]) -> Comparison {
    let mut rows = Vec::new();
    for (rate, values) in [(0.01, baseline), (0.02, candidate)] {
        for (seed, &value) in (1..).zip(values) {
            let name = if rate == 0.01 { "old" } else { "new" };
            rows.push(facts(&run(name, seed, rate, value)));
        }
    }
    let groups = groups(&rows);
    Comparison::new(&rows, &groups[0], &groups[1], Metric::TestAccuracy).unwrap()
}

#[test]
fn the_four_verdicts() {
    let better = compare(&[0.981, 0.983, 0.979], &[0.985, 0.987, 0.984]);
    assert_eq!(better.verdict(), Verdict::Better);
    let words = better.describe();
    assert!(
        words.starts_with("new is better than old: +0.43 points test accuracy"),
        "{words}"
    );
    assert_eq!(better.seeds_wanted(), None);
    let worse = compare(&[0.985, 0.987, 0.984], &[0.981, 0.983, 0.979]);
    assert_eq!(worse.verdict(), Verdict::Worse);

    let open = compare(&[0.98, 0.99, 0.97], &[0.985, 0.982, 0.988]);
    assert_eq!(open.verdict(), Verdict::CannotTell);
    let [b, c] = open.seeds_wanted().unwrap();
    assert!(b == c && b > 3, "{b} {c}");
    assert!(
        open.describe()
            .contains(&format!("about {b} more seeds of each"))
    );

    let same = {
        let rows = [run("a", 1, 0.01, 0.9), run("b", 2, 0.01, 0.8)].map(|r| facts(&r));
        Comparison::new(&rows, &[0], &[1], Metric::TestAccuracy).unwrap()
    };
    assert_eq!(same.verdict(), Verdict::SameSettings);
}

#[test]
fn less_loss_is_better() {
    let rows: Vec<RunRow> = [0.9, 0.91, 0.92]
        .iter()
        .zip(1..)
        .flat_map(|(&v, seed)| {
            let more = 0.05 + 0.001 * seed as f64;
            [run("a", seed, 0.1, v), run("b", seed, 0.2, v + more)]
        })
        .map(|r| facts(&r))
        .collect();
    let groups = groups(&rows);
    let compare = |metric| Comparison::new(&rows, &groups[0], &groups[1], metric).unwrap();
    assert_eq!(compare(Metric::TestLoss).verdict(), Verdict::Better);
    assert!(Comparison::new(&rows, &groups[0], &groups[1], Metric::TrainSecs).is_err());
    let mut other = rows.clone();
    let squared = Value::Text("squared_error".to_owned());
    other[1].settings.insert("loss".to_owned(), squared);
    let error = Comparison::new(&other, &[0], &[1], Metric::TestLoss).unwrap_err();
    assert!(error.contains("different losses"), "{error}");
    assert!(Comparison::new(&other, &[0], &[1], Metric::TestAccuracy).is_ok());
}

/// The example of R's `p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm")`.
#[test]
fn many_comparisons_are_corrected() {
    let mut many = vec![compare(&[0.9, 0.8], &[0.9, 0.7]); 5];
    many[4].seeds = None;
    for (comparison, p) in many.iter_mut().zip([0.02, 0.01, 0.04, 0.03]) {
        comparison.seeds.as_mut().unwrap().p = p;
    }
    correct_for_many(&mut many);
    let p: Vec<f64> = many.iter().filter_map(|c| Some(c.seeds?.p)).collect();
    for (found, expected) in p.iter().zip([0.06, 0.04, 0.06, 0.06]) {
        assert!((found - expected).abs() < 1e-12, "{p:?}");
    }
    assert!(many[0].describe().contains("corrected for 4 comparisons"));
}

#[test]
fn one_run_each_asks_for_seeds() {
    let one = compare(&[0.98], &[0.99]);
    assert_eq!(one.verdict(), Verdict::CannotTell);
    assert_eq!(one.seeds_wanted(), Some([2, 2]));
    assert!(
        one.describe().contains("Train 2 more seeds of each"),
        "{}",
        one.describe()
    );
    let images = one.with_images(Paired {
        both: 9_700,
        only_baseline: 55,
        only_candidate: 183,
        neither: 62,
    });
    // The model is better; the settings still may not be.
    assert_eq!(images.verdict(), Verdict::CannotTell);
    let words = images.image_words().unwrap();
    assert!(words.contains("this new model is better"), "{words}");
    assert!(words.contains("p < 0.001"), "{words}");
}

#[test]
fn uneven_groups_are_filled_up() {
    let open = compare(&[0.98, 0.99, 0.97, 0.98], &[0.985]);
    assert_eq!(open.seeds_wanted(), Some([0, 2]));
    assert!(
        open.describe().contains("2 more seeds of new and 0 of old"),
        "{}",
        open.describe()
    );
    let equal = compare(&[0.98, 0.99], &[0.98, 0.99]);
    assert_eq!(equal.seeds_wanted(), None);
    assert!(
        equal.describe().contains("too small to resolve"),
        "{}",
        equal.describe()
    );
}
