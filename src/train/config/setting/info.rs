//! What is known about a setting: its names, its help and its limits.

use std::ops::{Bound, RangeBounds};

use crate::text::setting;

/// The values that a setting may have.
pub(super) type Bounds = (Bound<f64>, Bound<f64>);

/// Anything: what it may be depends on other settings or on the dataset.
pub(super) const ANY: Bounds = (Bound::Unbounded, Bound::Unbounded);
pub(super) const POSITIVE: Bounds = (Bound::Excluded(0.0), Bound::Unbounded);
pub(super) const NOT_NEGATIVE: Bounds = (Bound::Included(0.0), Bound::Unbounded);
pub(super) const AT_LEAST_ONE: Bounds = (Bound::Included(1.0), Bound::Unbounded);
/// A share below 1, such as a decay: with 1 an average would never change.
pub(super) const BELOW_ONE: Bounds = (Bound::Included(0.0), Bound::Excluded(1.0));
pub(super) const SHARE: Bounds = up_to(1.0);
/// A factor that lowers.
pub(super) const FACTOR: Bounds = (Bound::Excluded(0.0), Bound::Included(1.0));
pub(super) const BETWEEN: Bounds = (Bound::Excluded(0.0), Bound::Excluded(1.0));

/// From 0 to `max`.
pub(super) const fn up_to(max: f64) -> Bounds {
    (Bound::Included(0.0), Bound::Included(max))
}

/// A setting, for the window, the command line, files and errors alike.
#[derive(Debug)]
pub struct SettingInfo {
    /// The key in files and for `--set`.
    pub key: &'static str,
    /// The name in errors and lists.
    pub label: &'static str,
    /// The label of its row in the settings panel.
    pub row_label: &'static str,
    /// What it is, as a sentence without a full stop.
    pub about: &'static str,
    /// What goes wrong when it is too big or too small, as a sentence without a full stop; may be
    /// empty.
    pub risk: &'static str,
    /// The unit after the number, such as ` images`.
    pub unit: &'static str,
    /// Largest number that the window's field accepts.
    pub max: f64,
    /// Whether its size matters by factors, as with a learning rate.
    pub is_log: bool,
    pub(super) bounds: Bounds,
}

impl SettingInfo {
    /// What a choice or a switch starts from in the table.
    pub(super) const CHOICE: SettingInfo = SettingInfo {
        key: "",
        label: "",
        row_label: "",
        about: "",
        risk: "",
        unit: "",
        max: 0.0,
        is_log: false,
        bounds: ANY,
    };

    /// What a count starts from in the table. Nothing is trained for more than 100,000 epochs.
    pub(super) const COUNT: SettingInfo = SettingInfo {
        max: 1e5,
        is_log: true,
        ..SettingInfo::CHOICE
    };

    /// What a positive number that varies by factors starts from in the table. The field's maximum
    /// is far above anything that trains, and stops a typing error.
    pub(super) const RATE: SettingInfo = SettingInfo {
        max: 100.0,
        is_log: true,
        ..SettingInfo::CHOICE
    };

    /// What a share starts from in the table.
    pub(super) const SHARE: SettingInfo = SettingInfo {
        max: 1.0,
        bounds: SHARE,
        ..SettingInfo::CHOICE
    };

    /// What it is, and what goes wrong when it is too big or too small.
    pub fn help(&self) -> String {
        let sentences = [self.about, self.risk].into_iter();
        let whole: Vec<String> = sentences
            .filter(|s| !s.is_empty())
            .map(|s| format!("{s}."))
            .collect();
        whole.join(" ")
    }

    /// Why it cannot be `x`, if it cannot.
    pub(in crate::train::config) fn problem(&self, x: f64) -> Option<String> {
        let expected = match self.bounds {
            (Bound::Unbounded, _) => return None,
            bounds if x.is_finite() && bounds.contains(&x) => return None,
            (Bound::Included(0.0), Bound::Unbounded) => "0 or more".to_owned(),
            (Bound::Included(a), Bound::Included(b)) => format!("from {a} to {b}"),
            (low, high) => {
                let low = match low {
                    Bound::Included(a) => format!("at least {a}"),
                    Bound::Excluded(a) => format!("above {a}"),
                    Bound::Unbounded => String::new(),
                };
                match high {
                    Bound::Included(b) => format!("{low} and at most {b}"),
                    Bound::Excluded(b) => format!("{low} and below {b}"),
                    Bound::Unbounded => low,
                }
            }
        };
        let finite = if x.is_finite() { "" } else { "finite and " };
        Some(format!("must be {finite}{expected}, found {}", setting(x)))
    }
}
