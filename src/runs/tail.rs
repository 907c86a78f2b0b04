//! Reads the events of a run as they are appended.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::{RunFolderError, invalid, io};
use crate::files;
use crate::train::Event;

/// The file of the events in the folder of a run.
pub(super) const EVENTS: &str = "events.jsonl";

/// Number of bytes before the read position that must be unchanged. Events contain seconds of
/// training, so two histories do not share these bytes by chance.
const N_WITNESS: usize = 64;

/// Reads a run's events, and later those appended since.
#[derive(Debug)]
pub struct Tail {
    file: PathBuf,
    /// Number of bytes read; always whole lines.
    offset: u64,
    n_lines: usize,
    /// The last bytes read, because a run resumed from a checkpoint has lost events.
    witness: Vec<u8>,
}

/// What a [`Tail`] has read.
#[derive(Debug, Default)]
pub struct News {
    /// Whether the file was rewritten; `events` are all of them then.
    pub is_anew: bool,
    /// The events, in order.
    pub events: Vec<Event>,
}

impl Tail {
    /// Starts at the first event of the run in the folder `run`.
    pub fn new(run: &Path) -> Tail {
        Tail {
            file: run.join(EVENTS),
            offset: 0,
            n_lines: 0,
            witness: Vec::new(),
        }
    }

    /// Reads what was appended since the last call. A torn last line, left by a crash or a write in
    /// progress, is ignored.
    ///
    /// # Errors
    /// When the events cannot be read, or one of them is invalid.
    pub fn read(&mut self) -> Result<News, RunFolderError> {
        let refused = |e| io("read", &self.file)(e);
        let mut file = match files::open_regular(&self.file) {
            Ok(file) => file,
            Err(e) => return Err(refused(e)),
        };
        let is_anew = !self.is_continued(&mut file).map_err(refused)?;
        if is_anew {
            *self = Tail {
                file: std::mem::take(&mut self.file),
                offset: 0,
                n_lines: 0,
                witness: Vec::new(),
            };
        }
        let mut bytes = Vec::new();
        let read = file
            .seek(SeekFrom::Start(self.offset))
            .and_then(|_| file.read_to_end(&mut bytes));
        read.map_err(io("read", &self.file))?;
        let events = self.take_lines(&bytes)?;
        Ok(News { is_anew, events })
    }

    /// Returns whether the file still starts with what was read.
    fn is_continued(&self, file: &mut File) -> std::io::Result<bool> {
        let mut found = vec![0; self.witness.len()];
        file.seek(SeekFrom::Start(self.offset - self.witness.len() as u64))?;
        match file.read_exact(&mut found) {
            Ok(()) => Ok(found == self.witness),
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn take_lines(&mut self, bytes: &[u8]) -> Result<Vec<Event>, RunFolderError> {
        let mut events = Vec::new();
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            if !line.ends_with(b"\n") {
                break;
            }
            let event = serde_json::from_slice(line)
                .map_err(|e| invalid(&self.file, format!("line {}: {e}", self.n_lines + 1)))?;
            events.push(event);
            self.n_lines += 1;
            self.offset += line.len() as u64;
            self.witness
                .extend_from_slice(&line[line.len().saturating_sub(N_WITNESS)..]);
            let n_old = self.witness.len().saturating_sub(N_WITNESS);
            self.witness.drain(..n_old);
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write as _;

    fn line(step: u64) -> String {
        format!("{{\"event\":\"paused\",\"step\":{step}}}\n")
    }

    fn steps(news: &News) -> Vec<u64> {
        let step = |event: &Event| match event {
            Event::Paused { step } => *step,
            other => panic!("{other:?}"),
        };
        news.events.iter().map(step).collect()
    }

    #[test]
    fn only_what_is_new_is_read_and_a_torn_line_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(EVENTS);
        fs::write(&path, line(1) + &line(2)).unwrap();
        let mut tail = Tail::new(dir.path());
        assert_eq!(steps(&tail.read().unwrap()), [1, 2]);
        assert!(tail.read().unwrap().events.is_empty());
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        let third = line(3);
        file.write_all(&third.as_bytes()[..9]).unwrap();
        assert!(tail.read().unwrap().events.is_empty());
        file.write_all(&third.as_bytes()[9..]).unwrap();
        let news = tail.read().unwrap();
        assert_eq!((news.is_anew, steps(&news)), (false, vec![3]));
    }

    #[test]
    fn a_rewritten_history_is_read_from_its_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(EVENTS);
        let mut tail = Tail::new(dir.path());
        fs::write(&path, line(1) + &line(2)).unwrap();
        tail.read().unwrap();
        for text in [line(1), line(7) + &line(8)] {
            fs::write(&path, &text).unwrap();
            let news = tail.read().unwrap();
            assert!(news.is_anew);
            assert_eq!(news.events.len(), text.lines().count());
        }
    }

    #[test]
    fn a_broken_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(EVENTS), line(1) + "{\n" + &line(2)).unwrap();
        let error = Tail::new(dir.path()).read().unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
