//! Verdicts on made-up runs.

use super::*;
use crate::compare::tests::{record, run};
use crate::runs::Metric;

const ACCURACY: SummaryMetric = SummaryMetric::best(Metric::TestAccuracy);
const LOSS: SummaryMetric = SummaryMetric::best(Metric::TestLoss);

fn compare(baseline: &[f64], candidate: &[f64]) -> Comparison {
    let group = |name: &str, rate: f64, values: &[f64]| -> Vec<Record> {
        let runs = (1..).zip(values);
        runs.map(|(seed, &value)| record(&run(name, seed, rate, value)))
            .collect()
    };
    let groups = [group("old", 0.01, baseline), group("new", 0.02, candidate)];
    compare_by(&groups, ACCURACY).unwrap()
}

fn compare_by(groups: &[Vec<Record>; 2], metric: SummaryMetric) -> Result<Comparison, String> {
    let [baseline, candidate] = groups
        .each_ref()
        .map(|group| group.iter().collect::<Vec<_>>());
    Comparison::new(&baseline, &candidate, metric)
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

    let same = [run("a", 1, 0.01, 0.9), run("b", 2, 0.01, 0.8)].map(|r| vec![record(&r)]);
    let same = compare_by(&same, ACCURACY).unwrap();
    assert_eq!(same.verdict(), Verdict::SameSettings);
}

#[test]
fn less_loss_is_better() {
    let group = |name: &str, rate: f64, more: f64| -> Vec<Record> {
        let values = (1..).zip([0.9, 0.91, 0.92]);
        values
            .map(|(seed, v)| record(&run(name, seed, rate, v + more * (50 + seed) as f64)))
            .collect()
    };
    let mut groups = [group("a", 0.1, 0.0), group("b", 0.2, 0.001)];
    assert_eq!(
        compare_by(&groups, LOSS).unwrap().verdict(),
        Verdict::Better
    );
    let by = |metric| compare_by(&groups, SummaryMetric::best(metric)).unwrap_err();
    assert!(by(Metric::TrainSeconds).contains("no seconds of training"));
    assert!(by(Metric::Steps).contains("neither direction is better"));
    let mut squared = run("b", 1, 0.2, 0.9);
    squared.config.loss = crate::train::Loss::SquaredError;
    groups[1] = vec![record(&squared)];
    let error = compare_by(&groups, LOSS).unwrap_err();
    assert!(error.contains("different losses"), "{error}");
    assert!(compare_by(&groups, ACCURACY).is_ok());
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
    assert_eq!(images.model_headline(), "This model: better, surely.");
    assert_eq!(
        images.settings_headline(),
        "The settings: cannot tell from one seed."
    );
    let words = images.image_words().unwrap();
    assert!(words.contains("this new model is better"), "{words}");
    assert!(words.contains("p < 0.001"), "{words}");
}

#[test]
fn uneven_groups_are_filled_up() {
    let open = compare(&[0.98, 0.99, 0.97, 0.98], &[0.985]);
    assert_eq!(open.seeds_wanted(), Some([0, 2]));
    assert!(
        open.describe().contains("Train 2 more seeds of new."),
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
