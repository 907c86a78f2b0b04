"""An application of Ray Serve that answers pictures with the model beside it.

    pip install "ray[serve]" onnxruntime pillow
    serve run serve.yaml
    curl --data-binary @picture.png http://127.0.0.1:8000/

A picture becomes an input as in predict.py; pictures that arrive together are one batch.
"""

import io

import numpy as np
import onnxruntime
from PIL import Image, UnidentifiedImageError
from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse

from predict import ABOUT, HERE, model_input

MAX_BYTES = 16 << 20


@serve.deployment
class Classifier:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # as many as serve.yaml asks for
        self.session = onnxruntime.InferenceSession(
            str(HERE / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.dtype = np.uint8 if ABOUT["input"]["type"] == "uint8" else np.float32

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.002)
    async def probabilities(self, inputs):
        images = (np.stack(inputs) / ABOUT["input"]["divide_by"]).astype(self.dtype)
        [rows] = self.session.run(["probabilities"], {ABOUT["input"]["name"]: images})
        return list(rows)

    async def __call__(self, request: Request) -> JSONResponse:
        body = await request.body()
        if len(body) > MAX_BYTES:
            return problem(413, f"expected a picture of at most {MAX_BYTES} bytes, found {len(body)}")
        try:
            pixels = model_input(io.BytesIO(body))
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
            return problem(400, "expected a picture, such as a PNG or a JPEG, as the body of the request")
        if pixels is None:
            return problem(400, "the picture is blank: it has one color only")
        row = await self.probabilities(pixels)
        best = int(row.argmax())
        return JSONResponse(
            {"class": ABOUT["classes"][best], "class_index": best, "probabilities": row.tolist()}
        )


def problem(status, sentence):
    return JSONResponse({"error": sentence}, status_code=status)


app = Classifier.bind()
