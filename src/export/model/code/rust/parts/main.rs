//! Answers pictures, or trains the network further:
//!
//!     cargo run --release -- PICTURE...
//!     cargo run --release -- train DATA.npz

mod model;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use candle_core::{DType, Device, Tensor};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [command, data] if command == "train" => train(data),
        pictures => answer(pictures),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A file beside Cargo.toml.
fn beside(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), name].iter().collect()
}

fn answer(pictures: &[String]) -> Result<(), Box<dyn Error>> {
    let (network, _) = model::load(beside("model.safetensors"))?;
    println!("{} knows {}", model::NAME, model::CLASSES.join(", "));
    for path in pictures {
        let probabilities = model::probabilities(&network, &pixels_of(path)?)?.squeeze(0)?;
        let best = probabilities.argmax(0)?.to_scalar::<u32>()? as usize;
        let share = 100.0 * probabilities.get(best)?.to_scalar::<f32>()?;
        println!("{path}: {} ({share:.2} %)", model::CLASSES[best]);
    }
    Ok(())
}

/// A picture that already has the size of an input, as [1, channels, height, width].
fn pixels_of(path: &str) -> Result<Tensor, Box<dyn Error>> {
    let (channels, height, width) = (model::CHANNELS, model::HEIGHT, model::WIDTH);
    let picture = image::open(path).map_err(|error| format!("{path}: {error}"))?;
    let (w, h) = (picture.width() as usize, picture.height() as usize);
    if (w, h) != (width, height) {
        return Err(format!("expected a picture of {width}×{height} pixels, found {w}×{h}: {path}").into());
    }
    let (values, n) = match channels {
        3 => (picture.to_rgb8().into_raw(), 3),
        _ => (picture.to_luma8().into_raw(), 1),
    };
    let pixels = Tensor::from_vec(values, (height, width, n), &Device::Cpu)?.permute((2, 0, 1))?;
    Ok(pixels.broadcast_as((channels, height, width))?.unsqueeze(0)?)
}

/// Trains on a file that `candle-studio data export DATA DATA.npz --to npz` wrote.
fn train(data: &str) -> Result<(), Box<dyn Error>> {
    let (network, weights) = model::load(beside("model.safetensors"))?;
    let arrays = Tensor::read_npz_by_name(data, &["x_train", "y_train"])?;
    let (pixels, labels) = (&arrays[0], arrays[1].to_dtype(DType::U32)?);
    let pixels = match pixels.rank() {
        3 => pixels.unsqueeze(1)?,
        _ => pixels.permute((0, 3, 1, 2))?.contiguous()?,
    };
    model::train(&network, &weights, &pixels, &labels, model::EPOCHS)?;
    let path = beside("trained.safetensors");
    weights.save(&path)?;
    println!("wrote {}", path.display());
    Ok(())
}
