// Layers that read or make sequences: rows of an image, and tokens. See network.js.

/** The image as rows of all channels, or a sequence as it is: [steps, inputs]. */
function rows(x) {
  if (x.shape.length === 2) return x;
  const [c, h, w] = x.shape;
  const value = (_, i) => {
    const [row, channel, column] = [Math.floor(i / (c * w)), Math.floor(i / w) % c, i % w];
    return x.values[(channel * h + row) * w + column];
  };
  return { shape: [h, c * w], values: Float32Array.from({ length: c * h * w }, value) };
}

const CELLS = {
  rnn: (a, b, state, u) => {
    for (let i = 0; i < u; i++) state.h[i] = Math.tanh(a[i] + b[i]);
  },
  // Gates i, f, g, o.
  lstm: (a, b, state, u) => {
    for (let i = 0; i < u; i++) {
      const gate = (k) => a[k * u + i] + b[k * u + i];
      state.c[i] = sigmoid(gate(1)) * state.c[i] + sigmoid(gate(0)) * Math.tanh(gate(2));
      state.h[i] = sigmoid(gate(3)) * Math.tanh(state.c[i]);
    }
  },
  // Gates r, z, n.
  gru: (a, b, state, u) => {
    for (let i = 0; i < u; i++) {
      const gate = (k) => sigmoid(a[k * u + i] + b[k * u + i]);
      const next = Math.tanh(a[2 * u + i] + gate(0) * b[2 * u + i]);
      state.h[i] = (1 - gate(1)) * next + gate(1) * state.h[i];
    }
  },
};

function recurrent({ kind, units, bidirectional }, own, x) {
  const steps = rows(x);
  const values = [];
  for (const end of bidirectional ? ["_l0", "_l0_reverse"] : ["_l0"]) {
    const [wi, wh, bi, bh] = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((name) => own(name + end));
    const inputs = linear(steps, wi, bi).values;
    const width = wi.shape[0];
    const state = { h: new Float32Array(units), c: new Float64Array(units) };
    for (let t = 0; t < steps.shape[0]; t++) {
      const at = end === "_l0" ? t : steps.shape[0] - 1 - t;
      const before = linear({ shape: [units], values: state.h.slice() }, wh, bh).values;
      CELLS[kind](inputs.subarray(at * width, (at + 1) * width), before, state, units);
    }
    values.push(...state.h);
  }
  return { shape: [values.length], values: Float32Array.from(values) };
}

function patches({ patch, width, class_token }, own, x) {
  const image = conv2d(x, own("proj.weight"), own("proj.bias"), { stride: patch });
  const n = image.shape[1] * image.shape[2];
  const positions = own("pos_embed");
  const before = class_token ? 1 : 0;
  const token = (i) => {
    const [row, column] = [Math.floor(i / width) - before, i % width];
    return row < 0 ? own("cls_token").values[column] : image.values[column * n + row];
  };
  return { shape: [n + before, width], values: positions.values.map((v, i) => v + token(i)) };
}

function encoder({ depth = 1, heads }, own, x) {
  for (let idx = 0; idx < depth; idx++) {
    const of = (name) => own(`layers.${idx}.${name}`);
    const norm = (name, v) => layerNorm(v, of(`${name}.weight`), of(`${name}.bias`));
    const dense = (name, v) => linear(v, of(`${name}.weight`), of(`${name}.bias`));
    const qkv = linear(norm("norm1", x), of("self_attn.in_proj_weight"), of("self_attn.in_proj_bias"));
    x = sum(x, dense("self_attn.out_proj", attention(qkv, heads)));
    const hidden = map(dense("linear1", norm("norm2", x)), ACTIVATIONS.gelu({}));
    x = sum(x, dense("linear2", hidden));
  }
  return x;
}

/** softmax(q kᵀ / √d) v of each head; queries, keys and values lie side by side. */
function attention(qkv, heads) {
  const [tokens, threefold] = qkv.shape;
  const width = threefold / 3;
  const d = width / heads;
  const values = new Float32Array(tokens * width);
  for (let head = 0; head < heads; head++) {
    const at = (token, part) => token * threefold + part * width + head * d;
    for (let q = 0; q < tokens; q++) {
      const score = (_, k) => {
        let product = 0;
        for (let i = 0; i < d; i++) product += qkv.values[at(q, 0) + i] * qkv.values[at(k, 1) + i];
        return product / Math.sqrt(d);
      };
      const weights = softmax(Float64Array.from({ length: tokens }, score));
      for (let i = 0; i < d; i++) {
        let mixed = 0;
        for (let k = 0; k < tokens; k++) mixed += weights[k] * qkv.values[at(k, 2) + i];
        values[q * width + head * d + i] = mixed;
      }
    }
  }
  return { shape: [tokens, width], values };
}

function tokenPool({ take }, x) {
  const [tokens, width] = x.shape;
  if (take === "first") return { shape: [width], values: x.values.slice(0, width) };
  const mean = (_, i) => {
    let total = 0;
    for (let t = 0; t < tokens; t++) total += x.values[t * width + i];
    return total / tokens;
  };
  return { shape: [width], values: Float32Array.from({ length: width }, mean) };
}
