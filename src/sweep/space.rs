//! The points of a search space, if there are finitely many.

use toml::Value;

use super::axis::Axis;
use super::point::Point;

/// Maximum number of points that are listed.
pub(super) const MAX_LISTED: usize = 65_536;

/// Maximum number of values of a key that another one depends on.
const MAX_CASES: usize = 1_000;

/// Counts the points; `None` if there are infinitely many, or too many to count.
pub(super) fn n_points(axes: &[Axis]) -> Option<usize> {
    count(axes, &Point::new())
}

fn count(axes: &[Axis], point: &Point) -> Option<usize> {
    let Some((axis, rest)) = axes.split_first() else {
        return Some(1);
    };
    if !axis.is_active(point) {
        return count(rest, point);
    }
    let is_condition = |other: &Axis| other.when.as_ref().is_some_and(|w| w.key == axis.key);
    if !rest.iter().any(is_condition) {
        let n_values = match axis.values.list(MAX_CASES) {
            Some(values) => values.len(),
            None => axis.values.count()?,
        };
        return n_values.checked_mul(count(rest, point)?);
    }
    let cases = axis.values.list(MAX_CASES)?.into_iter();
    cases
        .map(|value| count(rest, &with(point, axis, value)))
        .try_fold(0usize, |sum, n| sum.checked_add(n?))
}

/// Returns the first point for which `is_wanted`, if the space is small enough to be listed.
pub(super) fn first_point(axes: &[Axis], is_wanted: impl Fn(&Point) -> bool) -> Option<Point> {
    if n_points(axes)? > MAX_LISTED {
        return None;
    }
    let mut found = None;
    let values = |axis: &Axis| axis.values.list(MAX_LISTED).unwrap_or_default();
    visit(axes, &Point::new(), &values, &mut |point| {
        if is_wanted(point) {
            found = Some(point.clone());
        }
        found.is_none()
    });
    found
}

/// Visits every combination of `values`, without repeating those that differ only in inactive axes,
/// until `each` returns `false`. Returns whether it never did.
pub(super) fn visit(
    axes: &[Axis],
    point: &Point,
    values: &impl Fn(&Axis) -> Vec<Value>,
    each: &mut impl FnMut(&Point) -> bool,
) -> bool {
    let Some((axis, rest)) = axes.split_first() else {
        return each(point);
    };
    if !axis.is_active(point) {
        return visit(rest, point, values, each);
    }
    let mut all = values(axis).into_iter();
    all.all(|value| visit(rest, &with(point, axis, value), values, each))
}

fn with(point: &Point, axis: &Axis, value: Value) -> Point {
    let mut point = point.clone();
    point.insert(axis.key.clone(), value);
    point
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{Values, When};

    #[test]
    fn inactive_keys_and_repeated_values_add_no_points() {
        let momentum = Axis {
            when: Some(When {
                key: "optimizer".to_owned(),
                is: vec!["sgd".into()],
            }),
            ..Axis::new("optimizer.momentum", Values::IntRange([0, 2]))
        };
        let rules = Values::List(vec!["sgd".into(), "adam".into(), "adam".into()]);
        let axes = [
            Axis::new("epochs", Values::IntRange([1, 5])),
            Axis::new("optimizer", rules),
            momentum,
        ];
        assert_eq!(n_points(&axes), Some(5 * 4));
        let never = |_: &Point| false;
        assert_eq!(first_point(&axes, never), None);
        let last = |p: &Point| p["epochs"].as_integer() == Some(5) && p.len() == 2;
        assert!(first_point(&axes, last).is_some());

        let many = [Axis::new("seed", Values::IntRange([0, i64::MAX - 1]))];
        assert_eq!(n_points(&many), usize::try_from(i64::MAX).ok());
        let endless = [Axis::new("learning_rate", Values::Range([0.0, 1.0]))];
        assert_eq!(n_points(&endless), None);
    }
}
