"""What the checks of exported models share: small data, trained models, and our own answers."""

import csv
import gzip
import json
import pathlib
import re
import subprocess

import numpy as np
from PIL import Image, ImageFilter

ROOT = pathlib.Path(__file__).parent.parent
PRESETS = ("keras-cnn", "mlp", "lenet-5", "deep-cnn", "fast", "best", "resnet-small", "lstm", "gru", "vit-tiny", "softmax")

# Networks that together use every kind of layer, and what the presets leave at its default. Input 1×28×28, 10 classes.
NETWORKS = json.loads((ROOT / "tests/fixtures/every_layer.json").read_text())


def idx(name):
    content = gzip.decompress((ROOT / f"assets/mnist/{name}.gz").read_bytes())
    shape = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(content[3])]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


class Studio:
    """candle-studio in a folder, with a few images of MNIST as `data.npz`."""

    def __init__(self, binary, folder):
        self.binary, self.folder = pathlib.Path(binary), pathlib.Path(folder)
        self.data = self.folder / "data.npz"
        self.x_test, self.y_test = idx("t10k-images-idx3-ubyte")[:200], idx("t10k-labels-idx1-ubyte")[:200]
        np.savez(self.data, x_train=idx("train-images-idx3-ubyte")[:600], y_train=idx("train-labels-idx1-ubyte")[:600],
                 x_test=self.x_test, y_test=self.y_test)

    def run(self, *args):
        command = [self.binary, "--workspace", self.folder / "workspace", *args]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, args))}: {done.stderr}")
        return done.stdout

    def train(self, *args):
        """Trains for a moment: a model whose batch norms have seen images."""
        name = str(len(list(self.folder.glob("*.safetensors"))))
        model = self.folder / f"{name}.safetensors"
        common = ["--data", self.data, "--epochs", "1", "--val", "100", "--no-record", "--json"]
        self.run("train", *args, *common, "--save", model)
        return model

    def preset(self, name):
        return self.train("--preset", name)

    def network(self, name):
        """One of NETWORKS, in the place of a preset's layers."""
        base = self.run("train", "--preset", "softmax", "--data", self.data, "--print-config")
        layers = ", ".join(map(toml, NETWORKS[name]))
        head = base[: re.search(r"(?m)^\[model\]", base).start()]
        config = self.folder / f"{name}.toml"
        config.write_text(f"{head}\n[model]\ninput = [1, 28, 28]\nclasses = 10\nlayers = [{layers}]\n")
        return self.train("--config", config)

    def color(self):
        """A model of small color images that are not square."""
        rng, data = np.random.default_rng(2), self.folder / "color.npz"
        y = np.arange(400) % 3
        x = rng.integers(0, 120, (400, 20, 24, 3), dtype=np.uint8)
        x[np.arange(400), :, :, y] += 100
        np.savez(data, x_train=x[:300], y_train=y[:300], x_test=x[300:], y_test=y[300:])
        self.run("data", "import", data, "--name", "color", "--color", "--framing", "crop")
        model = self.folder / "color.safetensors"
        self.run("train", "--preset", "lenet-5", "--data", "color", "--epochs", "1", "--val", "60", "--no-record", "--save", model)
        return model

    def models(self):
        for name in PRESETS:
            yield name, self.preset(name)
        for name in NETWORKS:
            yield name, self.network(name)

    def probabilities(self, model):
        """Ours for the test images."""
        table = self.folder / "predictions.csv"
        self.run("evaluate", model, "--data", self.data, "--predictions", table, "--json")
        with open(table, newline="") as rows:
            return np.array([[float(p) for p in row[4:]] for row in list(csv.reader(rows))[1:]])

    def predict(self, model, *pictures):
        """Class and probabilities of each picture."""
        lines = [json.loads(line) for line in self.run("predict", model, *pictures, "--json").splitlines()]
        return [line["class"] for line in lines], np.array([line["probabilities"] for line in lines])


def toml(value):
    """A value of JSON as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def pictures(studio):
    """Digits as they are, as photos of ink on paper, with transparency, as JPEG."""
    folder = studio.folder / "pictures"
    folder.mkdir()
    for i, digit in enumerate(studio.x_test[:8]):
        Image.fromarray(digit).save(folder / f"{i}-digit.png")
        big = Image.fromarray(digit).resize((300, 300), Image.BICUBIC).filter(ImageFilter.GaussianBlur(2))
        ink = np.asarray(big, np.float64)
        light = 215 - np.linspace(0, 40, 400)[None, :] + np.random.default_rng(i).normal(0, 2, (360, 400))
        paper = light.copy()
        paper[30:330, 60:360] *= 1 - 0.8 * ink / 255
        photo = np.stack([paper, paper * 0.97, paper * 0.9], 2).clip(0, 255).astype(np.uint8)
        Image.fromarray(photo).save(folder / f"{i}-photo.png")
        Image.fromarray(photo).save(folder / f"{i}-photo.jpg", quality=85)
        alpha = np.zeros((300, 300, 4), np.uint8)
        alpha[:, :, 3] = ink
        Image.fromarray(alpha).save(folder / f"{i}-transparent.png")
        Image.fromarray((ink * 257).astype(np.uint16)).save(folder / f"{i}-deep.png")
    big = np.kron(studio.x_test[0], np.ones((50, 50), np.uint8))
    Image.fromarray(255 - big).save(folder / "large.png")
    return sorted(folder.iterdir())


def close(found, expected, tolerance, what):
    """Equal to `tolerance` of the larger of 1 and the largest number."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, expected {expected.shape}"
    error = abs(found - expected).max() / max(1, abs(expected).max())
    assert error <= tolerance, f"{what}: off by {error:.1e}"
    return error
