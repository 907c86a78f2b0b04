"""What the Python peers share: arguments, images in memory, programs of networks, JSON lines.

A peer trains or evaluates until `run` ends it. It prints a line for each epoch, with the keys that
`candle-studio train --json` has, or for each pass over the test images, with those of
`candle-studio evaluate --json`.
"""

import argparse
import importlib.util
import json
import time
from pathlib import Path

import numpy as np


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", required=True, help="its name")
    parser.add_argument("--task", choices=["train", "evaluate"], required=True)
    parser.add_argument("--batch-sizes", type=lambda text: [int(n) for n in text.split(",")], required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--files", type=Path, required=True, help="folder with what the studio exported")
    parser.add_argument("--data", type=Path, required=True, help="folder with images.npz")
    parser.add_argument("--compiled", action="store_true", help="torch.compile, or Keras' jit_compile")
    parser.add_argument("--channels-first", action="store_true", help="of PyTorch's two layouts")
    return parser.parse_args()


def program(args, language):
    """The module that `candle-studio export --code` wrote."""
    spec = importlib.util.spec_from_file_location("model", args.files / language / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_images(args):
    """Pixels in 0..1 as [images, height, width, channels], and labels, of the split of the task."""
    split = {"train": "train", "evaluate": "test"}[args.task]
    with np.load(args.data / "images.npz") as arrays:
        pixels, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    return pixels.astype(np.float32) / 255, labels.astype(np.int64)


def print_line(**values):
    print(json.dumps(values), flush=True)


def train(epoch):
    """Times `epoch`, which trains on all images once and returns the loss of the last batch."""
    while True:
        start = time.perf_counter()
        loss = float(epoch())
        print_line(epoch_seconds=time.perf_counter() - start, train_loss=loss)


def evaluate(args, logits_of, images, labels):
    """Times passes over all images, in batches of each size in turn."""
    while True:
        for size in args.batch_sizes:
            start = time.perf_counter()
            batches = [logits_of(images[i:i + size]) for i in range(0, len(images), size)]
            seconds = time.perf_counter() - start
            answers = np.concatenate([np.asarray(logits) for logits in batches]).argmax(1)
            print_line(seconds=seconds, batch_size=size, test_accuracy=float((answers == labels).mean()))
