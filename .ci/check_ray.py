"""Usage: check_ray.py BINARY FOLDER, see .ci/ray."""

import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

import yaml
from PIL import Image
from ray.serve.schema import ServeDeploySchema

from exported import Studio, close

SERVE = pathlib.Path(sys.executable).with_name("serve")


def ask(picture, server):
    """The answer to a picture, once the application is there."""
    for _ in range(180):
        time.sleep(1)
        try:
            request = urllib.request.Request("http://127.0.0.1:8000/", picture.read_bytes(), method="POST")
            return json.loads(urllib.request.urlopen(request, timeout=5).read())
        except (urllib.error.URLError, TimeoutError):
            assert server.poll() is None, "serve has ended"
    raise SystemExit("Ray Serve does not answer")


def main():
    studio = Studio(sys.argv[1], sys.argv[2])
    model, folder = studio.preset("mlp"), studio.folder / "ray"
    studio.run("export", model, "--ray", folder)
    service = yaml.safe_load((folder / "ray_service.yaml").read_text())
    ServeDeploySchema.model_validate(yaml.safe_load(service["spec"]["serveConfigV2"]))
    picture = studio.folder / "digit.png"
    Image.fromarray(studio.x_test[0]).save(picture)
    [answer], [row] = studio.predict(model, picture)
    server = subprocess.Popen([SERVE, "run", "serve.yaml"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        told = ask(picture, server)
    finally:
        server.terminate()
        server.wait(60)
    assert told["class"] == answer, told
    error = close(told["probabilities"], row, 1e-4, "ray")
    print(f"ray: Ray Serve answers as predict to {error:.0e}")


main()
