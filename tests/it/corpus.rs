//! Replays the corpus of the fuzz targets: real files, and what was once found wrong.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "../../fuzz/targets.rs"]
mod targets;

use targets::TARGETS;

/// For all files together, also in a debug build on a busy machine.
const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn every_file_of_the_corpus_is_read_or_refused_in_time() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let start = Instant::now();
    for (name, target) in TARGETS {
        let mut n_files = 0;
        for entry in fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            target(&fs::read(path).unwrap());
            n_files += 1;
        }
        assert!(n_files >= 5, "{name} has only {n_files} files");
    }
    let took = start.elapsed();
    assert!(took < LIMIT, "the corpus took {took:?}");
}

#[test]
fn every_fuzz_target_is_replayed() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let file = |entry: fs::DirEntry| entry.path().file_stem().unwrap().to_owned();
    let mut found: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|e| file(e.unwrap()))
        .collect();
    found.sort();
    let mut known = TARGETS.map(|(name, _)| name);
    known.sort_unstable();
    assert_eq!(found, known);
}

/// Mutates the corpus at random on stable, without a sanitizer: `FUZZ_SECS=300 FUZZ_SEED=1 cargo
/// test corpus::mutated -- --ignored --nocapture`. `cargo fuzz` finds more; this needs nothing.
#[test]
#[ignore = "runs for as long as it is told"]
fn mutated_files_are_read_or_refused() {
    let number = |name, default| std::env::var(name).map_or(default, |n| n.parse().unwrap());
    let secs: u64 = number("FUZZ_SECS", 10);
    let mut random = Random(number("FUZZ_SEED", 1));
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let share = Duration::from_secs(secs) / TARGETS.len() as u32;
    let mut failed = Vec::new();
    for (name, target) in TARGETS {
        let files = fs::read_dir(corpus.join(name)).unwrap();
        let files = files.map(|entry| entry.unwrap().path());
        let seeds: Vec<Vec<u8>> = files.map(|path| fs::read(path).unwrap()).collect();
        let (start, mut n, mut slowest) = (Instant::now(), 0_u64, Duration::ZERO);
        while start.elapsed() < share {
            let bytes = mutated(&mut random, &seeds);
            let begun = Instant::now();
            let result = std::panic::catch_unwind(|| target(&bytes));
            slowest = slowest.max(begun.elapsed());
            n += 1;
            if result.is_err() {
                let file = std::env::temp_dir().join(format!("crash-{name}-{n}"));
                fs::write(&file, &bytes).unwrap();
                failed.push(file);
            }
        }
        println!("{name}: {n} files, the slowest took {slowest:?}");
    }
    assert!(failed.is_empty(), "{failed:?}");
}

/// What numbers in files are replaced by.
const NUMBERS: [&str; 8] = [
    "0",
    "-1",
    "1e999",
    "0.5",
    "255",
    "65536",
    "9223372036854775807",
    "18446744073709551615",
];

/// One of `seeds` with a few changes.
pub fn mutated(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let n = random.below(1 + (bytes.len() - at).min(8));
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..at + n)),
            4 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len() + 1);
                let piece = &other[from..(from + 64).min(other.len())];
                drop(bytes.splice(at..at + n, piece.iter().copied()));
            }
            5 => {
                let piece = bytes[at..at + n].to_vec();
                let piece = piece.repeat(1 << random.below(6));
                drop(bytes.splice(at..at, piece));
            }
            6 if at + 8 <= bytes.len() => {
                let edge = [0, 1, 0x7f, 0xff][random.below(4)];
                bytes[at..at + 4].fill(edge);
            }
            _ => replace_number(random, &mut bytes, at),
        }
    }
    bytes
}

/// Replaces the first number in `bytes` from `at` on.
fn replace_number(random: &mut Random, bytes: &mut Vec<u8>, at: usize) {
    let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit) else {
        return;
    };
    let start = at + start;
    let rest = &bytes[start..];
    let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = NUMBERS[random.below(NUMBERS.len())];
    drop(bytes.splice(start..start + n, number.bytes()));
}

/// SplitMix64 (Steele et al. 2014).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}
