// From a picture to the input of the network, by the model's recipe. A picture is { width, height,
// rgba, isJpeg }, with four bytes per pixel.

/** The input [channels, height, width] of a picture, or null if there is nothing to center on it. */
function inputOfPicture(picture, recipe, [channels, height, width]) {
  const upright = turned(picture, recipe);
  const size = [height, width];
  const isSame = upright.height === height && upright.width === width;
  let planes = [];
  if (recipe.framing === "center") {
    const gray = grayOf(upright);
    const isReady = isSame && isCentered(gray);
    planes = [isReady ? gray.pixels : centered(inkOf(gray, picture.isJpeg), size)];
    if (!planes[0]) return null;
  } else {
    planes = channels === 3 ? [0, 1, 2].map((c) => filled(upright, (at) => at[c])) : [grayOf(upright)];
    if (recipe.invert) planes = planes.map((plane) => ({ ...plane, pixels: plane.pixels.map((v) => 255 - v) }));
    if (!isSame) planes = stretchLevels(planes);
    planes = planes.map((plane) => framed(plane, recipe.framing, size));
  }
  const input = new Uint8Array(channels * height * width);
  for (let c = 0; c < channels; c++) input.set(planes[c % planes.length], c * height * width);
  return input;
}

/** Mirrored, then turned clockwise by quarter turns, as the recipe says. */
function turned(picture, { mirror = false, quarter_turns = 0 }) {
  let { width, height, rgba } = picture;
  const copied = (w, h, from) => {
    const pixels = new Uint8ClampedArray(4 * w * h);
    for (let i = 0; i < w * h; i++) {
      const at = 4 * from(i % w, Math.floor(i / w));
      for (let c = 0; c < 4; c++) pixels[4 * i + c] = rgba[at + c];
    }
    return pixels;
  };
  if (mirror) rgba = copied(width, height, (x, y) => y * width + width - 1 - x);
  for (let turn = 0; turn < quarter_turns % 4; turn++) {
    const [w, h] = [width, height];
    rgba = copied(h, w, (x, y) => (h - 1 - x) * w + y);
    [width, height] = [h, w];
  }
  return { ...picture, width, height, rgba };
}

const luma = ([r, g, b]) => Math.floor((2126 * r + 7152 * g + 722 * b) / 10000);

/** Brightness, with transparent parts filled in. */
const grayOf = (picture) => filled(picture, luma);

/** One value per pixel, with what lies behind transparent parts. */
function filled({ width, height, rgba }, value) {
  const mass = new Float64Array(256);
  const n = width * height;
  let total = 0;
  for (let i = 0; i < n; i++) {
    mass[luma(rgba.subarray(4 * i))] += rgba[4 * i + 3];
    total += rgba[4 * i + 3];
  }
  let [median, below] = [0, mass[0]];
  while (2 * below < total) below += mass[++median];
  // A mostly transparent picture is only ink: what contrasts with it is put behind it.
  let backdrop = median;
  if (2 * total <= 255 * n) backdrop = median > 127 ? 0 : 255;
  const pixels = Uint8Array.from({ length: n }, (_, i) => {
    const alpha = rgba[4 * i + 3];
    return Math.floor((value(rgba.subarray(4 * i)) * alpha + backdrop * (255 - alpha) + 127) / 255);
  });
  return { width, height, pixels };
}

/** Stretches the levels of a picture with next to no contrast. */
function stretchLevels(planes) {
  const of = (pick) => planes.reduce((found, { pixels }) => pixels.reduce(pick, found), planes[0].pixels[0]);
  const [low, high] = [of((a, b) => Math.min(a, b)), of((a, b) => Math.max(a, b))];
  const range = high - low;
  if (range === 0 || range >= 32) return planes;
  const stretched = (v) => Math.floor(((v - low) * 255) / range);
  return planes.map((plane) => ({ ...plane, pixels: plane.pixels.map(stretched) }));
}

/** Whether a picture already is bright on black, small enough and balanced. */
function isCentered(gray) {
  const box = inkBox(gray);
  if (!box) return false;
  const sides = [gray.height, gray.width];
  const fits = box.every(({ length }, axis) => length <= Math.ceil(INK_SHARE * sides[axis]));
  const nBright = gray.pixels.filter((pixel) => pixel > 16).length;
  const total = gray.pixels.reduce((a, b) => a + b, 0);
  const isNear = sides.every((side, axis) => {
    const along = (i) => (axis === 0 ? Math.floor(i / gray.width) : i % gray.width);
    const moment = gray.pixels.reduce((sum, v, i) => sum + v * along(i), 0);
    return Math.abs(moment / total + 0.5 - side / 2) <= 1.05;
  });
  return fits && 2 * nBright <= gray.pixels.length && isNear;
}

/** What stands out from the paper, bright on black: the paper is a plane fitted to the border. */
function inkOf(gray, isJpeg) {
  let { width, height, pixels } = gray;
  const longer = Math.max(width, height);
  if (longer > 512) {
    const size = [height, width].map((n) => Math.max(1, Math.floor((n * 512) / longer)));
    const whole = [height, width].map((length) => ({ start: 0, length }));
    pixels = resample(gray, whole, size);
    [height, width] = size;
  }
  const unit = (at, extent) => (2 * at + 1) / extent - 1;
  const place = (i) => [1, unit(i % width, width), unit(Math.floor(i / width), height)];
  const { plane, sigma } = background(pixels, width, height, place);
  const at = (i) => place(i).reduce((sum, v, k) => sum + v * plane[k], 0);
  let contrast = Float64Array.from(pixels, (v, i) => v - at(i));
  const noise = Math.max(4 * sigma, 0.5);
  const balance = contrast.reduce((sum, v) => (Math.abs(v) > noise ? sum + v * Math.abs(v) : sum), 0);
  if (balance < 0) contrast = contrast.map((v) => -v);
  const found = contrast.filter((v) => v > noise).sort();
  const full = found.length ? found[Math.floor((found.length * 49) / 50)] : 0;
  const floor = isJpeg ? Math.max(noise, 0.06 * full) : noise;
  const isInk = full >= (isJpeg ? 16 : 1.5 * noise);
  const ink = (v) => (isInk && v > floor ? Math.min(255, Math.round((v / full) * 255)) : 0);
  return withoutSpecks({ width, height, pixels: Uint8Array.from(contrast, ink) });
}

/** Level and slopes of the border's brightness, without what lies far from it, and its scatter. */
function background(pixels, width, height, place) {
  const depth = Math.ceil(Math.min(width, height) / 20);
  const border = [];
  pixels.forEach((value, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (Math.min(x, width - 1 - x, y, height - 1 - y) < depth) border.push({ value, along: place(i) });
  });
  const plane = [median(border.map(({ value }) => value)), 0, 0];
  const error = ({ value, along }) => value - along.reduce((sum, v, k) => sum + v * plane[k], 0);
  const scatter = () => 1.4826 * median(border.map((sample) => Math.abs(error(sample))));
  let sigma = scatter();
  for (let round = 0; round < 3; round++) {
    const near = border.filter((sample) => Math.abs(error(sample)) <= 3 * Math.max(sigma, 1));
    for (let step = 0; step < 8 * 3; step++) {
      const k = step % 3;
      let [moved, weight] = [0, 1e-6];
      for (const sample of near) {
        moved += sample.along[k] * error(sample);
        weight += sample.along[k] ** 2;
      }
      plane[k] += moved / weight;
    }
    sigma = scatter();
  }
  return { plane, sigma };
}

function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Blackens connected blots with next to no ink: one far away would change the size of the rest. */
function withoutSpecks({ width, height, pixels }) {
  const total = pixels.reduce((a, b) => a + b, 0);
  const isSeen = Uint8Array.from(pixels, (pixel) => (pixel === 0 ? 1 : 0));
  for (let start = 0; start < pixels.length; start++) {
    if (isSeen[start]) continue;
    isSeen[start] = 1;
    const blot = [start];
    for (const i of blot) {
      const [x, y] = [i % width, Math.floor(i / width)];
      for (let ny = Math.max(0, y - 1); ny < Math.min(y + 2, height); ny++) {
        for (let nx = Math.max(0, x - 1); nx < Math.min(x + 2, width); nx++) {
          const near = ny * width + nx;
          if (!isSeen[near]) {
            isSeen[near] = 1;
            blot.push(near);
          }
        }
      }
    }
    const mass = blot.reduce((sum, i) => sum + pixels[i], 0);
    if (mass < 0.005 * total) for (const i of blot) pixels[i] = 0;
  }
  return { width, height, pixels };
}
