//! Damaged files, which are kept beside what replaces them.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::atomic::WriteError;

/// Keeps a damaged file that is about to be replaced, under another name beside it: `NAME.damaged`,
/// or `NAME.damaged-2` and so on if there are such files already. Returns the new name's path.
///
/// # Errors
/// When it cannot be written.
pub fn keep_damaged(path: &Path) -> Result<PathBuf, WriteError> {
    let mut n = 1;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(match n {
            1 => ".damaged".to_owned(),
            n => format!(".damaged-{n}"),
        });
        let kept = PathBuf::from(name);
        match second_name(path, &kept) {
            Ok(()) => return Ok(kept),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => n += 1,
            Err(e) => return Err(WriteError::new(&kept, e)),
        }
    }
}

/// Describes which lines of a file are damaged, by their numbers from 1; `None` if none is.
pub fn damaged_lines(lines: &[usize], file: &str) -> Option<String> {
    match *lines {
        [] => None,
        [line] => Some(format!("line {line} of {file} is damaged")),
        [line, ..] => {
            let n_lines = lines.len();
            Some(format!(
                "{n_lines} lines of {file} from line {line} on are damaged"
            ))
        }
    }
}

/// Gives a file a second name that is still free; on a file system without links, to a copy.
fn second_name(path: &Path, name: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(path, name) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => {
            let mut copy = OpenOptions::new().write(true).create_new(true).open(name)?;
            std::io::copy(&mut std::fs::File::open(path)?, &mut copy)?;
            copy.sync_all()
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_atomically;

    #[test]
    fn damaged_files_are_kept_beside_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        let names = ["a.jsonl.damaged", "a.jsonl.damaged-2", "a.jsonl.damaged-3"];
        for (idx, name) in names.into_iter().enumerate() {
            write_atomically(&path, &[idx as u8]).unwrap();
            assert_eq!(keep_damaged(&path).unwrap(), dir.path().join(name));
        }
        write_atomically(&path, b"new").unwrap();
        for (idx, name) in names.into_iter().enumerate() {
            assert_eq!(std::fs::read(dir.path().join(name)).unwrap(), [idx as u8]);
        }
    }
}
