"""Writes the corpus: real files of the tests, and small files that are wrong on purpose.

Usage: python3 fuzz/seeds.py, in the root of the repository. Nothing else is needed but pyarrow, for the Parquet files,
which stay as they are without it.
"""

import gzip
import io
import json
import pathlib
import struct
import tarfile
import zipfile
import zlib

ROOT = pathlib.Path(__file__).parent
FIXTURES = ROOT.parent / "tests/fixtures"
RUNS = FIXTURES / "runs/3e90706"


def seed(target, name, content):
    folder = ROOT / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def tensor_file(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def split(file):
    (n,) = struct.unpack("<Q", file[:8])
    return file[8 : 8 + n], file[8 + n :]


def models():
    ours = (FIXTURES / "model_ours.safetensors").read_bytes()
    header, data = split(ours)
    seed("model", "ours", ours)
    seed("model", "whole", (RUNS / "whole.safetensors").read_bytes())
    for name in ["claims-300k-units", "lstm-units", "input-100000"]:
        seed("model", name, (FIXTURES / f"hostile/{name}.safetensors").read_bytes())
    seed("model", "foreign", tensor_file({"__metadata__": {"format": "pt"}}))
    seed("model", "cut", ours[: len(ours) // 2])
    seed("model", "header-of-4-gb", struct.pack("<Q", 1 << 32) + b"{}")
    seed("model", "header-of-all-bytes", b"\xff" * 8)
    seed("model", "not-a-number", tensor_file(header, b"\xff" * len(data)))
    seed("model", "name-twice", tensor_file(header.replace(b"{", b'{"__metadata__":{},', 1), data))
    seed("model", "nested", tensor_file(b'{"x":' + b"[" * 3000 + b"]" * 3000 + b"}"))
    parsed = json.loads(header)
    kinds = ["batch_norm", "layer_norm", "gelu", "global_avg_pool", "transformer_encoder", "residual"]
    for kind in kinds:
        description = json.loads(parsed["__metadata__"]["candle_studio"])
        description["spec"]["layers"][0] = {"kind": kind}
        other = {**parsed, "__metadata__": {"candle_studio": json.dumps(description)}}
        seed("model", f"with-{kind}", tensor_file(other, data))
    # Large images without a single weight.
    description["spec"] = {"input": [256, 1024, 1024], "classes": 256, "layers": [{"kind": "global_avg_pool"}]}
    description["classes"] = [str(i) for i in range(256)]
    seed("model", "largest-image", tensor_file({"__metadata__": {"candle_studio": json.dumps(description)}}))


def pickle(*parts):
    return b"\x80\x02" + b"".join(parts) + b"."


def imports():
    """Models of other programs: the smallest of each kind, and what is wrong on purpose."""
    folder = FIXTURES / "import"
    plain = {"format": "pt"}
    weight = {"1.weight": {"dtype": "F16", "shape": [10, 64], "data_offsets": [0, 1280]}, "1.bias": {"dtype": "F64", "shape": [10], "data_offsets": [1280, 1360]}}
    seed("weights", "softmax", tensor_file({"__metadata__": plain, **weight}, bytes(1360)))
    seed("weights", "wrapped", tensor_file({f"module.{k}": v for k, v in weight.items()}, bytes(1360)))
    seed("weights", "none", tensor_file({}))
    seed("weights", "a-gigantic-head", tensor_file({"1.weight": {"dtype": "F32", "shape": [4294967296, 0], "data_offsets": [0, 0]}, "1.bias": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}))
    seed("weights", "no-sides", tensor_file({"1.weight": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}, "1.bias": {"dtype": "U8", "shape": [0, 0], "data_offsets": [4, 4]}}, bytes(4)))
    seed("weights", "archive.pth", (folder / "softmax.pth").read_bytes())
    with zipfile.ZipFile(folder / "softmax.pth") as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        whole = archive.read(name)
    seed("state_dict", "softmax", whole)
    with zipfile.ZipFile(folder / "checkpoint.pt") as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        seed("state_dict", "checkpoint", archive.read(name))
    seed("state_dict", "cut", whole[: len(whole) // 2])
    seed("state_dict", "claims-4-gb", pickle(b"X\xff\xff\xff\xff"))
    seed("state_dict", "copies", pickle(b"]q\x00", *(b"(h%ch%ctq%c" % (n, n, n + 1) for n in range(40))))
    text = b"X" + struct.pack("<I", 2000) + bytes(2000) + b"q\x00"
    seed("state_dict", "long-copies", pickle(text, *(b"(h%ch%ctq%c" % (n, n, n + 1) for n in range(16))))
    seed("state_dict", "deep", pickle(b"N", b"\x85" * 50_000))
    seed("state_dict", "empty", pickle(b"}"))
    tensor = whole.replace(b"FloatStorage", b"NoSuchThings")
    seed("state_dict", "other-storage", tensor)
    for name in ["chain.onnx", "rows-gru-script.onnx", "dilated.onnx", "mish.onnx"]:
        seed("onnx", name, (folder / name).read_bytes())
    seed("onnx", "no-graph", b"\x08\x08\x12\x02no")
    seed("onnx", "empty-nodes", b"\x08\x08\x12\x01a\x3a\x90\x4e" + b"\x0a\x00" * 5000)
    for name in ["gru.h5", "flat.h5", "dense.h5", "gru.keras", "both.keras"]:
        seed("keras", name, (folder / name).read_bytes())
    seed("keras", "cut.h5", (folder / "flat.h5").read_bytes()[:5000])


def checkpoints():
    whole = (RUNS / "killed/checkpoints/step-0000000204.safetensors").read_bytes()
    header, data = split(whole)
    seed("checkpoint", "whole", whole)
    seed("checkpoint", "best", (RUNS / "killed/checkpoints/best.safetensors").read_bytes())
    seed("checkpoint", "cut", whole[:-7])
    seed("checkpoint", "only-header", tensor_file(header))
    seed("checkpoint", "a-model", (RUNS / "whole.safetensors").read_bytes())
    seed("checkpoint", "step-of-all-bits", tensor_file(header.replace(b'\\"step\\":204', b'\\"step\\":18446744073709551615'), data))
    seed("checkpoint", "more-units", tensor_file(header.replace(b'\\"units\\":', b'\\"units\\":99999'), data))


def idx_file(kind, dims, data=b""):
    return bytes([0, 0, kind, len(dims)]) + b"".join(struct.pack(">I", d) for d in dims) + data


def idx():
    images = idx_file(8, [3, 4, 5], bytes(range(60)))
    labels = idx_file(8, [6], bytes(range(6)))
    seed("idx", "images", images)
    seed("idx", "labels", labels)
    seed("idx", "labels-of-16-bits", idx_file(11, [2], b"\x00\x01\xff\xff"))
    seed("idx", "labels-of-32-bits", idx_file(12, [1], b"\x7f\xff\xff\xff"))
    seed("idx", "images-packed", gzip.compress(images, mtime=0))
    seed("idx", "labels-packed", gzip.compress(labels, mtime=0))
    seed("idx", "members", gzip.compress(images[:20], mtime=0) + gzip.compress(images[20:], mtime=0))
    seed("idx", "cut-packed", gzip.compress(images, mtime=0)[:-9])
    seed("idx", "bomb", gzip.compress(idx_file(8, [1, 1, 1], b"\0" * 1_000_000), mtime=0))
    seed("idx", "claims-all", idx_file(8, [2**32 - 1] * 3))
    seed("idx", "claims-4-gb", idx_file(8, [4096, 1024, 1024]))
    seed("idx", "claims-no-height", idx_file(8, [5, 0, 5]))
    seed("idx", "claims-no-image", idx_file(8, [0, 28, 28]))
    seed("idx", "too-long", images + b"\0")
    seed("idx", "short-header", images[:7])
    seed("idx", "empty", b"")


def png(width, height, depth, color, rows, extra=b"", interlaced=0):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def pictures():
    gray = b"".join(b"\0" + bytes(255 if 2 < x < 5 and 0 < y < 7 else 9 for x in range(8)) for y in range(8))
    seed("picture", "gray-8x8.png", png(8, 8, 8, 0, gray))
    seed("picture", "blank.png", png(8, 8, 8, 0, b"\0" * 72))
    seed("picture", "one-pixel.png", png(1, 1, 8, 0, b"\0\x80"))
    seed("picture", "line.png", png(300, 1, 8, 0, b"\0" + bytes(i % 256 for i in range(300))))
    seed("picture", "16-bit.png", (FIXTURES / "pictures/16bit-of-8bit_7.png").read_bytes())
    seed("picture", "two-objects.png", (FIXTURES / "pictures/two-digits_10.png").read_bytes())
    rgba = b"".join(b"\0" + bytes(v for x in range(6) for v in (x * 40, 9, y * 40, 255 * (x > y))) for y in range(6))
    seed("picture", "transparent.png", png(6, 6, 8, 6, rgba))
    palette = struct.pack(">I", 6) + b"PLTE" + b"\0\0\0\xff\xff\xff"
    palette += struct.pack(">I", zlib.crc32(b"PLTE" + b"\0\0\0\xff\xff\xff"))
    seed("picture", "palette.png", png(8, 2, 1, 3, b"\0\x55\0\xaa", palette))
    seed("picture", "palette-missing.png", png(8, 2, 1, 3, b"\0\x55\0\xaa"))
    seed("picture", "interlaced.png", png(3, 3, 8, 0, b"\0\1" + b"\0\1\0\2" + b"\0\3\0\4" * 3, interlaced=1))
    seed("picture", "claims-all.png", png(2**31 - 1, 2**31 - 1, 8, 6, b"\0"))
    seed("picture", "claims-8192.png", png(8192, 8192, 16, 6, b"\0"))
    seed("picture", "cut.png", png(8, 8, 8, 0, gray)[:50])
    seed("picture", "other.gif", b"GIF89a\1\0\1\0\0\0\0;")
    quality = b"\xff\xdb\0\x43\0" + b"\1" * 64
    frame = b"\xff\xc0\0\x0b\x08\0\x08\0\x08\1\1\x11\0"
    tables = b"".join(b"\xff\xc4\0\x14" + bytes([k]) + b"\1" + b"\0" * 15 + b"\0" for k in (0, 0x10))
    scan = b"\xff\xda\0\x08\1\1\0\0\x3f\0" + b"\0" * 4
    seed("picture", "tiny.jpg", b"\xff\xd8" + quality + frame + tables + scan + b"\xff\xd9")
    turned = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    seed("picture", "turned.jpg", b"\xff\xd8" + turned + quality + frame + tables + scan + b"\xff\xd9")
    seed("picture", "cut.jpg", b"\xff\xd8" + quality + frame + tables + scan)


def configurations():
    base = (RUNS / "workspace/rates/base.toml").read_text()
    seed("configuration", "base", base)
    seed("configuration", "sweep", (RUNS / "workspace/rates/sweep.toml").read_text())
    seed("configuration", "net", (RUNS / "net.toml").read_text())
    seed("configuration", "huge-activations", (FIXTURES / "hostile/huge-activations.toml").read_text())
    seed("configuration", "manifest", (RUNS / "guarded/run.toml").read_text())
    layers = '{ kind = "conv2d", channels = 8, kernel = 3, stride = 1, padding = 1 },\n{ kind = "batch_norm" },'
    block = f'layers = [\n{{ kind = "residual", layers = [\n{layers}\n] }},\n{{ kind = "flatten" }},\n{{ kind = "dense", units = 10 }},\n]\n'
    seed("configuration", "layers", block)
    seed("configuration", "deep-lists", "layers = " + "[" * 3000 + "]" * 3000)
    seed("configuration", "deep-blocks", "layers = [" + '{kind="residual",layers=[' * 500 + "]}" * 500 + "]")
    seed("configuration", "deep-keys", ".".join(["a"] * 3000) + " = 1")
    seed("configuration", "deep-heading", "[" + ".".join(["a"] * 3000) + "]\nb = 1")
    seed("configuration", "not-a-number", base.replace("learning_rate = ", "learning_rate = nan # "))
    seed("configuration", "largest", base.replace("epochs = ", "epochs = 9223372036854775807 # "))
    seed("configuration", "date", "name = 1979-05-27T07:32:00Z\ntrials = 1_000\n[[search]]\nkey = 'a.b'\nint_range = [1, 9223372036854775807]")
    seed("configuration", "marks", "\ufeffname = \"\\u0000\\uD800\"\n'' = ''' '''")
    seed("configuration", "search", 'method = "tpe"\ntrials = 3\nprune = { rule = "asha" }\n[set]\noptimizer = "sgd"\n[[search]]\nkey = "learning_rate"\nlog_range = [1e-300, 1e300]\nwhen = { key = "x", is = [1] }')


def filters():
    for number, text in enumerate([
        "", "wide", "lr < 0.01 and model = cnn", "not (wide or lr = 0.1) tag = 'a b'", "val_acc.last >= 98%",
        "lr < ,1", "lr < = 1", "(lr < 3", "a ! b", "name = \"b", "lr ≤ 1e-3 or ähm ≠ \u0001", "\u202e = \u0000",
        "(" * 3000, "not " * 3000 + "a", "(" * 80 + "a" + ")" * 80, "x = 1e999 y = -nan z = inf",
    ]):
        seed("filter", f"{number:02}", text)


def journals():
    events = (RUNS / "guarded/events.jsonl").read_text()
    lines = events.splitlines(keepends=True)
    seed("events", "guarded", events)
    seed("events", "format-1", (FIXTURES / "runs/format-1/events.jsonl").read_text())
    seed("events", "torn", events[:-20])
    seed("events", "hole", "".join(lines[:2]) + "\0" * 100 + "\n" + "".join(lines[3:]))
    seed("events", "no-start", "".join(lines[1:]))
    seed("events", "twice", events * 2)
    seed("events", "nested", '{"event":' + "[" * 3000 + "\n")
    seed("events", "points-of-all-bits", '{"event":"steps","points":[[18446744073709551615,18446744073709551615,1e308,-1e308,"NaN",2.0,-1.0]]}\n' * 2)
    seed("events", "rewound", "".join(lines) + '{"event":"rewound","step":0}\n')
    trials = (RUNS / "five-trials.jsonl").read_text()
    lines = trials.splitlines(keepends=True)
    seed("journal", "five-trials", trials)
    seed("journal", "rates", (RUNS / "workspace/rates/trials.jsonl").read_text())
    seed("journal", "torn", trials[:-9])
    seed("journal", "no-start", "".join(lines[2:]))
    seed("journal", "twice", trials * 2)
    seed("journal", "trial-of-all-bits", trials.replace('"trial":1,', '"trial":18446744073709551615,'))
    seed("journal", "run-outside", trials.replace('"run":"', '"run":"../../'))
    seed("journal", "binary", bytes(range(256)))


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def tarred(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def array(kind, shape, data, order="False"):
    text = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text.encode() + b"\n" + data


def datasets():
    rows = b"".join(b"\0" + bytes((x * 30 + y * 7) % 256 for x in range(8)) for y in range(8))
    picture = png(8, 8, 8, 0, rows)
    tree = {f"{part}/{name}/{i}.png": picture for part in ("train", "test") for name in "ab" for i in range(2)}
    packed = zipped(tree)
    seed("dataset", "pictures.zip", packed)
    seed("dataset", "pictures.tar", tarred(tree))
    seed("dataset", "pictures.tar.gz", gzip.compress(tarred(tree), mtime=0))
    seed("dataset", "long-name.tar", tarred({"a/" * 80 + "x.png": picture, "b/x.png": picture}))
    seed("dataset", "outside.zip", zipped({"../a/1.png": picture, **tree}))
    seed("dataset", "cut.zip", packed[: len(packed) // 2])
    seed("dataset", "many-files.zip", packed[:-14] + b"\xfe\xff\xfe\xff" + packed[-10:])
    seed("dataset", "metadata.zip", zipped({"metadata.csv": "file_name,label\nx.png,dog\ny.png,cat\n", "x.png": picture, "y.png": picture}))
    seed("dataset", "metadata-json.zip", zipped({"metadata.jsonl": '{"file_name":"x.png","label":1}\n{"file_name":"y.png","label":0}\n', "x.png": picture, "y.png": picture}))
    pixels, labels = bytes(range(48)), struct.pack("<3q", 0, 1, 0)
    arrays = {"x_train.npy": array("|u1", (3, 4, 4), pixels), "y_train.npy": array("<i8", (3,), labels)}
    arrays |= {name.replace("train", "test"): content for name, content in arrays.items()}
    seed("dataset", "arrays.npz", zipped(arrays))
    floats = struct.pack(">48f", *(i / 47 for i in range(48)))
    seed("dataset", "floats.npz", zipped({"images.npy": array(">f4", (3, 4, 4), floats, "True"), "target.npy": arrays["y_train.npy"]}))
    seed("dataset", "claims.npz", zipped({"x.npy": array("|u1", (2**31, 2**31, 4), pixels), "y.npy": array("|u1", (2**31,), b"")}))
    table = "".join(f"{i % 3}," + ",".join(str((i * 5 + j) % 256) for j in range(16)) + "\n" for i in range(6))
    seed("dataset", "pixels.csv", table)
    seed("dataset", "header.csv", "label," + ",".join(f"pixel{j}" for j in range(16)) + "\n" + table)
    seed("dataset", "quoted.csv", 'label,"a\n",' + '"' * 99 + table)
    seed("dataset", "files.csv", "file,label\na.png,1\nb.png,2\n")
    seed("dataset", "table.csv.gz", gzip.compress(table.encode(), mtime=0))
    seed("dataset", "batch.bin", bytes([1]) + bytes(3072) + bytes([0]) + bytes([9]) * 3072)
    seed("dataset", "batches.tar", tarred({"c/train.bin": bytes([1, 2]) + bytes(3072), "c/test.bin": bytes([1, 0]) + bytes(3072)}))
    idx_files = {f"{part}-{what}-ubyte": content for part in ("train", "t10k") for what, content in
                 [("images-idx3", idx_file(8, [2, 3, 3], bytes(18))), ("labels-idx1", idx_file(8, [2], b"\0\1"))]}
    seed("dataset", "idx.zip", zipped(idx_files))
    rows_of_labels = idx_file(12, [2, 8], b"".join(struct.pack(">8i", n, 0, 0, 0, 0, 0, 0, 0) for n in (4, 9)))
    seed("dataset", "qmnist.zip", zipped({"qmnist-train-images-idx3-ubyte": idx_file(8, [2, 3, 3], bytes(18)), "qmnist-train-labels-idx2-int.gz": gzip.compress(rows_of_labels, mtime=0)}))


def parquet():
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        return print("without pyarrow, the Parquet files stay as they are")
    rows = b"".join(b"\0" + bytes((x * 30 + y * 7) % 256 for x in range(8)) for y in range(8))
    pictures = [{"bytes": png(8, 8, 8, 0, rows), "path": f"{i}.png"} for i in range(12)]
    classes = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    about = {"huggingface": json.dumps({"info": {"features": classes}})}
    numbers, names = [i % 2 for i in range(12)], ["cat", "dog", None] * 4

    def table(labels, **options):
        buffer = io.BytesIO()
        columns = pyarrow.table({"image": pictures, "label": labels}).replace_schema_metadata(about)
        pyarrow.parquet.write_table(columns, buffer, **options)
        return buffer.getvalue()

    seed("parquet", "numbers.parquet", table(numbers))
    seed("parquet", "gzip.parquet", table(numbers, compression="gzip", row_group_size=5, use_dictionary=False))
    seed("parquet", "pages.parquet", table(numbers, compression="none", data_page_version="2.0", data_page_size=64))
    seed("parquet", "names.parquet", table(names, compression="none"))
    seed("parquet", "cut.parquet", table(names)[:-40] + b"PAR1")


def sketches():
    row = {"file_name": "a.png", "label": "5", "canvas": "sketch", "recipe": {"framing": "center"}, "shape": [1, 8, 8]}
    line = json.dumps(row) + "\n"
    seed("sketches", "one", line)
    seed("sketches", "relabeled", line + json.dumps({**row, "label": "7"}) + "\n")
    seed("sketches", "picture", json.dumps({**row, "canvas": "picture", "recipe": {"framing": "fit", "quarter_turns": 255}}) + "\n")
    seed("sketches", "torn", line + line[:20])
    seed("sketches", "damaged", "nothing\n" + line)
    seed("sketches", "outside", json.dumps({**row, "file_name": "../a.png"}) + "\n" + line)
    seed("sketches", "claims", json.dumps({**row, "shape": [2**40, 8, 8]}) + "\n")
    seed("sketches", "empty", "")


models()
imports()
checkpoints()
idx()
pictures()
datasets()
parquet()
sketches()
configurations()
filters()
journals()
