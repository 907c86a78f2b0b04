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

LANGUAGES = ("pytorch", "keras")


def module(path):
    spec = importlib.util.spec_from_file_location(f"model_{abs(hash(path))}", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def check(studio, name, model, language):
    folder, bundle = studio.folder / f"{model.stem}-{language}", studio.folder / f"{model.stem}-bundle"
    studio.run("export", model, "--code", language, folder, "--bundle", bundle)
    program = module(folder / "model.py")
    network = program.load()
    tensor = lambda file: numpy_helper.to_array(onnx.load_tensor(bundle / "test_data_set_2" / file))
    images, noise = studio.x_test[:, None].copy(), tensor("input_0.pb").copy()
    if language == "pytorch":
        found = program.probabilities(network, torch.from_numpy(images))
        with torch.no_grad():
            logits = network(torch.from_numpy(noise).float() / 255)
    else:
        found = program.probabilities(network, images)
        logits = network.predict(noise.transpose(0, 2, 3, 1) / np.float32(255), verbose=0)
    error = close(found, studio.probabilities(model), 1e-5, name)
    error = max(error, close(logits, tensor("output_0.pb"), 1e-5, f"{name}: logits"))
    print(f"{name} in {language}: the same to {error:.0e}")
    return folder


def main():
    studio = Studio(sys.argv[1], sys.argv[2])
    torch.backends.mha.set_fastpath_enabled(False)
    for name, model in studio.models():
        for language in LANGUAGES:
            check(studio, name, model, language)
    model = studio.preset("mlp")
    studio.run("evaluate", model, "--data", studio.data, "--fit-temperature")
    picture = studio.folder / "digit.png"
    Image.fromarray(studio.x_test[0]).save(picture)
    [answer], [row] = studio.predict(model, picture)
    for language in LANGUAGES:
        folder = check(studio, "mlp with a temperature", model, language)
        told = subprocess.run([sys.executable, folder / "model.py", picture], capture_output=True, text=True, check=True).stdout
        assert told.splitlines()[-1] == f"{picture}: {answer} ({100 * np.max(row):.2f} %)", told
    program = module(folder / "model.py")
    network = program.load()
    losses = program.train(network, studio.x_test[:, None], studio.y_test, epochs=3).history["loss"]
    assert losses[2] < losses[0], losses
    print("model.py answers as candle-studio predict, and trains")


main()
