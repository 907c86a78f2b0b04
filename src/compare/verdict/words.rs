//! A comparison in sentences.

use super::{Comparison, Verdict};
use crate::compare::SIGNIFICANCE;

impl Comparison {
    /// The verdict in one or two sentences.
    pub fn describe(&self) -> String {
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
    pub fn amount(&self, difference: f64) -> String {
        if self.metric.is_share() {
            points(difference)
        } else {
            format!("{difference:+.4}")
        }
    }
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
