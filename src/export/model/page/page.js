// The page: a canvas to draw on, the answer as bars, and the input that the network sees.

const SIDE = 280;
const BRUSH = 0.075; // Of the side: gives digits the stroke width of MNIST.
const MAX_BARS = 12;

const model = JSON.parse(document.getElementById("model").textContent);
const network = makeNetwork(model.spec, tensorsOf(model));

/** The tensors of the model by name, from their base64. */
function tensorsOf({ tensors, weights }) {
  const text = atob(weights);
  const bytes = new DataView(new ArrayBuffer(text.length));
  for (let i = 0; i < text.length; i++) bytes.setUint8(i, text.charCodeAt(i));
  let at = 0;
  const next = (n) => {
    const values = Float32Array.from({ length: n }, (_, i) => bytes.getFloat32(at + 4 * i, true));
    at += 4 * n;
    return values;
  };
  return Object.fromEntries(
    tensors.map(([name, shape]) => [name, { shape, values: next(shape.reduce((a, b) => a * b, 1)) }]),
  );
}

/** Logits and probabilities of an input of bytes. */
function classify(input) {
  const logits = network(Float32Array.from(input, (byte) => byte / 255));
  return { logits: [...logits], probabilities: [...softmax(logits, model.temperature ?? 1)] };
}

const canvas = document.getElementById("canvas");
const context = canvas.getContext("2d");
let drawing = { width: SIDE, height: SIDE, pixels: new Uint8Array(SIDE * SIDE) };
let picture = null; // In place of the drawing, until the next stroke.
const past = [];

/** Draws a straight segment with round ends. Where segments meet, ink takes the larger coverage. */
function drawLine(from, to) {
  const radius = (BRUSH * SIDE) / 2;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const squared = dx * dx + dy * dy;
  const range = (a, b) => [
    clamp(Math.floor(Math.min(a, b) - radius - 1), 0, SIDE),
    clamp(Math.floor(Math.max(a, b) + radius + 2), 0, SIDE),
  ];
  const [[left, right], [top, bottom]] = [range(from[0], to[0]), range(from[1], to[1])];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const along = squared > 0 ? clamp((px * dx + py * dy) / squared, 0, 1) : 0;
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const ink = Math.round(clamp(radius + 0.5 - distance, 0, 1) * 255);
      const at = y * SIDE + x;
      drawing.pixels[at] = Math.max(drawing.pixels[at], ink);
    }
  }
}

/** Pixels in gray, or in the colors of three channels, on a canvas of their size. */
function paint(target, width, height, value) {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = value(i, c);
    image.data[4 * i + 3] = 255;
  }
  target.putImageData(image, 0, 0);
}

/** The picture on the canvas, as large as fits. */
function paintPicture({ width, height, rgba }) {
  const whole = new OffscreenCanvas(width, height);
  whole.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
  const scale = SIDE / Math.max(width, height);
  const [w, h] = [width * scale, height * scale];
  context.clearRect(0, 0, SIDE, SIDE);
  context.drawImage(whole, (SIDE - w) / 2, (SIDE - h) / 2, w, h);
}

function show() {
  const [channels, height, width] = model.spec.input;
  if (picture) paintPicture(picture);
  else paint(context, SIDE, SIDE, (i) => drawing.pixels[i]);
  const input = picture
    ? inputOfPicture(picture, model.recipe, model.spec.input)
    : inputOf(drawing, model.recipe.framing, model.spec.input);
  const area = height * width;
  const seen = document.getElementById("input");
  paint(seen.getContext("2d"), width, height, (i, c) => input?.[(channels === 3 ? c : 0) * area + i] ?? 0);
  document.getElementById("undo").disabled = past.length === 0;
  showAnswer(input && classify(input).probabilities);
}

function showAnswer(probabilities) {
  const percent = (p) => `${(100 * p).toFixed(1)} %`;
  const isAnswer = probabilities?.every(Number.isFinite);
  const best = isAnswer ? probabilities.indexOf(Math.max(...probabilities)) : -1;
  let answer = picture ? "The picture is blank: it has one color only." : "Draw something to see the prediction.";
  if (isAnswer) answer = `${model.classes[best]}, ${percent(probabilities[best])}`;
  else if (probabilities) answer = "The network's output is not a number; its weights may have diverged.";
  document.getElementById("answer").textContent = answer;
  let order = model.classes.map((_, idx) => idx);
  if (order.length > MAX_BARS) {
    if (isAnswer) order.sort((a, b) => probabilities[b] - probabilities[a]);
    order = order.slice(0, MAX_BARS);
  }
  document.getElementById("bars").replaceChildren(
    ...order.map((idx) => {
      const share = isAnswer ? probabilities[idx] : 0;
      const row = document.createElement("li");
      row.className = idx === best ? "best" : "";
      const [name, bar, fill, number] = [0, 1, 2, 3].map(() => document.createElement("span"));
      [name.className, bar.className, number.className] = ["name", "bar", "number"];
      name.textContent = name.title = model.classes[idx];
      const about = { role: "meter", "aria-label": model.classes[idx], "aria-valuenow": share, "aria-valuemax": 1 };
      for (const [key, value] of Object.entries(about)) bar.setAttribute(key, value);
      fill.style.width = `${100 * share}%`;
      bar.append(fill);
      number.textContent = isAnswer ? percent(share) : "";
      row.append(name, bar, number);
      return row;
    }),
  );
}

/** A place of the pointer in pixels of the canvas. */
function place(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
}

let pen = null;
let isWaiting = false;

function showSoon() {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    show();
  });
}

function keep() {
  past.push({ pixels: drawing.pixels.slice(), picture });
  if (past.length > 64) past.shift();
}

/** Empties the canvas, which can be undone. */
function begin() {
  keep();
  drawing.pixels.fill(0);
  picture = null;
}

function move(event) {
  if (!pen) return;
  const to = place(event);
  drawLine(pen, to);
  pen = to;
  showSoon();
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  if (picture) begin();
  else keep();
  pen = place(event);
  drawLine(pen, pen);
  showSoon();
});
canvas.addEventListener("pointermove", move);
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (pen = null));

function clear() {
  begin();
  show();
}

function undo() {
  const before = past.pop();
  if (before) [drawing.pixels, picture] = [before.pixels, before.picture];
  show();
}

/** Puts a picture from a file on the canvas, of which at most 1,024 pixels per side are kept. */
async function openPicture(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    document.getElementById("answer").textContent = `${file.name} is no picture that this browser can read.`;
    return;
  }
  const scale = Math.min(1, 1024 / Math.max(bitmap.width, bitmap.height));
  const [w, h] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
  const pixels = new OffscreenCanvas(w, h).getContext("2d");
  pixels.imageSmoothingQuality = "high";
  pixels.drawImage(bitmap, 0, 0, w, h);
  begin();
  picture = { width: w, height: h, rgba: pixels.getImageData(0, 0, w, h).data, isJpeg: file.type === "image/jpeg" };
  show();
}

document.getElementById("clear").addEventListener("click", clear);
document.getElementById("undo").addEventListener("click", undo);
const chooser = document.getElementById("file");
document.getElementById("open").addEventListener("click", () => chooser.click());
chooser.addEventListener("change", () => {
  if (chooser.files[0]) openPicture(chooser.files[0]);
  chooser.value = "";
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) openPicture(event.dataTransfer.files[0]);
});
document.addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && event.key === "z";
  if (!isUndo && event.key !== "Delete") return;
  event.preventDefault();
  if (isUndo) undo();
  else clear();
});

const [, height, width] = model.spec.input;
Object.assign(document.getElementById("input"), { width, height });
document.getElementById("about").textContent = model.about;
show();

// For programs that test the page.
globalThis.candleStudio = { classify, inputOf, model, drawing: () => drawing };
