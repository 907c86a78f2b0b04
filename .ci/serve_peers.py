"""Usage: serve_peers.py BINARY SECONDS FOLDER MLSERVER_VENV TRITON_VENV, see .ci/serve-peers."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import serve_load

BINARY, SECS, WORK, MLSERVER, TRITON = sys.argv[1], int(sys.argv[2]), *map(pathlib.Path, sys.argv[3:])
PORT = 8190

# Triton's python backend with onnxruntime.
MODEL = """import sys

sys.path.insert(0, "SITE")
import pathlib

import onnxruntime
import triton_python_backend_utils as pb


class TritonPythonModel:
    def initialize(self, args):
        path = pathlib.Path(args["model_repository"], args["model_version"], "model.onnx")
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def execute(self, requests):
        names, answers = ["logits", "probabilities"], []
        for request in requests:
            images = pb.get_input_tensor_by_name(request, "image").as_numpy()
            values = self.session.run(names, {"image": images})
            answers.append(pb.InferenceResponse([pb.Tensor(*output) for output in zip(names, values)]))
        return answers
"""


def ours(model):
    command = [BINARY, "serve", model, "--listen", f"127.0.0.1:{PORT}"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def mlserver(folder):
    settings = {"host": "127.0.0.1", "http_port": PORT, "grpc_port": PORT + 1, "metrics_port": PORT + 2, "parallel_workers": 0}
    (folder / "settings.json").write_text(json.dumps(settings))
    with open(WORK / "mlserver.log", "w") as log:
        command = [MLSERVER / "bin/mlserver", "start", folder]
        return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def triton(repository):
    site = next((TRITON / "lib").glob("python3.*")) / "site-packages"
    shutil.copytree(site / "pytriton/tritonserver/backends", WORK / "backends")
    shutil.copy(site / "pytriton/tritonserver/python_backend_stubs/3.11/triton_python_backend_stub", WORK / "backends/python")
    config = repository / "digits/config.pbtxt"
    config.write_text(config.read_text().replace('backend: "onnxruntime"', 'backend: "python"'))
    (repository / "digits/1/model.py").write_text(MODEL.replace("SITE", str(site)))
    # The stub brings its own Python, which must not find another one's library.
    environment = {"LD_LIBRARY_PATH": str(site / "nvidia_pytriton.libs"), "PATH": "/usr/bin:/bin"}
    ports = {"http": PORT, "grpc": PORT + 1, "metrics": PORT + 2}
    command = [site / "pytriton/tritonserver/bin/tritonserver", f"--model-repository={repository}", f"--backend-directory={WORK}/backends"]
    command += [f"--{name}-port={port}" for name, port in ports.items()] + [f"--{name}-address=127.0.0.1" for name in ports]
    with open(WORK / "triton.log", "w") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)


def memory(session):
    """Memory of all processes of a session, in MB; what they share counts once."""
    total = 0
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session:
                total += int(re.search(r"(?m)^Pss: +(\d+)", (folder / "smaps_rollup").read_text())[1])
        except (OSError, TypeError):
            pass
    return total / 1e3


def wait_for(server, name):
    for _ in range(240):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{PORT}/v2/models/digits/ready", timeout=2)
        except OSError:
            time.sleep(0.5)
        if server.poll() is not None:
            break
    log = WORK / f"{name}.log"
    raise SystemExit(f"{name} does not answer: {log.read_text()[-2000:] if log.exists() else ''}")


def measure(name, server, kinds):
    try:
        wait_for(server, name)
        for kind in kinds:
            for connections in (1, 8, 64):
                command = ["wrk", "-t1", f"-c{connections}", f"-d{SECS}s", "--latency", "-s", WORK / f"{kind}.lua"]
                told = subprocess.run([*command, f"http://127.0.0.1:{PORT}/v2/models/digits/infer"], capture_output=True, text=True, check=True).stdout
                assert "Non-2xx" not in told, told
                value = lambda what: re.search(rf"{what}:? +(\S+)", told)[1]
                print(f"{name}, {kind}, {connections} connections: {value('Requests/sec')} per second, p50 {value('50%')}, p99 {value('99%')}", flush=True)
        print(f"{name}: {memory(server.pid):.0f} MB", flush=True)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)


def main():
    model = WORK / "digits.safetensors"
    subprocess.run([BINARY, "train", "--preset", "lenet-5", "--epochs", "1", "--no-record", "--json", "--save", model], stdout=subprocess.DEVNULL, check=True)
    places = ["--triton", WORK / "triton", "--mlserver", WORK / "mlserver", "--input", "f32"]
    subprocess.run([BINARY, "export", model, *places], stderr=subprocess.DEVNULL, check=True)
    serve_load.write_bodies(WORK)
    measure("ours", ours(model), ["json", "binary"])
    measure("triton", triton(WORK / "triton"), ["json", "binary"])
    measure("mlserver", mlserver(WORK / "mlserver"), ["json"])


main()
