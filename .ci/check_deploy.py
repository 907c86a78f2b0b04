"""Usage: check_deploy.py BINARY FOLDER PYTHON_WITH_TRITONCLIENT, see .ci/deploy."""

import asyncio
import importlib.metadata
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request

import kserve
import kubernetes.client
import kubernetes_validate
import numpy as np
import onnxruntime
import yaml
from PIL import Image

from exported import Studio, close

BIN = pathlib.Path(sys.executable).parent
# A name that is code in every language there is, if it is not escaped.
NAME = "It's \"my\" $HOME model: %n {{id}}\n- evil: true\\"
ID = "it-s-my-home-model-n-id-evil-true"
LINE = NAME.replace("\n", " ")
# By tritonclient, whose messages have the same names as those of MLServer and KServe.
READ_CONFIG = """
import sys
from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2

config = text_format.Parse(sys.stdin.read(), model_config_pb2.ModelConfig())
print(json_format.MessageToJson(config, preserving_proto_field_name=True))
"""


def triton(studio, folder):
    assert [f.name for f in folder.iterdir()] == [ID]
    text = (folder / ID / "config.pbtxt").read_text()
    read = subprocess.run([sys.argv[3], "-c", READ_CONFIG], input=text, capture_output=True, text=True)
    assert read.returncode == 0, read.stderr[-500:]
    config = json.loads(read.stdout)
    assert (config["name"], config["backend"], config["max_batch_size"]) == (ID, "onnxruntime", 64), config
    assert config["parameters"]["name"]["string_value"] == LINE, config
    session = onnxruntime.InferenceSession(folder / ID / "1/model.onnx")
    types = {"TYPE_UINT8": "tensor(uint8)", "TYPE_FP32": "tensor(float)"}
    for told, found in [(config["input"], session.get_inputs()), (config["output"], session.get_outputs())]:
        told = [(t["name"], types[t["data_type"]], [int(n) for n in t["dims"]]) for t in told]
        assert told == [(t.name, t.type, t.shape[1:]) for t in found], told
    labels = (folder / ID / config["output"][1]["label_filename"]).read_text().splitlines()
    assert len(labels) == 10, labels
    [rows] = session.run(["probabilities"], {"image": studio.x_test[:64, None]})
    print("triton: model_config_pb2 reads the configuration, and the file is what it says")
    return rows


def kserve_yaml(file):
    service = yaml.safe_load(file.read_text())
    known(service, "V1beta1InferenceService", "InferenceService")
    assert service["metadata"]["annotations"]["candle-studio/model"] == LINE
    print(f"kserve: every field is one of an InferenceService of kserve {importlib.metadata.version('kserve')}")


def known(value, kind, where):
    """Checks a value by the classes of kserve and kubernetes, which know their fields and types."""
    if of := re.fullmatch(r"(?i)(list\[|dict\(str, |dict\[str, )(.+)[\])]", kind):
        for key, item in enumerate(value) if isinstance(value, list) else value.items():
            known(item, of[2], f"{where}.{key}")
    elif fields := getattr(kserve.models, kind, getattr(kubernetes.client, kind, None)):
        names = {name: field for field, name in fields.attribute_map.items()}
        assert set(value) <= set(names), f"{where}: {set(value) - set(names)}"
        for name, item in value.items():
            known(item, fields.openapi_types[names[name]], f"{where}.{name}")
    else:
        types = {"str": str, "int": int, "bool": bool, "object": object, "ResourceQuantity": str}
        assert isinstance(value, types[kind]), f"{where}: expected {kind}, found {value!r}"


def kubernetes_yaml(file):
    version = kubernetes_validate.latest_version()
    for item in yaml.safe_load_all(file.read_text()):
        kubernetes_validate.validate(item, version, strict=True)
        assert item["metadata"]["name"] == ID
        print(f"kubernetes: a valid {item['kind']} of Kubernetes {version}")


def dockerfile(studio, folder):
    subprocess.run([BIN / "hadolint", "--failure-threshold", "info", folder / "Dockerfile"], check=True)
    text = (folder / "Dockerfile").read_text()
    copied = {f for line in re.findall(r"(?m)^COPY --chmod=\d+ (.*) \S+$", text) for f in line.split()}
    assert copied - {"candle-studio"} < {f.name for f in folder.iterdir()}, copied
    subprocess.run(["bash", "-n", folder / "healthcheck.sh"], check=True)
    print("docker: hadolint has nothing to say")
    entry_point(studio, folder, json.loads(re.search(r"(?m)^ENTRYPOINT (.*)$", text)[1]))


def entry_point(studio, folder, command):
    """Runs what the image runs, by its number and without an environment."""
    token = folder / "token"
    token.write_text("0123456789abcdef\n")
    for path in [studio.folder, folder]:
        path.chmod(0o755)
    places = {"/srv/model.safetensors": str(folder / "model.safetensors"), "/run/secrets/token": str(token)}
    for old, new in places.items():
        command = [part.replace(old, new) for part in command]
    command[command.index("0.0.0.0:8000")] = "0.0.0.0:0"
    number = dict(user=10001, group=10001, extra_groups=[]) if os.geteuid() == 0 else {}
    program = [reachable(studio), *command[1:], "--json"]
    service = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env={}, text=True, **number)
    port = json.loads(service.stdout.readline())["url"].rsplit(":", 1)[1]
    health = lambda: subprocess.run(["bash", folder / "healthcheck.sh"], env={"PORT": port, "PATH": os.environ["PATH"]}, stderr=subprocess.DEVNULL).returncode
    assert health() == 0
    url = f"http://127.0.0.1:{port}/v2/models/{ID}"
    try:
        urllib.request.urlopen(url)
        raise SystemExit("it answers without a token")
    except urllib.error.HTTPError as error:
        assert error.code == 401, error
    asked = urllib.request.Request(url, headers={"Authorization": "Bearer 0123456789abcdef"})
    assert json.load(urllib.request.urlopen(asked))["name"] == ID
    service.terminate()
    assert service.wait(10) == 0 and health() != 0
    print("docker: the entry point serves by number 10001, and the health check tells it from nothing")


def reachable(studio):
    """The program where every user may run it."""
    program = studio.folder / "candle-studio"
    if not program.exists():
        shutil.copy(studio.binary, program)
        program.chmod(0o755)
    return program


def systemd(studio, file):
    text = file.read_text()
    assert f"Description=The model {LINE.replace('%', '%%')} as a service" in text, text
    if not shutil.which("systemd-analyze"):
        return print("systemd: not here, so nothing was checked")
    unit = studio.folder / f"{ID}.service"
    unit.write_text(text.replace("/usr/bin/candle-studio", str(reachable(studio))))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    about_it = [line for line in done.stderr.splitlines() if ID in line]
    assert done.returncode == 0 and not about_it, done.stderr
    print("systemd: systemd-analyze has nothing to say")


def mlserver(studio, folder, rows):
    ports = {f"MLSERVER_{name}_PORT": str(port) for name, port in [("HTTP", 18080), ("GRPC", 18081), ("METRICS", 18082)]}
    log = open(studio.folder / "mlserver.log", "w+")
    environment = {**os.environ, **ports, "MLSERVER_PARALLEL_WORKERS": "0", "MLSERVER_HOST": "127.0.0.1"}
    server = subprocess.Popen([BIN / "mlserver", "start", "."], cwd=folder, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:18080/v2/models/{ID}"
    try:
        wait_for(f"{url}/ready", server, log)
        answer = infer(url, studio.x_test[:64, None])
        assert [o["name"] for o in answer["outputs"]] == ["logits", "probabilities"], answer
        found = answer["outputs"][1]
        error = close(np.reshape(found["data"], found["shape"]), rows, 1e-6, "mlserver")
        try:
            infer(url, studio.x_test[:1, None, :9])
            raise SystemExit("mlserver takes any shape")
        except urllib.error.HTTPError as refused:
            sentence = refused.read().decode()
            assert refused.code == 400 and "found UINT8 [1, 1, 9, 28]" in sentence, sentence
        print(f"mlserver: the same to {error:.0e}; a wrong shape is refused in one sentence")
    finally:
        server.terminate()
        server.wait(20)


def infer(url, images):
    tensor = {"name": "image", "datatype": "UINT8", "shape": images.shape, "data": images.ravel().tolist()}
    asked = urllib.request.Request(f"{url}/infer", json.dumps({"inputs": [tensor]}).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(asked))


def wait_for(url, server, log):
    for _ in range(120):
        try:
            return urllib.request.urlopen(url).read()
        except OSError:
            time.sleep(0.5)
        if server.poll() is not None:
            break
    log.seek(0)
    raise SystemExit(f"{url} does not answer: {log.read()}")


def ray(studio, model, folder):
    """Ray is too large for here, see .ci/ray: its decorators are left out, and what they decorate is run."""
    [application] = yaml.safe_load((folder / "serve.yaml").read_text())["applications"]
    assert application["name"] == ID and application["import_path"] == "app:app", application
    serve = types.ModuleType("ray.serve")
    serve.deployment = lambda of: setattr(of, "bind", classmethod(lambda of: of)) or of
    serve.batch = lambda **_: lambda of: of
    sys.modules["ray"] = types.ModuleType("ray")
    sys.modules["ray"].serve = sys.modules["ray.serve"] = serve
    sys.path.insert(0, str(folder))
    import app
    from starlette.requests import Request

    deployment = app.app()
    assert application["deployments"][0]["name"] == type(deployment).__name__

    async def one(inputs):
        return (await app.Classifier.probabilities(deployment, [inputs]))[0]

    deployment.probabilities = one

    def ask(body):
        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        answer = asyncio.run(deployment(Request({"type": "http", "headers": []}, receive)))
        return answer.status_code, json.loads(answer.body)

    picture = studio.folder / "digit.png"
    Image.fromarray(studio.x_test[0]).save(picture)
    [answer], rows = studio.predict(model, picture)
    status, told = ask(picture.read_bytes())
    assert (status, told["class"]) == (200, answer), told
    close(told["probabilities"], rows[0], 1e-4, "ray")
    Image.new("L", (9, 9)).save(picture)
    for body in [b"", b"no picture", picture.read_bytes()]:
        status, told = ask(body)
        assert status == 400 and "picture" in told["error"], told
    print("ray: the application answers as predict; .ci/ray runs it with Ray itself")


def ray_service(folder):
    """KubeRay's schema is only in a cluster: what is Kubernetes' own, and what is Ray's, is checked as such."""
    service = yaml.safe_load((folder / "ray_service.yaml").read_text())
    assert (service["apiVersion"], service["kind"], service["metadata"]["name"]) == ("ray.io/v1", "RayService", ID)
    assert yaml.safe_load(service["spec"]["serveConfigV2"]) == yaml.safe_load((folder / "serve.yaml").read_text())
    cluster = service["spec"]["rayClusterConfig"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": ID}, **group["template"]}
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
    subprocess.run([BIN / "hadolint", "--failure-threshold", "info", folder / "Dockerfile"], check=True)
    assert f"rayproject/ray:{cluster['rayVersion']}-" in (folder / "Dockerfile").read_text()
    print("ray: the RayService has valid pods and the application of serve.yaml")


def main():
    studio = Studio(sys.argv[1], sys.argv[2])
    model = studio.folder / f"{NAME}.safetensors"
    studio.preset("mlp").rename(model)
    places = {name: studio.folder / f"for {name}" for name in ["triton", "kserve", "docker", "ray", "mlserver", "systemd"]}
    studio.run("export", model, *[part for name, place in places.items() for part in [f"--{name}", place]])
    rows = triton(studio, places["triton"])
    kserve_yaml(places["kserve"])
    kubernetes_yaml(places["docker"] / "kubernetes.yaml")
    dockerfile(studio, places["docker"])
    systemd(studio, places["systemd"])
    mlserver(studio, places["mlserver"], rows)
    ray(studio, model, places["ray"])
    ray_service(places["ray"])
    print("deploy: well")


main()
