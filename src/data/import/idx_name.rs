//! What an IDX file is by its name, in all published namings.

use super::source::Part;

/// What an IDX file is by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// What stands before the split, such as `emnist-letters-`.
    pub set: String,
    pub part: Part,
    pub is_images: bool,
}

impl Named {
    /// Of a name such as `raw/emnist-letters-train-images-idx3-ubyte.gz`.
    pub(super) fn of(name: &str) -> Option<Named> {
        let name = name.rsplit('/').next()?;
        let stem = name
            .strip_suffix(".gz")
            .unwrap_or(name)
            .replace(".idx", "-idx");
        let (start, kind) = stem.rsplit_once("-idx")?;
        let is_images = kind == "3-ubyte";
        let word = if is_images { "-images" } else { "-labels" };
        if !is_images && !matches!(kind, "1-ubyte" | "1-int" | "2-int") {
            return None;
        }
        let start = start.strip_suffix(word)?;
        let (set, part) = match start.rsplit_once('-') {
            Some((set, part)) => (format!("{set}-"), part),
            None => (String::new(), start),
        };
        Some(Named {
            set,
            part: Part::named(part)?,
            is_images,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_published_names_are_known() {
        for (name, set, part, is_images) in [
            ("train-images-idx3-ubyte", "", Part::Train, true),
            ("raw/t10k-labels.idx1-ubyte.gz", "", Part::Test, false),
            (
                "emnist-letters-test-images-idx3-ubyte.gz",
                "emnist-letters-",
                Part::Test,
                true,
            ),
            (
                "qmnist-train-labels-idx2-int.gz",
                "qmnist-",
                Part::Train,
                false,
            ),
        ] {
            let set = set.to_owned();
            assert_eq!(
                Named::of(name),
                Some(Named {
                    set,
                    part,
                    is_images
                })
            );
        }
        for other in ["train.csv", "images-idx3-ubyte", "train-images-idx9-ubyte"] {
            assert_eq!(Named::of(other), None);
        }
    }
}
