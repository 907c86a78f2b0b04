"""Usage: check_code.py BINARY FOLDER, see .ci/code."""

import importlib.util
import subprocess
import sys

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from PIL import Image

from exported import Studio, close


def module(path):
    spec = importlib.util.spec_from_file_location(f"model_{abs(hash(path))}", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def check(studio, name, model):
    folder, bundle = studio.folder / f"{model.stem}-code", studio.folder / f"{model.stem}-bundle"
    studio.run("export", model, "--code", "pytorch", folder, "--bundle", bundle)
    program = module(folder / "model.py")
    network = program.load()
    images = torch.from_numpy(studio.x_test[:, None].copy())
    error = close(program.probabilities(network, images), studio.probabilities(model), 1e-5, name)
    tensor = lambda file: numpy_helper.to_array(onnx.load_tensor(bundle / "test_data_set_2" / file))
    noise = torch.from_numpy(tensor("input_0.pb").copy()).float() / 255
    with torch.no_grad():
        error = max(error, close(network(noise), tensor("output_0.pb"), 1e-5, f"{name}: logits"))
    print(f"{name}: the same to {error:.0e}")
    return folder


def main():
    studio = Studio(sys.argv[1], sys.argv[2])
    torch.backends.mha.set_fastpath_enabled(False)
    for name, model in studio.models():
        folder = check(studio, name, model)
    model = studio.preset("mlp")
    studio.run("evaluate", model, "--data", studio.data, "--fit-temperature")
    folder = check(studio, "mlp with a temperature", model)
    picture = studio.folder / "digit.png"
    Image.fromarray(studio.x_test[0]).save(picture)
    [answer], [row] = studio.predict(model, picture)
    told = subprocess.run([sys.executable, folder / "model.py", picture], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == f"{picture}: {answer} ({100 * np.max(row):.2f} %)", told
    print("model.py answers as candle-studio predict")


main()
