//! What a pickle would make of the memory, measured before it is read: candle's reader believes the
//! lengths it finds, copies what is asked for again, and takes objects inside objects apart by
//! recursion.

use std::collections::HashMap;

use crate::import::format::SAVE_STATE_DICT;

/// Most objects, copies included: a state dict has about sixty per tensor.
const MAX_OBJECTS: u64 = 600_000;

/// Bytes of a text that count as a further object: copies of it take memory, too.
const BYTES_PER_OBJECT: usize = 64;

/// Deepest nesting. A state dict has about eight.
const MAX_DEPTH: u32 = 100;

/// What an object is: how many it consists of, and how deep it is.
#[derive(Clone, Copy, Default)]
struct Size {
    objects: u64,
    depth: u32,
}

/// The sizes of what a pickle has made so far.
#[derive(Default)]
struct Machine {
    stack: Vec<Size>,
    /// Where the marks are in the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Size>,
    /// Objects made so far, copies included.
    n_objects: u64,
}

/// Checks that reading a pickle takes memory and stack in proportion to its length.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(pickle: &[u8]) -> Result<(), String> {
    let mut machine = Machine::default();
    let mut rest = pickle;
    loop {
        let at = pickle.len() - rest.len();
        let (&op, after) = rest.split_first().ok_or("its pickle has no end")?;
        rest = after;
        if op == b'.' {
            return Ok(());
        }
        let step = machine.step(op, &mut rest);
        step.ok_or_else(|| {
            format!(
                "its pickle has an instruction that no state dict has (0x{op:02x} at byte {at}); save \
                 the weights in Python: {SAVE_STATE_DICT}"
            )
        })?;
        machine.check_limits()?;
    }
}

impl Machine {
    fn check_limits(&self) -> Result<(), String> {
        let deepest = self.stack.last().map_or(0, |size| size.depth);
        if self.n_objects > MAX_OBJECTS || deepest > MAX_DEPTH {
            return Err(format!(
                "its pickle would make more than {MAX_OBJECTS} objects or nest them {MAX_DEPTH} deep"
            ));
        }
        Ok(())
    }

    /// One instruction, whose arguments are taken from `rest`.
    fn step(&mut self, op: u8, rest: &mut &[u8]) -> Option<()> {
        match op {
            // Protocol.
            0x80 => drop(take(rest, 1)?),
            b'(' => self.marks.push(self.stack.len()),
            b't' => {
                let n = self.since_mark()?;
                self.join(n)?;
            }
            0x85 | b'Q' => self.join(1)?,
            0x86 | b'R' | b'b' | 0x81 => self.join(2)?,
            0x87 => self.join(3)?,
            b'a' => self.add(1)?,
            b's' => self.add(2)?,
            b'e' | b'u' => {
                let n = self.since_mark()?;
                self.add(n)?;
            }
            // The memo.
            b'q' => self.put(number(rest, 1)?)?,
            b'r' => self.put(number(rest, 4)?)?,
            b'h' => self.get(number(rest, 1)?)?,
            b'j' => self.get(number(rest, 4)?)?,
            _ => self.leaf(op, rest)?,
        }
        Some(())
    }

    /// An object without parts: a number, a text, a name or an empty container.
    fn leaf(&mut self, op: u8, rest: &mut &[u8]) -> Option<()> {
        let n_before = rest.len();
        let n = n_bytes(op, rest)?;
        take(rest, n)?;
        let n_taken = n_before - rest.len();
        self.push(Size {
            objects: 1 + (n_taken / BYTES_PER_OBJECT) as u64,
            depth: 1,
        });
        Some(())
    }

    fn push(&mut self, size: Size) {
        self.n_objects = self.n_objects.saturating_add(size.objects);
        self.stack.push(size);
    }

    /// The last `n` objects as parts of one.
    fn parts(&mut self, n: usize) -> Option<Size> {
        let start = self.stack.len().checked_sub(n)?;
        // A mark within them would be taken for an object.
        if self.marks.last().is_some_and(|&mark| mark > start) {
            return None;
        }
        let mut all = Size::default();
        for part in self.stack.drain(start..) {
            all.objects = all.objects.saturating_add(part.objects);
            all.depth = all.depth.max(part.depth);
        }
        Some(all)
    }

    /// Makes the last `n` objects parts of a new one.
    fn join(&mut self, n: usize) -> Option<()> {
        let parts = self.parts(n)?;
        self.n_objects += 1;
        self.stack.push(Size {
            objects: parts.objects.saturating_add(1),
            depth: parts.depth + 1,
        });
        Some(())
    }

    /// Adds the last `n` objects to the one before them.
    fn add(&mut self, n: usize) -> Option<()> {
        let parts = self.parts(n)?;
        let whole = self.stack.last_mut()?;
        whole.objects = whole.objects.saturating_add(parts.objects);
        whole.depth = whole.depth.max(parts.depth + 1);
        Some(())
    }

    /// Takes the last mark away; returns the number of objects since then.
    fn since_mark(&mut self) -> Option<usize> {
        let mark = self.marks.pop()?;
        self.stack.len().checked_sub(mark)
    }

    fn put(&mut self, id: u64) -> Option<()> {
        // candle would keep the mark as an object.
        if self.marks.last() == Some(&self.stack.len()) {
            return None;
        }
        let top = *self.stack.last()?;
        self.n_objects = self.n_objects.saturating_add(top.objects);
        self.memo.insert(id as u32, top);
        Some(())
    }

    fn get(&mut self, id: u64) -> Option<()> {
        let size = *self.memo.get(&(id as u32))?;
        self.push(size);
        Some(())
    }
}

/// How many bytes the content of a number, a text, a name or an empty container has.
fn n_bytes(op: u8, rest: &mut &[u8]) -> Option<usize> {
    Some(match op {
        b'N' | 0x88 | 0x89 | b')' | b']' | b'}' => 0,
        b'K' => 1,
        b'M' => 2,
        b'J' => 4,
        b'G' => 8,
        b'X' => number(rest, 4)? as usize,
        // candle shifts by eight bits per byte, which a 64-bit number has eight of.
        0x8a => number(rest, 1).filter(|&n| n <= 8)? as usize,
        b'c' => {
            line(rest)?;
            line(rest)?;
            0
        }
        _ => return None,
    })
}

fn take<'b>(rest: &mut &'b [u8], n: usize) -> Option<&'b [u8]> {
    let (taken, after) = rest.split_at_checked(n)?;
    *rest = after;
    Some(taken)
}

/// A little-endian number of `n` bytes.
fn number(rest: &mut &[u8], n: usize) -> Option<u64> {
    let bytes = take(rest, n)?.iter().rev();
    Some(bytes.fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

fn line(rest: &mut &[u8]) -> Option<()> {
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    take(rest, end + 1).map(|_| ())
}
