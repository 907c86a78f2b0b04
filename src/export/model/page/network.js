// The layers of a network, for one image at a time. Weights have PyTorch's names and layouts; sums
// are made in double precision. A value between two layers is { shape, values }, without the batch.

const erf = (x) => {
  // Abramowitz and Stegun 7.1.26: to 1.5e-7.
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - p * Math.exp(-x * x));
};
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

const ACTIVATIONS = {
  relu: () => (x) => Math.max(0, x),
  leaky_relu: ({ slope = 0.01 }) => (x) => (x > 0 ? x : slope * x),
  gelu: () => (x) => x * 0.5 * (1 + erf(x * Math.SQRT1_2)),
  silu: () => (x) => x * sigmoid(x),
  sigmoid: () => sigmoid,
  tanh: () => Math.tanh,
};

/** A network as a function: the values of an image, from 0 to 1, to the logits. */
function makeNetwork(spec, tensors) {
  const image = (values) => ({ shape: spec.input, values });
  return (values) => sequence(spec.layers, "", image(values), tensors).values;
}

/** Runs layers one after the other; `prefix` is the beginning of the names of their weights. */
function sequence(layers, prefix, x, tensors) {
  layers.forEach((layer, idx) => {
    const own = (name) => tensors[`${prefix}${idx}.${name}`];
    x = run(layer, own, x, `${prefix}${idx}.`, tensors);
  });
  return x;
}

function run(layer, own, x, prefix, tensors) {
  const kind = layer.kind;
  if (kind in ACTIVATIONS) return map(x, ACTIVATIONS[kind](layer));
  switch (kind) {
    case "conv2d":
      return conv2d(x, own("weight"), own("bias"), layer);
    case "max_pool2d":
      return pool(x, layer, -Infinity, Math.max, (most) => most);
    case "avg_pool2d":
      return pool(x, layer, 0, (sum, v) => sum + v, (sum) => sum / layer.kernel ** 2);
    case "global_avg_pool":
      return globalPool(x);
    case "flatten":
      return { shape: [x.values.length], values: x.values };
    case "dense":
      return linear(x, own("weight"), own("bias"));
    case "batch_norm":
      return batchNorm(x, own);
    case "layer_norm":
      return layerNorm(x, own("weight"), own("bias"));
    case "dropout":
    case "dropout2d":
      return x; // They do nothing outside of training.
    case "residual":
      return residual(layer, x, prefix, tensors);
    case "rnn":
    case "lstm":
    case "gru":
      return recurrent(layer, own, x);
    case "patch_embedding":
      return patches(layer, own, x);
    case "transformer_encoder":
      return encoder(layer, own, x);
    case "token_pool":
      return tokenPool(layer, x);
  }
  throw new Error(`this page knows no layer of the kind ${kind}`);
}

const map = (x, f) => ({ shape: x.shape, values: x.values.map(f) });
const sum = (x, y) => ({ shape: x.shape, values: x.values.map((v, i) => v + y.values[i]) });

/** The outputs that read a pixel inside the image: from the first to before the last. */
function inside(nOut, nIn, offset, stride) {
  const first = Math.max(0, Math.ceil(-offset / stride));
  return [first, Math.min(nOut, Math.floor((nIn - 1 - offset) / stride) + 1)];
}

function conv2d(x, weight, bias, { stride = 1, padding = 0, groups = 1 }) {
  const [, h, w] = x.shape;
  const [channels, perGroup, kernel] = weight.shape;
  const [oh, ow] = [h, w].map((n) => Math.floor((n + 2 * padding - kernel) / stride) + 1);
  const values = new Float32Array(channels * oh * ow);
  const plane = new Float64Array(oh * ow);
  for (let out = 0; out < channels; out++) {
    plane.fill(bias.values[out]);
    const first = Math.floor(out / (channels / groups)) * perGroup;
    for (let i = 0; i < perGroup; i++) {
      const filter = (out * perGroup + i) * kernel * kernel;
      for (let k = 0; k < kernel * kernel; k++) {
        const [dy, dx] = [Math.floor(k / kernel) - padding, (k % kernel) - padding];
        const factor = weight.values[filter + k];
        const [top, bottom] = inside(oh, h, dy, stride);
        const [left, right] = inside(ow, w, dx, stride);
        for (let y = top; y < bottom; y++) {
          const row = ((first + i) * h + y * stride + dy) * w + dx;
          for (let at = left; at < right; at++) plane[y * ow + at] += factor * x.values[row + at * stride];
        }
      }
    }
    values.set(plane, out * oh * ow);
  }
  return { shape: [channels, oh, ow], values };
}

function pool(x, { kernel, stride }, start, step, end) {
  const [c, h, w] = x.shape;
  const [oh, ow] = [h, w].map((n) => Math.floor((n - kernel) / stride) + 1);
  const values = new Float32Array(c * oh * ow);
  for (let i = 0; i < values.length; i++) {
    const [channel, y, at] = [Math.floor(i / (oh * ow)), Math.floor(i / ow) % oh, i % ow];
    let found = start;
    for (let ky = 0; ky < kernel; ky++) {
      const row = (channel * h + y * stride + ky) * w + at * stride;
      for (let kx = 0; kx < kernel; kx++) found = step(found, x.values[row + kx]);
    }
    values[i] = end(found);
  }
  return { shape: [c, oh, ow], values };
}

function globalPool(x) {
  const [c, h, w] = x.shape;
  const mean = (_, channel) => {
    const own = x.values.subarray(channel * h * w, (channel + 1) * h * w);
    return own.reduce((total, v) => total + v, 0) / (h * w);
  };
  return { shape: [c], values: Float32Array.from({ length: c }, mean) };
}

/** The product of each row of x with the weight [out, in], plus the bias. */
function linear(x, weight, bias) {
  const [nOut, nIn] = weight.shape;
  const nRows = x.values.length / nIn;
  const values = new Float32Array(nRows * nOut);
  for (let row = 0; row < nRows; row++) {
    for (let out = 0; out < nOut; out++) {
      let total = bias.values[out];
      for (let i = 0; i < nIn; i++) total += x.values[row * nIn + i] * weight.values[out * nIn + i];
      values[row * nOut + out] = total;
    }
  }
  return { shape: [...x.shape.slice(0, -1), nOut], values };
}

const EPSILON = 1e-5;

function batchNorm(x, own) {
  const area = x.values.length / x.shape[0];
  const [weight, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((n) => own(n).values);
  const normalized = (v, i) => {
    const c = Math.floor(i / area);
    return ((v - mean[c]) / Math.sqrt(variance[c] + EPSILON)) * weight[c] + bias[c];
  };
  return { shape: x.shape, values: x.values.map(normalized) };
}

/** Each sample, or each token of a sequence, by its own mean and variance. */
function layerNorm(x, weight, bias) {
  const n = weight.values.length;
  const values = new Float32Array(x.values.length);
  for (let start = 0; start < values.length; start += n) {
    const row = x.values.subarray(start, start + n);
    const mean = row.reduce((total, v) => total + v, 0) / n;
    const variance = row.reduce((total, v) => total + (v - mean) ** 2, 0) / n;
    const scale = 1 / Math.sqrt(variance + EPSILON);
    for (let i = 0; i < n; i++) values[start + i] = (row[i] - mean) * scale * weight.values[i] + bias.values[i];
  }
  return { shape: x.shape, values };
}

function residual(layer, x, prefix, tensors) {
  const body = sequence(layer.layers, `${prefix}body.`, x, tensors);
  const weight = tensors[`${prefix}shortcut.weight`];
  if (!weight) return sum(body, x);
  const side = (n, stride) => Math.floor((n - 1) / stride) + 1;
  const fits = (stride) => [1, 2].every((axis) => side(x.shape[axis], stride) === body.shape[axis]);
  let stride = 1;
  while (!fits(stride)) stride++;
  return sum(body, conv2d(x, weight, tensors[`${prefix}shortcut.bias`], { stride }));
}

/** Probabilities of logits, which are divided by a temperature first, if there is one. */
function softmax(logits, temperature = 1) {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (v) => Math.exp((v - most) / temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / total);
}
