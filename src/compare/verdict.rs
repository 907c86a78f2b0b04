//! Which of two settings is better, in words.

use serde::Serialize;

use super::seeds::moments;
use super::{Facts, Metric, Paired, PairedTest, SIGNIFICANCE, SeedTest, over_seeds};
use crate::runs::Value;

/// Seeds each of two settings should have before anything is said about them.
const FEWEST_SEEDS: usize = 3;

/// Decides the draws of the interval over images: the same comparison says the same twice.
const BOOTSTRAP_SEED: u64 = 1;

/// What can be said about the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is better than the baseline, and luck is an unlikely reason.
    Better,
    /// It is worse.
    Worse,
    /// The difference may be luck.
    CannotTell,
    /// Both have the same settings: what differs is the seed.
    SameSettings,
}

/// One of the two settings compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// The name of its first run.
    pub name: String,
    /// The seeds of its runs that have the metric.
    pub seeds: Vec<u64>,
    /// The metric of each.
    pub values: Vec<f64>,
    /// Mean of the metric.
    pub mean: f64,
}

/// Two settings, and what the runs and the images say about them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What they are compared by.
    pub metric: Metric,
    /// What is compared with.
    pub baseline: Side,
    /// What the verdict is about.
    pub candidate: Side,
    /// Over the seeds; `None` with fewer than two each.
    pub seeds: Option<SeedTest>,
    /// The first model of each on the same images, once they were asked.
    pub images: Option<(Paired, PairedTest)>,
    /// Comparisons made at once, which the p value over seeds is corrected for.
    pub n_compared: usize,
    is_same: bool,
}

impl Comparison {
    /// Compares two groups of `rows`, given by index.
    ///
    /// # Errors
    /// One sentence, when a group has no run with the metric.
    pub fn new(
        rows: &[Facts],
        baseline: &[usize],
        candidate: &[usize],
        metric: Metric,
    ) -> Result<Comparison, String> {
        let is_same = match (baseline.first(), candidate.first()) {
            (Some(&a), Some(&b)) => rows[a].is_same_but_seed(&rows[b]),
            _ => false,
        };
        if metric.is_loss()
            && let (Some(&a), Some(&b)) = (baseline.first(), candidate.first())
            && losses(&rows[a]) != losses(&rows[b])
        {
            return Err(format!(
                "{} and {} were trained with different losses, which are different measures: \
                 compare them by accuracy",
                rows[a].name, rows[b].name
            ));
        }
        let [baseline, candidate] = [baseline, candidate].map(|group| side(rows, group, metric));
        let (baseline, candidate) = (baseline?, candidate?);
        Ok(Comparison {
            metric,
            seeds: over_seeds(&baseline.pairs(), &candidate.pairs()),
            images: None,
            n_compared: 1,
            baseline,
            candidate,
            is_same,
        })
    }

    /// Adds what the first model of each says to the same images.
    #[must_use]
    pub fn with_images(mut self, paired: Paired) -> Comparison {
        self.images = Some((paired, paired.test(BOOTSTRAP_SEED)));
        self
    }

    /// What can be said about the candidate's settings. Only seeds can: two models on the same
    /// images say which model is better, not which settings.
    pub fn verdict(&self) -> Verdict {
        if self.is_same {
            return Verdict::SameSettings;
        }
        match self.seeds {
            Some(test) if test.p < SIGNIFICANCE => {
                if (test.difference > 0.0) == self.metric.is_higher_better() {
                    Verdict::Better
                } else {
                    Verdict::Worse
                }
            }
            _ => Verdict::CannotTell,
        }
    }

    /// Seeds to train for each, baseline and candidate, until something can probably be said;
    /// `None` when nothing is open, or the two are so close that it would take too many.
    pub fn seeds_wanted(&self) -> Option<[usize; 2]> {
        if self.verdict() != Verdict::CannotTell {
            return None;
        }
        let have = [&self.baseline, &self.candidate].map(|side| side.seeds.len());
        let wanted = match self.seeds {
            None => FEWEST_SEEDS,
            // At least one more: with what there is, it was not seen.
            Some(test) => test
                .n_needed?
                .max(FEWEST_SEEDS)
                .max(1 + have[0].min(have[1])),
        };
        Some(have.map(|n| wanted.saturating_sub(n)))
    }

    /// The verdict in one or two sentences.
    pub fn words(&self) -> String {
        let (a, b) = (&self.candidate.name, &self.baseline.name);
        match self.verdict() {
            Verdict::SameSettings => format!(
                "{a} and {b} have the same settings: what differs between them is the luck of the seed."
            ),
            Verdict::Better => format!("{a} is better than {b}: {}.", self.figures()),
            Verdict::Worse => format!("{a} is worse than {b}: {}.", self.figures()),
            Verdict::CannotTell if self.seeds.is_none() => format!(
                "Cannot tell whether {a} or {b} is better: {}, and one seed says nothing about luck. {}",
                self.difference_words(self.candidate.mean - self.baseline.mean),
                self.seeds_words(),
            ),
            Verdict::CannotTell => format!(
                "Cannot tell whether {a} or {b} is better: {}. {}",
                self.figures(),
                self.seeds_words(),
            ),
        }
    }

    /// What the same images say about the two models, in a sentence.
    pub fn image_words(&self) -> Option<String> {
        let (paired, test) = self.images?;
        let (a, b) = (&self.candidate.name, &self.baseline.name);
        let judged = match (test.p < SIGNIFICANCE, test.difference > 0.0) {
            (true, true) => format!("this model of {a} is better"),
            (true, false) => format!("this model of {b} is better"),
            (false, _) => "that may be luck".to_owned(),
        };
        Some(format!(
            "On the same {} images, only {a} is right {} times, only {b} {} times: {judged} \
             (McNemar p {}, difference {} with a 95 % interval from {} to {}).",
            paired.n_images(),
            paired.only_candidate,
            paired.only_baseline,
            p_words(test.p),
            points(test.difference),
            points(test.interval[0]),
            points(test.interval[1]),
        ))
    }

    /// The difference over seeds, its interval and its p value.
    fn figures(&self) -> String {
        let Some(test) = self.seeds else {
            return String::new();
        };
        let corrected = if self.n_compared > 1 {
            format!(", corrected for {} comparisons", self.n_compared)
        } else {
            String::new()
        };
        let [low, high] = test.interval.map(|value| self.amount(value));
        format!(
            "{} over {} and {} seeds (95 % interval from {low} to {high}, p {} by {}{corrected})",
            self.difference_words(test.difference),
            self.candidate.seeds.len(),
            self.baseline.seeds.len(),
            p_words(test.p),
            test.method.label(),
        )
    }

    fn difference_words(&self, difference: f64) -> String {
        format!(
            "{} {} on average",
            self.amount(difference),
            self.metric.label()
        )
    }

    fn seeds_words(&self) -> String {
        match self.seeds_wanted() {
            Some([b, c]) if b == c => format!(
                "About {c} more {} of each would tell{}.",
                if c == 1 { "seed" } else { "seeds" },
                self.condition()
            ),
            Some([b, c]) => format!(
                "About {c} more seeds of {} and {b} of {} would tell{}.",
                self.candidate.name,
                self.baseline.name,
                self.condition()
            ),
            None => "They are so close that no reasonable number of seeds would tell.".to_owned(),
        }
    }

    /// What the number of seeds rests on.
    fn condition(&self) -> &'static str {
        if self.seeds.is_some() {
            ", if the difference is as large as it looks now"
        } else {
            " more about luck"
        }
    }

    /// A difference of the metric with its sign and unit.
    fn amount(&self, difference: f64) -> String {
        if self.metric.is_share() {
            points(difference)
        } else {
            format!("{difference:+.4}")
        }
    }
}

/// Corrects the p values over seeds of comparisons made at once: of twenty, one would look
/// significant by luck (Holm 1979).
pub fn correct_for_many(comparisons: &mut [Comparison]) {
    let n = comparisons.iter().filter(|c| c.seeds.is_some()).count();
    let mut tests: Vec<&mut SeedTest> = comparisons
        .iter_mut()
        .filter_map(|c| {
            c.n_compared = n.max(1);
            c.seeds.as_mut()
        })
        .collect();
    tests.sort_by(|a, b| a.p.total_cmp(&b.p));
    let mut least = 0.0_f64;
    for (rank, test) in tests.into_iter().enumerate() {
        least = least.max(test.p * (n - rank) as f64).min(1.0);
        test.p = least;
    }
}

impl Side {
    fn pairs(&self) -> Vec<(u64, f64)> {
        let seeds = self.seeds.iter().copied();
        seeds.zip(self.values.iter().copied()).collect()
    }
}

/// The loss a run was trained with, by its settings.
fn losses(row: &Facts) -> Vec<(&String, &Value)> {
    let settings = row.settings.iter();
    settings
        .filter(|(key, _)| key.split('.').next() == Some("loss"))
        .collect()
}

fn side(rows: &[Facts], group: &[usize], metric: Metric) -> Result<Side, String> {
    let name = group.first().map_or("", |&idx| &rows[idx].name).to_owned();
    let measured = group.iter().filter_map(|&idx| {
        let row = &rows[idx];
        Some((row.seed, *row.metrics.get(&metric)?))
    });
    let (seeds, values): (Vec<u64>, Vec<f64>) = measured.unzip();
    if values.is_empty() {
        return Err(format!("{name} has no {} to compare by", metric.label()));
    }
    Ok(Side {
        name,
        mean: moments(&values).0,
        seeds,
        values,
    })
}

/// A difference of shares in percentage points.
fn points(difference: f64) -> String {
    format!("{:+.2} points", 100.0 * difference)
}

/// How a p value stands to a number that can be read.
fn p_words(p: f64) -> String {
    if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("= {p:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::facts::tests::{facts, run};
    use crate::compare::groups;

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
        let words = better.words();
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
            open.words()
                .contains(&format!("About {b} more seeds of each"))
        );

        let same = {
            let rows = [run("a", 1, 0.01, 0.9), run("b", 2, 0.01, 0.8)].map(|r| facts(&r));
            Comparison::new(&rows, &[0], &[1], Metric::TestAccuracy).unwrap()
        };
        assert_eq!(same.verdict(), Verdict::SameSettings);
    }

    #[test]
    fn less_loss_is_better() {
        let rows: Vec<Facts> = [0.9, 0.91, 0.92]
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
        assert!(many[0].words().contains("corrected for 4 comparisons"));
    }

    #[test]
    fn one_run_each_asks_for_seeds() {
        let one = compare(&[0.98], &[0.99]);
        assert_eq!(one.verdict(), Verdict::CannotTell);
        assert_eq!(one.seeds_wanted(), Some([2, 2]));
        assert!(
            one.words().contains("About 2 more seeds of each"),
            "{}",
            one.words()
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
        assert!(words.contains("this model of new is better"), "{words}");
        assert!(words.contains("p < 0.001"), "{words}");
    }

    #[test]
    fn uneven_groups_are_filled_up() {
        let open = compare(&[0.98, 0.99, 0.97, 0.98], &[0.985]);
        assert_eq!(open.seeds_wanted(), Some([0, 2]));
        assert!(
            open.words().contains("2 more seeds of new and 0 of old"),
            "{}",
            open.words()
        );
        let equal = compare(&[0.98, 0.99], &[0.98, 0.99]);
        assert_eq!(equal.seeds_wanted(), None);
        assert!(equal.words().contains("so close"), "{}", equal.words());
    }
}
