// From a drawing to the input of the network, the way the training images were made. A drawing is
// { width, height, pixels }: bright ink on black, from 0 to 255.

const INK_SHARE = 20 / 28; // The longer side of MNIST's digits in their frame.
const MAX_STROKE = 0.18; // Wider strokes than this share of the ink's longer side are thinned,
const SOLID = 0.33; // unless they are no strokes but a solid shape.

/** The input [channels, height, width] of a drawing, or null if there is nothing on it. */
function inputOf(drawing, framing, [channels, height, width]) {
  if (drawing.pixels.every((pixel) => pixel === 0)) return null;
  const size = [height, width];
  const gray = framing === "center" ? centered(drawing, size) : framed(drawing, framing, size);
  if (!gray) return null;
  const input = new Uint8Array(channels * height * width);
  for (let c = 0; c < channels; c++) input.set(gray, c * height * width);
  return input;
}

/** The ink, scaled to 20/28 of the frame, with its center of mass in the middle. */
function centered(drawing, size) {
  let box = inkBox(drawing);
  if (!box) return null;
  const thin = thinned(drawing, Math.max(box[0].length, box[1].length));
  if (thin) [drawing, box] = [thin, inkBox(thin)];
  if (!box) return null;
  const scale = Math.min(...box.map(({ length }, axis) => (INK_SHARE * size[axis]) / length));
  const n = box.map(({ length }, axis) => clamp(Math.ceil(length * scale - 1e-6), 1, size[axis]));
  const parts = box.map(({ start }, axis) => ({ start, length: n[axis] / scale }));
  const ink = resample(drawing, parts, n);
  const total = Math.max(ink.reduce((a, b) => a + b, 0), 1e-30);
  const offset = [0, 1].map((axis) => {
    const along = (i) => (axis === 0 ? Math.floor(i / n[1]) : i % n[1]);
    const center = ink.reduce((moment, v, i) => moment + v * along(i), 0) / total;
    const wanted = Math.max(0, Math.ceil(Math.floor(size[axis] / 2) - center - 0.501));
    return Math.min(wanted, size[axis] - n[axis]);
  });
  const brightest = Math.max(ink.reduce((a, b) => Math.max(a, b), 0), 1e-30);
  return placed(ink.map((v) => (v * 255) / brightest), n, offset, size);
}

/** A whole drawing in the frame: fitted, cropped or stretched. */
function framed(drawing, framing, size) {
  const extents = [drawing.height, drawing.width];
  const ratios = extents.map((n, axis) => size[axis] / n);
  const scales = {
    crop: [Math.max(...ratios), Math.max(...ratios)],
    stretch: ratios,
  }[framing] ?? [Math.min(...ratios), Math.min(...ratios)];
  const n = extents.map((extent, axis) => clamp(Math.round(extent * scales[axis]), 1, size[axis]));
  const parts = extents.map((extent, axis) => {
    const length = Math.min(n[axis] / scales[axis], extent);
    return { start: (extent - length) / 2, length };
  });
  const offset = n.map((filled, axis) => Math.floor((size[axis] - filled) / 2));
  return placed(resample(drawing, parts, n, true), n, offset, size);
}

/** Values of `n` (rows, columns) at an offset in a black frame of `size`. */
function placed(values, n, [top, left], [height, width]) {
  const frame = new Uint8Array(height * width);
  values.forEach((value, i) => {
    frame[(top + Math.floor(i / n[1])) * width + left + (i % n[1])] = Math.round(value);
  });
  return frame;
}

/** Rows and columns of the ink. */
function inkBox({ width, pixels }) {
  const brightest = pixels.reduce((a, b) => Math.max(a, b), 0);
  if (brightest < 16) return null;
  const edge = Math.floor(Math.fround(brightest * Math.fround(0.2)));
  let [top, bottom, left, right] = [Infinity, -1, Infinity, -1];
  pixels.forEach((pixel, i) => {
    if (pixel <= edge) return;
    const [y, x] = [Math.floor(i / width), i % width];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
  });
  return [
    { start: top, length: bottom + 1 - top },
    { start: left, length: right + 1 - left },
  ];
}

/** The ink with thinner strokes, if they are much wider than MNIST's for its size; else null. */
function thinned(drawing, longerSide) {
  const { width, height, pixels } = drawing;
  const half = Math.floor(pixels.reduce((a, b) => Math.max(a, b), 0) / 2);
  const isInk = pixels.map((pixel) => (pixel > half ? 1 : 0));
  let [area, steps] = [0, 0];
  isInk.forEach((ink, i) => {
    area += ink;
    if (i % width > 0) steps += ink ^ isInk[i - 1];
    if (i >= width) steps += ink ^ isInk[i - width];
  });
  // Twice the area over the perimeter is about the width.
  if ((2 * area) / Math.max((Math.PI / 4) * steps, 1) < 0.7 * MAX_STROKE * longerSide) return null;
  const distance = distances(isInk, width, height);
  const inked = distance.filter((d) => d > 0);
  const stroke = 4 * Math.max(inked.reduce((a, b) => a + b, 0) / Math.max(inked.length, 1) - 0.5, 0);
  const share = stroke / longerSide;
  if (stroke < 8 || share < MAX_STROKE || share >= SOLID) return null;
  const depth = (stroke - MAX_STROKE * longerSide) / (2 * (1 - MAX_STROKE));
  const thin = pixels.map((pixel, i) => Math.round(pixel * clamp(distance[i] - depth, 0, 1)));
  return thin.some((pixel) => pixel > 0) ? { width, height, pixels: thin } : null;
}

/** Distance of each pixel of ink from the nearest without (chamfer distances of 3 and 4). */
function distances(isInk, width, height) {
  const stride = width + 2; // With a border of background.
  const steps = new Int32Array(stride * (height + 2));
  const at = (i) => (Math.floor(i / width) + 1) * stride + 1 + (i % width);
  isInk.forEach((ink, i) => (steps[at(i)] = ink * 3 * (width + height)));
  const relax = (i, side, line) => {
    const near = Math.min(steps[i + side], steps[i + line]) + 3;
    const diagonal = Math.min(steps[i + line - 1], steps[i + line + 1]) + 4;
    steps[i] = Math.min(steps[i], near, diagonal);
  };
  for (let i = 0; i < isInk.length; i++) relax(at(i), -1, -stride);
  for (let i = isInk.length - 1; i >= 0; i--) relax(at(i), 1, stride);
  return Float64Array.from(isInk, (_, i) => steps[at(i)] / 3);
}

/** The pixels along one axis that make up each of `n` new ones: the first, and the weight of each.
 * Shrinking averages the area that a new pixel covers, enlarging interpolates linearly. */
function taps({ start, length }, n, extent, keepsEdges) {
  const step = length / n;
  const window = Math.max(step, 1);
  return Array.from({ length: n }, (_, i) => {
    const middle = start + (i + 0.5) * step;
    const [low, high] = [middle - window / 2, middle + window / 2];
    const first = clamp(Math.floor(low), 0, extent);
    const end = clamp(Math.ceil(high), first, extent);
    const overlap = (_, k) => Math.max(Math.min(first + k + 1, high) - Math.max(first + k, low), 0) / window;
    let weights = Array.from({ length: end - first }, overlap);
    if (keepsEdges) {
      const total = Math.max(weights.reduce((a, b) => a + b, 0), 1e-30);
      weights = weights.map((weight) => weight / total);
    }
    return { first, weights };
  });
}

/** The part (rows, columns) of a drawing, resized to `size`. Outside is black. */
function resample(drawing, [rows, columns], [height, width], keepsEdges = false) {
  const down = taps(rows, height, drawing.height, keepsEdges);
  const across = taps(columns, width, drawing.width, keepsEdges);
  const narrowed = new Float64Array(drawing.height * width);
  for (let i = 0; i < narrowed.length; i++) {
    const line = Math.floor(i / width) * drawing.width;
    const { first, weights } = across[i % width];
    narrowed[i] = weights.reduce((total, w, k) => total + w * drawing.pixels[line + first + k], 0);
  }
  const values = new Float64Array(height * width);
  for (let i = 0; i < values.length; i++) {
    const { first, weights } = down[Math.floor(i / width)];
    values[i] = weights.reduce((total, w, k) => total + w * narrowed[(first + k) * width + (i % width)], 0);
  }
  return values;
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
