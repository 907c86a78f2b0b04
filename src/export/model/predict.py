#!/usr/bin/env python3
"""Classifies pictures with the model beside this script.

    pip install onnxruntime pillow
    python predict.py [--json] PICTURE...

A picture becomes an input the way the training images did; model.json says how, in `recipe`.
"""

import json
import math
import pathlib
import sys

import numpy as np  # comes with onnxruntime
import onnxruntime
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).resolve().parent
ABOUT = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
RECIPE = ABOUT["recipe"]
CHANNELS, HEIGHT, WIDTH = ABOUT["input"]["shape"][1:]

# --- From a file to pixels, upright, transparent parts filled in -------------------------------


class Picture:
    """Pixels of a file: `rgb` [h, w, 3] or [h, w, 1], with `alpha` [h, w] or None."""

    def __init__(self, path):
        image = Image.open(path)
        self.is_jpeg = image.format == "JPEG"
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):
            image = Image.fromarray(eight_bits(np.asarray(image).astype(np.int64)))
        has_alpha = image.has_transparency_data
        is_gray = image.mode in ("1", "L", "LA", "La")
        image = image.convert(("LA" if is_gray else "RGBA") if has_alpha else ("L" if is_gray else "RGB"))
        if max(image.size) > 1024:
            scale = 1024 / max(image.size)
            image = image.resize([max(1, round(n * scale)) for n in image.size], Image.BOX)
        if RECIPE.get("mirror"):
            image = ImageOps.mirror(image)
        turns = RECIPE.get("quarter_turns", 0) % 4
        if turns:
            image = image.transpose([Image.ROTATE_270, Image.ROTATE_180, Image.ROTATE_90][turns - 1])
        values = np.asarray(image).astype(np.int64).reshape(image.size[1], image.size[0], -1)
        self.alpha = values[:, :, -1] if has_alpha else None
        self.rgb = values[:, :, :-1] if has_alpha else values

    def gray(self):
        """Brightness [h, w], 0 to 255."""
        return self.filled(self.luma())

    def colors(self):
        """Red, green and blue, each [h, w]."""
        last = self.rgb.shape[2] - 1
        return [self.filled(self.rgb[:, :, min(c, last)]) for c in range(3)]

    def luma(self):
        if self.rgb.shape[2] == 1:
            return self.rgb[:, :, 0]
        return (self.rgb @ np.array([2126, 7152, 722])) // 10000

    def filled(self, values):
        if self.alpha is None:
            return values
        return (values * self.alpha + self.backdrop() * (255 - self.alpha) + 127) // 255

    def backdrop(self):
        """A mostly transparent picture is only ink: what contrasts with it is put behind it."""
        mass = np.bincount(self.luma().ravel(), self.alpha.ravel(), 256)
        median = int(np.argmax(2 * np.cumsum(mass) >= mass.sum()))
        if 2 * mass.sum() > 255 * self.alpha.size:
            return median
        return 0 if median > 127 else 255


def eight_bits(values):
    """A 16-bit picture as 8 bits of the range it uses."""
    low, high = int(values.min()), int(values.max())
    if high <= 0xFF:
        start, span = 0, 0xFF
    elif high <= 0xFFF:
        start, span = 0, 0xFFF
    elif high - low < 0xFFFF // 8:
        start, span = low, max(1, high - low)
    else:
        start, span = 0, 0xFFFF
    return (((values - start) * 0xFFFF // span + 128) // 257).astype(np.uint8)


# --- Ink: what stands out from the paper, bright on black --------------------------------------


def ink(luma, is_jpeg):
    """Bright ink on black from brightness [h, w]: the background is a plane fitted to the border."""
    luma = luma.astype(np.float64)
    height, width = luma.shape
    if max(height, width) > 512:
        size = [max(1, n * 512 // max(height, width)) for n in (height, width)]
        luma = resample(luma, (0, height), (0, width), size)
        height, width = luma.shape
    across = (2 * np.arange(width) + 1) / width - 1
    down = (2 * np.arange(height) + 1) / height - 1
    plane, sigma = background(luma, across, down)
    contrast = luma - (plane[0] + plane[1] * across[None, :] + plane[2] * down[:, None])
    noise = max(4 * sigma, 0.5)
    outstanding = contrast[np.abs(contrast) > noise]
    if (outstanding * np.abs(outstanding)).sum() < 0:
        contrast = -contrast
    found = np.sort(contrast[contrast > noise])
    full = found[len(found) * 49 // 50] if len(found) else 0.0
    floor = max(noise, 0.06 * full) if is_jpeg else noise
    if full < (16 if is_jpeg else 1.5 * noise):
        return np.zeros((height, width))
    pixels = np.where(contrast > floor, np.minimum(255, rounded(contrast / full * 255)), 0)
    return without_specks(pixels)


def background(luma, across, down):
    """Level, slope across and slope down of the border's brightness, and its scatter."""
    height, width = luma.shape
    depth = -(-min(height, width) // 20)
    y, x = np.mgrid[:height, :width]
    is_border = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)) < depth
    values, along = luma[is_border], (np.ones(is_border.sum()), across[x[is_border]], down[y[is_border]])
    plane = [float(np.median(values)), 0.0, 0.0]
    error = lambda: values - sum(p * a for p, a in zip(plane, along))
    scatter = lambda: 1.4826 * float(np.median(np.abs(error())))
    sigma = scatter()
    for _ in range(3):
        near = np.abs(error()) <= 3 * max(sigma, 1.0)
        for _ in range(8):
            for i in range(3):
                a = along[i][near]
                plane[i] += float((a * error()[near]).sum() / (1e-6 + (a * a).sum()))
        sigma = scatter()
    return plane, sigma


def without_specks(pixels):
    """Blackens connected blots with next to no ink."""
    height, width = pixels.shape
    all_ink, seen = pixels.sum(), pixels == 0
    for start in zip(*np.nonzero(pixels)):
        if seen[start]:
            continue
        seen[start] = True
        blot = [start]
        for y, x in blot:
            for near in ((j, i) for j in (y - 1, y, y + 1) for i in (x - 1, x, x + 1)):
                if 0 <= near[0] < height and 0 <= near[1] < width and not seen[near]:
                    seen[near] = True
                    blot.append(near)
        rows, columns = zip(*blot)
        if pixels[rows, columns].sum() < 0.005 * all_ink:
            pixels[rows, columns] = 0
    return pixels


# --- Centering as MNIST does --------------------------------------------------------------------


def centered(pixels):
    """Ink [h, w] as an image of the input's size, or None without any."""
    box = ink_box(pixels)
    if box is None:
        return None
    thin = thinned(pixels, max(box[1] - box[0], box[3] - box[2]))
    if thin is not None:
        pixels, box = thin, ink_box(thin)
        if box is None:
            return None
    top, bottom, left, right = box
    scale = min(20 / 28 * HEIGHT / (bottom - top), 20 / 28 * WIDTH / (right - left))
    n_rows, n_columns = (
        min(max(math.ceil(n * scale - 1e-6), 1), most) for n, most in ((bottom - top, HEIGHT), (right - left, WIDTH))
    )
    small = resample(pixels, (top, n_rows / scale), (left, n_columns / scale), (n_rows, n_columns))
    mass = max(small.sum(), 1e-30)
    place = []
    for axis, (n, side) in enumerate(((n_rows, HEIGHT), (n_columns, WIDTH))):
        center = (small.sum(1 - axis) * np.arange(n)).sum() / mass
        place.append(min(int(max(math.ceil(side // 2 - center - 0.501), 0)), side - n))
    image = np.zeros((HEIGHT, WIDTH))
    image[place[0] : place[0] + n_rows, place[1] : place[1] + n_columns] = rounded(small * 255 / max(small.max(), 1e-30))
    return image


def ink_box(pixels):
    """Top, bottom, left and right of the ink."""
    if not pixels.size or pixels.max() < 16:
        return None
    is_ink = pixels > int(pixels.max() * 0.2)
    rows, columns = np.nonzero(is_ink.any(1))[0], np.nonzero(is_ink.any(0))[0]
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def thinned(pixels, longer_side):
    """The ink with thinner strokes, if they are much wider than MNIST's for its size."""
    is_ink = pixels > pixels.max() // 2
    steps = (is_ink[:, 1:] != is_ink[:, :-1]).sum() + (is_ink[1:] != is_ink[:-1]).sum()
    if 2 * is_ink.sum() / max(math.pi / 4 * steps, 1) < 0.7 * 0.18 * longer_side:
        return None
    distance = distances(is_ink)
    inside = distance[distance > 0]
    width = 4 * max(inside.sum() / max(len(inside), 1) - 0.5, 0)
    if width < 8 or not 0.18 <= width / longer_side < 0.33:
        return None
    depth = (width - 0.18 * longer_side) / (2 * (1 - 0.18))
    thin = rounded(pixels * np.clip(distance - depth, 0, 1))
    return thin if thin.any() else None


def distances(is_ink):
    """Chamfer distance of each pixel of ink from the nearest pixel without."""
    height, width = is_ink.shape
    steps = np.zeros((height + 2, width + 2), np.int64)
    steps[1:-1, 1:-1] = np.where(is_ink, min(3 * (height + width), 65531), 0)
    steps = steps.tolist()
    for y in range(1, height + 1):
        above, line = steps[y - 1], steps[y]
        for x in range(1, width + 1):
            line[x] = min(line[x], line[x - 1] + 3, above[x] + 3, above[x - 1] + 4, above[x + 1] + 4)
    for y in range(height, 0, -1):
        below, line = steps[y + 1], steps[y]
        for x in range(width, 0, -1):
            line[x] = min(line[x], line[x + 1] + 3, below[x] + 3, below[x - 1] + 4, below[x + 1] + 4)
    return np.array(steps)[1:-1, 1:-1] / 3


def is_centered(gray):
    """Whether an image already is what `centered` makes."""
    box = ink_box(gray)
    if gray.shape != (HEIGHT, WIDTH) or box is None:
        return False
    fits = lambda n, side: n <= math.ceil(20 / 28 * side)
    near = lambda axis, side: abs(
        (gray.sum(1 - axis) * np.arange(side)).sum() / gray.sum() + 0.5 - side / 2
    ) <= 1.05
    return bool(
        fits(box[1] - box[0], HEIGHT) and fits(box[3] - box[2], WIDTH)
        and 2 * (gray > 16).sum() <= gray.size and near(0, HEIGHT) and near(1, WIDTH)
    )


# --- Resizing -----------------------------------------------------------------------------------


def taps(start, length, n, extent):
    """The weights [n, extent] that make `n` new pixels of an axis: shrinking averages the area that
    each covers, enlarging interpolates linearly."""
    step = length / n
    window = max(step, 1.0)
    middle = start + (np.arange(n)[:, None] + 0.5) * step
    pixel = np.arange(extent)[None, :]
    overlap = np.minimum(pixel + 1, middle + window / 2) - np.maximum(pixel, middle - window / 2)
    return np.maximum(overlap, 0) / window


def resample(pixels, rows, columns, size, inside=False):
    """The part `rows` × `columns` (start and length) of an image, resized."""
    down, across = taps(*rows, size[0], pixels.shape[0]), taps(*columns, size[1], pixels.shape[1])
    if inside:
        down, across = (w / np.maximum(w.sum(1, keepdims=True), 1e-30) for w in (down, across))
    return down @ pixels @ across.T


def framed(channel):
    """A whole picture in the frame of the input."""
    extents, size = channel.shape, (HEIGHT, WIDTH)
    ratio = [size[i] / extents[i] for i in (0, 1)]
    scale = {"crop": [max(ratio)] * 2, "stretch": ratio}.get(RECIPE["framing"], [min(ratio)] * 2)
    filled = [min(max(int(rounded(extents[i] * scale[i])), 1), size[i]) for i in (0, 1)]
    length = [min(filled[i] / scale[i], extents[i]) for i in (0, 1)]
    rows, columns = (((extents[i] - length[i]) / 2, length[i]) for i in (0, 1))
    top, left = ((size[i] - filled[i]) // 2 for i in (0, 1))
    image = np.zeros(size)
    image[top : top + filled[0], left : left + filled[1]] = rounded(resample(channel, rows, columns, filled, True))
    return image


def rounded(values):
    """Halves away from zero."""
    return np.floor(np.asarray(values) + 0.5)


# --- The input of the network -------------------------------------------------------------------


def model_input(path):
    """The input [channels, height, width] of a picture, or None if there is nothing on it."""
    picture = Picture(path)
    if RECIPE["framing"] == "center":
        gray = picture.gray()
        image = gray if is_centered(gray) else centered(ink(gray, picture.is_jpeg))
        return None if image is None else np.repeat(image[None], CHANNELS, 0)
    channels = np.stack(picture.colors() if CHANNELS == 3 else [picture.gray()])
    if RECIPE.get("invert"):
        channels = 255 - channels
    if channels.shape[1:] != (HEIGHT, WIDTH):
        low, high = channels.min(), channels.max()
        if 0 < high - low < 32:
            channels = (channels - low) * 255 // (high - low)
    channels = np.stack([framed(channel.astype(np.float64)) for channel in channels])
    return channels if CHANNELS == 3 else np.repeat(channels, CHANNELS, 0)


def main(arguments):
    paths = [a for a in arguments if a != "--json"]
    if not paths:
        return __doc__
    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
    dtype = np.uint8 if ABOUT["input"]["type"] == "uint8" else np.float32
    n_failed = 0
    for path in paths:
        try:
            pixels, problem = model_input(path), f"{path} is blank: it has one color only"
        except OSError as error:
            pixels, problem = None, f"could not read {path}: {error}"
        if pixels is None:
            n_failed += 1
            print(f"error: {problem}", file=sys.stderr)
            continue
        values = (pixels[None] / ABOUT["input"]["divide_by"]).astype(dtype)
        [probabilities] = session.run(["probabilities"], {ABOUT["input"]["name"]: values})[0]
        best = int(probabilities.argmax())
        if "--json" in arguments:
            print(json.dumps({"image": path, "class": ABOUT["classes"][best], "class_index": best,
                              "probabilities": probabilities.tolist()}))
        else:
            print(f"{path}: {ABOUT['classes'][best]} ({100 * probabilities[best]:.2f} %)")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
