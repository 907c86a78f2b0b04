//! From labels as they are written to indices of classes.

use crate::data::error::DataError;
use crate::data::folder::MAX_CLASSES;

/// Class names, and the label of each image as an index into them.
pub(super) type Classes = (Vec<String>, Vec<u32>);

/// Classes of labels that are names: sorted, by their values where all of them are numbers.
pub(super) fn of_names(names: &[String], origin: &str) -> Result<Classes, DataError> {
    let mut classes: Vec<String> = names.to_vec();
    classes.sort_unstable();
    classes.dedup();
    let numbers: Option<Vec<u64>> = classes.iter().map(|name| name.parse().ok()).collect();
    if numbers.is_some() {
        classes.sort_by_key(|name| name.parse::<u64>().unwrap_or(0));
    }
    check_number(classes.len(), origin)?;
    let by_name: std::collections::HashMap<&str, u32> = (0..)
        .zip(&classes)
        .map(|(i, name)| (name.as_str(), i))
        .collect();
    let labels = names.iter().map(|name| by_name[name.as_str()]).collect();
    Ok((classes, labels))
}

/// Classes of labels that are numbers, counted from 0 or from 1, and named by `names` or by
/// themselves.
pub(super) fn of_numbers(
    numbers: &[i64],
    names: Option<Vec<String>>,
    origin: &str,
) -> Result<Classes, DataError> {
    let first = i64::from(numbers.iter().min().is_some_and(|&lowest| lowest >= 1));
    numbers_from(first, numbers, names, origin)
}

/// Classes of labels that are numbers, counted from `first`.
pub(super) fn numbers_from(
    first: i64,
    numbers: &[i64],
    names: Option<Vec<String>>,
    origin: &str,
) -> Result<Classes, DataError> {
    let n_classes = names.as_ref().map_or(MAX_CLASSES, Vec::len) as i64;
    let last = first + n_classes - 1;
    if let Some(wrong) = numbers.iter().position(|n| !(first..=last).contains(n)) {
        return Err(DataError::unexpected(
            format!("labels from {first} to {last}"),
            format!("{} for image {wrong}", numbers[wrong]),
            origin,
        ));
    }
    let n_used = numbers
        .iter()
        .max()
        .map_or(0, |highest| highest - first + 1);
    let names = names.unwrap_or_else(|| (first..first + n_used).map(|n| n.to_string()).collect());
    let labels = numbers.iter().map(|n| (n - first) as u32).collect();
    Ok((names, labels))
}

fn check_number(n_classes: usize, origin: &str) -> Result<(), DataError> {
    if n_classes <= MAX_CLASSES {
        return Ok(());
    }
    let expected = format!("at most {MAX_CLASSES} classes");
    Err(DataError::unexpected(
        expected,
        format!("{n_classes} different labels"),
        origin,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_by_value_and_names_by_letters() {
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            of_names(&names, "here").unwrap()
        };
        assert_eq!(of(&["10", "9", "10"]).0, ["9", "10"]);
        assert_eq!(
            of(&["10", "9", "b"]),
            (
                vec!["10".to_owned(), "9".to_owned(), "b".to_owned()],
                vec![0, 1, 2],
            )
        );
    }

    #[test]
    fn numbers_count_from_0_or_1() {
        let (classes, labels) = of_numbers(&[3, 1], None, "here").unwrap();
        assert_eq!((classes.concat(), labels), ("123".to_owned(), vec![2, 0]));
        let (classes, labels) = of_numbers(&[3, 0], None, "here").unwrap();
        assert_eq!((classes.len(), labels), (4, vec![3, 0]));
        for (numbers, names) in [
            (&[0, -1][..], None),
            (&[0, 1000], None),
            (&[0, 2], Some(vec!["a".to_owned(), "b".to_owned()])),
        ] {
            assert!(of_numbers(numbers, names, "here").is_err(), "{numbers:?}");
        }
    }
}
