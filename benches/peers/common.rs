//! What the Rust peers share: arguments, images in memory, the order of an epoch, JSON lines.
//!
//! They train until the runner ends them.

use std::fs;
use std::path::Path;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// What the runner asks for.
pub struct Args {
    pub network: String,
    pub batch_size: usize,
    pub data: String,
}

impl Args {
    pub fn parse() -> Args {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let get = |name: &str| -> String {
            let at = words.iter().position(|w| w == name);
            words[at.unwrap_or_else(|| panic!("{name} is missing")) + 1].clone()
        };
        Args {
            network: get("--network"),
            batch_size: get("--batch-sizes").parse().unwrap(),
            data: get("--data"),
        }
    }
}

/// The training images: pixels in 0..1, `PIXELS` for each image, and a label each.
pub struct Images {
    pub pixels: Vec<f32>,
    pub labels: Vec<u8>,
}

pub const SIDE: usize = 28;
pub const PIXELS: usize = SIDE * SIDE;

impl Images {
    /// The runner has unpacked the files.
    pub fn read(folder: &str) -> Images {
        let bytes = |rest: &str| {
            let file = Path::new(folder).join(format!("train-{rest}"));
            fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
        };
        let scaled = |&byte: &u8| f32::from(byte) / 255.0;
        Images {
            pixels: bytes("images-idx3-ubyte")[16..]
                .iter()
                .map(scaled)
                .collect(),
            labels: bytes("labels-idx1-ubyte")[8..].to_vec(),
        }
    }

    /// The images `picks` names, one after the other.
    pub fn gather(&self, picks: &[usize]) -> (Vec<f32>, Vec<u8>) {
        let mut pixels = Vec::with_capacity(picks.len() * PIXELS);
        for &i in picks {
            pixels.extend_from_slice(&self.pixels[i * PIXELS..][..PIXELS]);
        }
        (pixels, picks.iter().map(|&i| self.labels[i]).collect())
    }
}

/// Shuffles all images again for each epoch.
pub struct Order {
    picks: Vec<usize>,
    rng: StdRng,
}

impl Order {
    pub fn new(n_images: usize) -> Order {
        Order {
            picks: (0..n_images).collect(),
            rng: StdRng::seed_from_u64(1),
        }
    }

    /// The batches of one epoch.
    pub fn batches(&mut self, batch_size: usize) -> impl Iterator<Item = &[usize]> {
        self.picks.shuffle(&mut self.rng);
        self.picks.chunks(batch_size)
    }
}

/// `loss` is that of the last batch.
pub fn print_epoch(seconds: f64, loss: f32) {
    let line = serde_json::json!({ "epoch_seconds": seconds, "train_loss": loss });
    println!("{line}");
}
