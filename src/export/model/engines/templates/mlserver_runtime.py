"""Runs the model beside it with onnxruntime for MLServer.

    pip install mlserver onnxruntime
    mlserver start .

Then: POST /v2/models/NAME/infer, as the Open Inference Protocol says, with the input `image`.
"""

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri


class OnnxClassifier(MLModel):
    async def load(self) -> bool:
        path = await get_model_uri(self._settings)
        self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        [expected] = self._settings.inputs
        if [tensor.name for tensor in payload.inputs] != [expected.name]:
            raise InferenceError(f"expected one input, `{expected.name}`")
        [tensor] = payload.inputs
        shape = list(tensor.shape)
        if tensor.datatype != expected.datatype or shape[1:] != expected.shape[1:]:
            raise InferenceError(
                f"expected {expected.datatype} {expected.shape}, found {tensor.datatype} {shape}"
            )
        images = NumpyCodec.decode_input(tensor)
        names = [output.name for output in self._settings.outputs]
        values = self._session.run(names, {expected.name: images})
        return InferenceResponse(
            model_name=self.name,
            model_version=self.version,
            outputs=[NumpyCodec.encode_output(*output) for output in zip(names, values)],
        )
