"""Usage: check_import.py BINARY FOLDER, see .ci/import."""

import importlib.util
import pathlib
import sys

import numpy as np
import onnxruntime
import torch

from exported import NETWORKS, PRESETS, ROOT, Studio, close

# PyTorch's exporters write transformers as operators that no layer is made of again.
NO_CHAIN = ("vit-tiny", "tokens", "token gates", "flat tokens")

CONFIG = """
[model]
input = [1, 8, 8]
classes = 10
layers = [{ kind = "conv2d", channels = 4, kernel = 3, padding = 1 }, { kind = "batch_norm" }, { kind = "relu" },
    { kind = "max_pool2d", kernel = 2, stride = 2 }, { kind = "flatten" }, { kind = "dense", units = 10 }]
"""


def module(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def logits(studio, file, images, *options):
    """What a file answers here: opened, written as ONNX, and run by onnxruntime."""
    graph = studio.folder / "again.onnx"
    studio.run("export", file, "--onnx", graph, "--input", "f32", *options)
    return onnxruntime.InferenceSession(graph).run(["logits"], {"image": images})[0]


def centered(values):
    return values - values.mean(1, keepdims=True)


def check_fixtures(studio):
    """The fixtures of the tests, written anew by the libraries that are installed."""
    make = module(ROOT / "tests/fixtures/import/make.py", "make")
    make.HERE = studio.folder
    make.make_torch()
    make.make_onnx()
    make.make_keras()
    base = studio.run("train", "--preset", "softmax", "--print-config")
    config = studio.folder / "small.toml"
    config.write_text(base[: base.index("[model]")] + CONFIG)
    files = sorted({key.rsplit("/", 1)[0] for key in make.answers})
    for file in files:
        is_small = file.startswith(("small", "checkpoint", "views"))
        options = ("--config", config) if is_small else ()
        found = logits(studio, studio.folder / file, make.answers[f"{file}/images"], *options)
        error = close(centered(found), centered(make.answers[f"{file}/logits"]), 1e-5, file)
        print(f"{file}: the same to {error:.0e}")


def check_networks(studio):
    """Every kind of network of ours as PyTorch's state dict and through its exporter, and as our ONNX."""
    torch.backends.mha.set_fastpath_enabled(False)
    images = np.random.default_rng(1).random((7, 1, 28, 28), np.float32)
    for name in (*PRESETS, *NETWORKS):
        model = studio.preset(name) if name in PRESETS else studio.network(name)
        folder = studio.folder / f"{model.stem}-code"
        studio.run("export", model, "--code", "pytorch", folder, "--onnx", studio.folder / "ours.onnx")
        network = module(folder / "model.py", f"model_{model.stem}").load()
        with torch.no_grad():
            expected = network(torch.from_numpy(images)).numpy()
        torch.save(network.state_dict(), studio.folder / "state.pth")
        named = ("--preset", name) if name in PRESETS else ("--config", studio.folder / f"{name}.toml")
        error = close(logits(studio, studio.folder / "state.pth", images, *named), expected, 1e-5, f"{name}.pth")
        error = max(error, close(logits(studio, studio.folder / "ours.onnx", images), expected, 1e-5, f"{name}: ours"))
        if name not in NO_CHAIN:
            file = studio.folder / "theirs.onnx"
            torch.onnx.export(network, (torch.from_numpy(images),), file, input_names=["image"], dynamo=False,
                              dynamic_axes={"image": {0: "batch"}}, opset_version=17)
            error = max(error, close(logits(studio, file, images), expected, 1e-5, f"{name}.onnx"))
        print(f"{name}: the same to {error:.0e}")


def main():
    studio = Studio(sys.argv[1], sys.argv[2])
    check_fixtures(studio)
    check_networks(studio)


main()
