//! Describes a comparison in sentences.

use super::{Comparison, Verdict};
use crate::compare::paired::{Paired, PairedTest};
use crate::text::count;

impl Comparison {
    /// Describes the verdict in one or two sentences.
    pub fn describe(&self) -> String {
        let (a, b) = (&self.candidate.name, &self.baseline.name);
        match self.verdict() {
            Verdict::SameSettings => {
                format!("{a} and {b} have the same settings: they differ only in the seed.")
            }
            Verdict::Better => format!("{a} is better than {b}: {}.", self.figures()),
            Verdict::Worse => format!("{a} is worse than {b}: {}.", self.figures()),
            Verdict::CannotTell if self.seeds.is_none() => format!(
                "Not enough data: {}, but a single seed cannot rule out chance. {}",
                self.means(),
                self.seeds_words(),
            ),
            Verdict::CannotTell => format!(
                "No significant difference between {a} and {b}: {}. {}",
                self.figures(),
                self.seeds_words(),
            ),
        }
    }

    /// Says which model is better, in one sentence.
    pub fn model_headline(&self) -> &'static str {
        match self.model_verdict() {
            None => "This model: not compared on the test images yet.",
            Some(Verdict::Better) => "This model: better, surely.",
            Some(Verdict::Worse) => "This model: worse, surely.",
            Some(_) => "This model: cannot tell from these images.",
        }
    }

    /// Says whether the settings are better, in one sentence.
    pub fn settings_headline(&self) -> &'static str {
        match self.verdict() {
            Verdict::SameSettings => "The settings: the same.",
            Verdict::Better => "The settings: better, surely.",
            Verdict::Worse => "The settings: worse, surely.",
            Verdict::CannotTell if self.seeds.is_none() => {
                "The settings: cannot tell from one seed."
            }
            Verdict::CannotTell => "The settings: cannot tell from these seeds.",
        }
    }

    /// Describes the test of the two models on the same images in a sentence.
    pub fn image_words(&self) -> Option<String> {
        let (paired, test) = self.images?;
        Some(image_words(
            &paired,
            &test,
            [&self.candidate.name, &self.baseline.name],
        ))
    }

    /// Describes the difference over seeds, its interval and its p value.
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

    /// Compares the means of both, in words.
    fn means(&self) -> String {
        let difference = self.candidate.mean - self.baseline.mean;
        let amount = self.amount(difference.abs());
        format!(
            "{} is {} {} than {} in {}",
            self.candidate.name,
            amount.trim_start_matches('+'),
            if difference < 0.0 { "lower" } else { "higher" },
            self.baseline.name,
            self.metric.label()
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
                "Train {}{} of each{}.",
                self.about(),
                count(c, "more seed"),
                self.condition()
            ),
            Some([b, c]) => {
                let sides = [(c, &self.candidate.name), (b, &self.baseline.name)];
                let wanted = sides.into_iter().filter(|(n, _)| *n > 0);
                let seeds = wanted.map(|(n, name)| format!("{} of {name}", count(n, "more seed")));
                let seeds = seeds.collect::<Vec<_>>().join(" and ");
                format!("Train {}{seeds}{}.", self.about(), self.condition())
            }
            None => "The difference is too small to resolve with a reasonable number of seeds."
                .to_owned(),
        }
    }

    /// Returns "about " if the number of seeds is an estimate.
    fn about(&self) -> &'static str {
        if self.seeds.is_some() { "about " } else { "" }
    }

    /// Returns what the number of seeds depends on.
    fn condition(&self) -> &'static str {
        if self.seeds.is_some() {
            "; that should be enough if the difference stays this large"
        } else {
            ""
        }
    }

    /// Formats a difference of the metric with its sign and unit.
    pub fn amount(&self, difference: f64) -> String {
        if self.metric.metric.is_share() {
            points(difference)
        } else {
            minus(&format!("{difference:+.4}"))
        }
    }
}

/// Formats a difference of shares in percentage points.
fn points(difference: f64) -> String {
    minus(&format!("{:+.2} points", 100.0 * difference))
}

/// Replaces the hyphen of a negative number by a minus sign.
fn minus(number: &str) -> String {
    number.replace('-', "−")
}

/// Describes the test of two models on the same images in a sentence.
///
/// * `names`: of the candidate and of the baseline
pub fn image_words(paired: &Paired, test: &PairedTest, names: [&str; 2]) -> String {
    let [a, b] = names;
    let judged = match test.verdict() {
        Verdict::Better => format!("this {a} model is better"),
        Verdict::Worse => format!("this {b} model is better"),
        _ => "this may be chance".to_owned(),
    };
    format!(
        "On the same {}, {a} alone is right {}, {b} alone {}: {judged} (McNemar p {}, \
         difference {} with a 95 % interval from {} to {}).",
        count(paired.n_images() as usize, "image"),
        count(paired.only_candidate as usize, "time"),
        count(paired.only_baseline as usize, "time"),
        p_words(test.p),
        points(test.difference),
        points(test.interval[0]),
        points(test.interval[1]),
    )
}

/// Formats a p value with its relation.
fn p_words(p: f64) -> String {
    if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("= {p:.3}")
    }
}
