"""Usage: check_code.py BINARY FOLDER, see .ci/code."""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from PIL import Image

from exported import ROOT, Studio, close

PYTHON = ("pytorch", "keras")

# Answers and trains one program in Rust: writes what it computes, and the loss after three updates.
CHECK = """
mod program_INDEX;
fn check_INDEX() -> candle_core::Result<()> {
    let (network, weights) = program_INDEX::load("WEIGHTS")?;
    let images = Tensor::read_npy("images.npy")?;
    program_INDEX::probabilities(&network, &images)?.write_npy("INDEX-probabilities.npy")?;
    let noise = (Tensor::read_npy("NOISE")?.to_dtype(DType::F32)? / 255.0)?;
    network.forward(&noise, false)?.write_npy("INDEX-logits.npy")?;
    let labels = Tensor::read_npy("labels.npy")?.to_dtype(DType::U32)?;
    let loss = program_INDEX::train(&network, &weights, &images.narrow(0, 0, 20)?, &labels.narrow(0, 0, 20)?, 3)?;
    Tensor::new(&[loss], &Device::Cpu)?.write_npy("INDEX-loss.npy")
}
"""


def module(path):
    spec = importlib.util.spec_from_file_location(f"model_{abs(hash(path))}", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def export(studio, model, language):
    """The program's folder, what it is asked, and what it should answer."""
    folder, bundle = studio.folder / f"{model.stem}-{language}", studio.folder / f"{model.stem}-bundle"
    studio.run("export", model, "--code", language, folder, "--bundle", bundle)
    tensor = lambda file: numpy_helper.to_array(onnx.load_tensor(bundle / "test_data_set_2" / file))
    return folder, tensor("input_0.pb").copy(), tensor("output_0.pb")


def check(studio, name, model, language):
    folder, noise, expected = export(studio, model, language)
    program = module(folder / "model.py")
    network = program.load()
    images = studio.x_test[:, None].copy()
    if language == "pytorch":
        found = program.probabilities(network, torch.from_numpy(images))
        with torch.no_grad():
            logits = network(torch.from_numpy(noise).float() / 255)
    else:
        found = program.probabilities(network, images)
        logits = network.predict(noise.transpose(0, 2, 3, 1) / np.float32(255), verbose=0)
    error = close(found, studio.probabilities(model), 1e-5, name)
    error = max(error, close(logits, expected, 1e-5, f"{name}: logits"))
    print(f"{name} in {language}: the same to {error:.0e}")
    return folder


def cargo(folder, *args):
    """Cargo without a network, with the versions of this repository, in one folder for all builds."""
    shutil.copy(ROOT / "Cargo.lock", folder)
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target/code"))
    command = [os.environ.get("CARGO", "cargo"), *args[:1], "--offline", "--release", "--quiet", *args[1:]]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "CARGO_TARGET_DIR": target}, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} in {folder} failed")
    return done.stdout


def trained(folder, images, labels):
    """The loss of PyTorch's program after the same three updates; None where chance or candle's lack of an optimizer
    has a part in it."""
    program = folder / "model.py"
    if "Dropout" in program.read_text() or "optim.Adam" not in program.read_text():
        return None
    program = module(program)
    with contextlib.redirect_stdout(None):
        return program.train(program.load(), torch.from_numpy(images), torch.from_numpy(labels), 3)


def check_rust(studio, models):
    """All programs in Rust as the modules of one: candle is compiled once."""
    crate = studio.folder / "rust"
    (crate / "src").mkdir(parents=True)
    images, labels = studio.x_test[:, None].copy(), studio.y_test.astype(np.int64)
    np.save(crate / "images.npy", images)
    np.save(crate / "labels.npy", labels)
    code, expected = "use candle_core::{DType, Device, Tensor};\n", []
    for idx, (name, model) in enumerate(models):
        folder, noise, logits = export(studio, model, "rust")
        np.save(crate / f"{idx}-noise.npy", noise)
        shutil.copy(folder / "Cargo.toml", crate)
        shutil.copy(folder / "src/model.rs", crate / f"src/program_{idx}.rs")
        filled = CHECK.replace("INDEX", str(idx)).replace("WEIGHTS", str(folder / "model.safetensors"))
        code += filled.replace("NOISE", f"{idx}-noise.npy")
        expected.append((name, model, logits))
    calls = "".join(f"    check_{idx}()?;\n" for idx in range(len(expected)))
    (crate / "src/main.rs").write_text(f"#![allow(dead_code)]\n{code}\nfn main() -> candle_core::Result<()> {{\n{calls}    Ok(())\n}}\n")
    cargo(crate, "run")
    for idx, (name, model, logits) in enumerate(expected):
        found = lambda what: np.load(crate / f"{idx}-{what}.npy")
        error = close(found("probabilities"), studio.probabilities(model), 1e-5, f"{name} in rust")
        error = max(error, close(found("logits"), logits, 1e-5, f"{name} in rust: logits"))
        loss = trained(studio.folder / f"{model.stem}-pytorch", images[:20], labels[:20])
        learned = "" if loss is None else f", trained to {close(found('loss'), [loss], 1e-4, f'{name} in rust: trained'):.0e}"
        print(f"{name} in rust: the same to {error:.0e}{learned}")


def main():
    studio = Studio(sys.argv[1], sys.argv[2])
    torch.backends.mha.set_fastpath_enabled(False)
    models = list(studio.models())
    for name, model in models:
        for language in PYTHON:
            check(studio, name, model, language)
    check_rust(studio, models)
    model = studio.preset("mlp")
    studio.run("evaluate", model, "--data", studio.data, "--fit-temperature")
    picture = studio.folder / "digit.png"
    Image.fromarray(studio.x_test[0]).save(picture)
    [answer], [row] = studio.predict(model, picture)
    expected = f"{picture}: {answer} ({100 * np.max(row):.2f} %)"
    for language in PYTHON:
        folder = check(studio, "mlp with a temperature", model, language)
        told = subprocess.run([sys.executable, folder / "model.py", picture], capture_output=True, text=True, check=True).stdout
        assert told.splitlines()[-1] == expected, told
        subprocess.run([sys.executable, folder / "model.py", "train", studio.data], stdout=subprocess.DEVNULL, check=True)
        assert next(folder.glob("trained.*")).stat().st_size > 0
    folder, _, _ = export(studio, model, "rust")
    assert cargo(folder, "run", "--", picture).splitlines()[-1] == expected
    print(cargo(folder, "run", "--", "train", studio.data), end="")
    again = studio.run("evaluate", folder / "trained.safetensors", "--preset", "mlp", "--data", studio.data)
    assert "accuracy" in again, again
    print("the programs answer as candle-studio predict, and train")


main()
