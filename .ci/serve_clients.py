"""Asks a service with Triton's own client, in JSON and in bytes. Usage: serve_clients.py URL"""

import io
import sys

import numpy as np
import tritonclient.http as http
from PIL import Image
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(sys.argv[1].removeprefix("http://"))
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("digits")
assert client.get_server_metadata()["name"] == "candle-studio"
metadata = client.get_model_metadata("digits")
shape = metadata["inputs"][0]["shape"]
assert shape == [-1, 1, 8, 8], shape
assert client.get_model_config("digits")["max_batch_size"] == 64
assert client.get_model_repository_index() == [{"name": "digits", "version": "1", "state": "READY"}]

images = np.random.default_rng(1).random((5, 1, 8, 8), dtype=np.float32)


def tensor(values, datatype, binary):
    tensor = http.InferInput("image", list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def outputs(binary, classes=0):
    names = ["logits", "probabilities"]
    return [http.InferRequestedOutput(name, binary_data=binary, class_count=classes) for name in names]


def infer(values, datatype, binary, **more):
    return client.infer("digits", [tensor(values, datatype, binary)], outputs=outputs(binary, **more))


def arrays(answer):
    return [answer.as_numpy(name) for name in ("logits", "probabilities")]


expected = arrays(infer(images, "FP32", True))
np.testing.assert_allclose(expected[1].sum(1), 1, atol=1e-6)
shifted = np.exp(expected[0] - expected[0].max(1, keepdims=True))
np.testing.assert_allclose(expected[1], shifted / shifted.sum(1, keepdims=True), atol=1e-6)
for a, b in zip(arrays(infer(images, "FP32", False)), expected):
    np.testing.assert_array_equal(a, b, "JSON and bytes give the same bits")
for i in range(5):
    for a, b in zip(arrays(infer(images[i : i + 1], "FP32", True)), expected):
        np.testing.assert_array_equal(a[0], b[i], "alone and together give the same bits")

pixels = (images * 255).astype(np.uint8)
of_pixels = arrays(infer(pixels, "UINT8", True))
unit = pixels.astype(np.float32) / np.float32(255)
for a, b in zip(of_pixels, arrays(infer(unit, "FP32", True))):
    np.testing.assert_array_equal(a, b, "UINT8 is FP32 times 255")


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels[0]).save(file, "PNG")
    return file.getvalue()


pictures = np.array([png(image) for image in pixels], dtype=np.object_)
assert arrays(infer(pictures, "BYTES", True))[0].shape == (5, 10)

best = infer(images, "FP32", True, classes=3).as_numpy("probabilities")
assert best.shape == (5, 3)
value, index, name = best[0][0].decode().split(":")
assert int(index) == expected[1][0].argmax() and name == index, best[0]
assert abs(float(value) - expected[1][0].max()) < 1e-6

many = [client.async_infer("digits", [tensor(images, "FP32", True)], outputs=outputs(True)) for _ in range(50)]
for request in many:
    np.testing.assert_array_equal(request.get_result().as_numpy("logits"), expected[0])

for values, datatype in [(images[:, :, :7], "FP32"), (images.astype(np.float64), "FP64"), (images.repeat(13, 0), "FP32")]:
    try:
        infer(values, datatype, True)
    except InferenceServerException as error:
        assert error.status() == "400", error
    else:
        raise AssertionError(f"{values.shape} {datatype} was answered")

statistics = client.get_inference_statistics("digits")["model_stats"][0]
assert statistics["inference_count"] >= 5 * 50, statistics
assert statistics["inference_stats"]["fail"]["count"] == 3, statistics
client.unload_model("digits")
assert not client.is_model_ready("digits")
client.load_model("digits")
assert client.is_model_ready("digits")
print("tritonclient: well")
