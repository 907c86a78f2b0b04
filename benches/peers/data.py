"""Writes images for all peers into a folder: digits of MNIST, or synthetic pictures in color.

    data.py FOLDER CHANNELSxHEIGHTxWIDTH TRAINING_IMAGES TEST_IMAGES

images.npz is for everybody; MNIST's digits are there as plain IDX files, too, for the Rust peers.
"""

import gzip
import sys
from pathlib import Path

import numpy as np

MNIST = Path(__file__).resolve().parents[2] / "assets" / "mnist"
IDX_HEADERS = {"images-idx3-ubyte": 16, "labels-idx1-ubyte": 8}


def digits(folder, split, n_images):
    """The first digits of a split, `train` or `t10k`."""
    arrays = []
    for name, header_len in IDX_HEADERS.items():
        data = gzip.decompress((MNIST / f"{split}-{name}.gz").read_bytes())
        header, values = data[:header_len], np.frombuffer(data, np.uint8, offset=header_len)
        values = values.reshape(-1, 28, 28) if header_len == 16 else values
        header = header[:4] + n_images.to_bytes(4, "big") + header[8:]
        (folder / f"{split}-{name}").write_bytes(header + values[:n_images].tobytes())
        arrays.append(values[:n_images])
    return arrays


def pictures(shape, n_images, rng):
    """Pictures with ten classes: coarse blocks of color under noise, no harder than digits."""
    channels, height, width = shape
    blocks = np.random.default_rng(1).integers(64, 192, (10, 4, 4, channels))
    classes = np.kron(blocks, np.ones((1, height // 4, width // 4, 1)))
    labels = rng.integers(0, 10, n_images)
    noise = rng.normal(0, 32, (n_images, height, width, channels)).astype(np.float32)
    return (classes[labels] + noise).clip(0, 255).astype(np.uint8), labels.astype(np.uint8)


def main():
    folder, shape, n_train, n_test = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    folder.mkdir(parents=True, exist_ok=True)
    if shape == "1x28x28":
        train, test = digits(folder, "train", n_train), digits(folder, "t10k", n_test)
    else:
        sides = [int(side) for side in shape.split("x")]
        rng = np.random.default_rng(2)
        train, test = pictures(sides, n_train, rng), pictures(sides, n_test, rng)
    arrays = dict(zip(["x_train", "y_train", "x_test", "y_test"], [*train, *test]))
    np.savez(folder / "images.npz", **arrays)


main()
