//! What is odd about a dataset but no error.

use std::path::Path;

use super::dataset::Dataset;
use super::folder::{FILES, candidates};

/// Most classes that are named one by one.
const MAX_NAMED: usize = 5;

impl Dataset {
    /// Returns what is odd about the data, one sentence each without a full stop: files that are
    /// there twice, classes without images, a single class, labels that seem to count from 1.
    pub fn hints(&self) -> Vec<String> {
        let twice = self.folder.as_deref().and_then(files_there_twice);
        let found = twice.into_iter().chain(self.single_class());
        let found = found.chain(self.empty_classes());
        self.notes.iter().cloned().chain(found).collect()
    }

    fn single_class(&self) -> Option<String> {
        let [class] = self.classes.as_slice() else {
            return None;
        };
        let name = &self.name;
        Some(format!(
            "all images of {name} are of class `{class}`: a network has nothing to tell apart"
        ))
    }

    fn empty_classes(&self) -> Option<String> {
        let mut counts = vec![0_usize; self.n_classes()];
        for &label in self.train.labels() {
            counts[label as usize] += 1;
        }
        let empty: Vec<usize> = (0..counts.len()).filter(|&c| counts[c] == 0).collect();
        let is_unused = !self.test.labels().contains(&0);
        match empty.as_slice() {
            [] => None,
            // Named by their numbers, the classes come from the labels alone.
            [0] if is_unused && self.classes[0] == "0" => Some(format!(
                "no image has label 0: the labels of {} seem to count from 1, which gives the \
                 network one class too many",
                self.name
            )),
            [one] => Some(format!(
                "class `{}` of {} has no training image",
                self.classes[*one], self.name
            )),
            many => {
                let names = many
                    .iter()
                    .take(MAX_NAMED)
                    .map(|&c| self.classes[c].as_str());
                let dots = if many.len() > MAX_NAMED { ", …" } else { "" };
                Some(format!(
                    "{} classes of {} have no training image: {}{dots}",
                    many.len(),
                    self.name,
                    names.collect::<Vec<_>>().join(", ")
                ))
            }
        }
    }
}

/// Says which of the files that are in `dir` twice were read.
fn files_there_twice(dir: &Path) -> Option<String> {
    let several = FILES.iter().map(|name| candidates(dir, name));
    let several: Vec<_> = several.filter(|found| found.len() > 1).collect();
    let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
    let [first, other] = [0, 1].map(|idx| name(several.first()?.get(idx)?));
    let files = match several.len() {
        1 => "one of the four files is".to_owned(),
        4 => "all four files are".to_owned(),
        n => format!("{n} of the four files are"),
    };
    Some(format!(
        "{files} in {} more than once: {} was read, not {}",
        dir.display(),
        first?,
        other?
    ))
}
