"""What the Python peers share: arguments, images in memory, JSON lines."""

import argparse
import json
import os

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--case", choices=["keras-cnn", "deep-cnn"], required=True)
parser.add_argument("--batch-size", type=int, required=True)
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--data", required=True, help="folder with the four unpacked IDX files")
parser.add_argument("--compiled", action="store_true", help="torch.compile, or Keras' jit_compile")
parser.add_argument("--channels-first", action="store_true", help="of PyTorch's two layouts")


def read_split(folder, name):
    """Pixels in 0..1 as [images, 28, 28], and labels; `name` is `train` or `t10k`."""
    pixels = np.fromfile(os.path.join(folder, f"{name}-images-idx3-ubyte"), np.uint8, offset=16)
    labels = np.fromfile(os.path.join(folder, f"{name}-labels-idx1-ubyte"), np.uint8, offset=8)
    return pixels.reshape(-1, 28, 28).astype(np.float32) / 255, labels.astype(np.int64)


def print_line(**values):
    print(json.dumps(values), flush=True)
