"""Runs the trials of a sweep on a Ray cluster, or on this machine if there is none.

    pip install ray
    python ray_sweep.py            # RAY_ADDRESS: the cluster

Each trial is one `candle-studio train` on some node; its run is copied back to the folder runs.
Nodes need the program (CANDLE_STUDIO) and the dataset, but no shared file system. Finished trials
are skipped, so the same command resumes after an interruption. Then copy runs/* to the workspace.
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import ray

HERE = Path(__file__).resolve().parent
RUNS = Path(os.environ.get("RUNS", HERE / "runs"))
THREADS = int(os.environ.get("THREADS", "1"))
PROGRAM = os.environ.get("CANDLE_STUDIO", "candle-studio")


@ray.remote(num_cpus=THREADS, max_retries=2)
def train(program, sweep, number, config, data, threads):
    """Train on some node; return exit code, output, errors and the run's folder as a tar file."""
    name = f"{sweep}-{number}"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_text(config, encoding="utf-8")
        out = Path(folder) / name
        command = [program, "train", "--config", str(file), "--out", str(out), "--json"]
        command += ["--trial", f"{sweep}@{int(number)}", "--threads", str(threads)]
        command += ["--data", data] if data else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        packed = io.BytesIO()
        if done.returncode == 0:
            with tarfile.open(fileobj=packed, mode="w:gz") as tar:
                tar.add(out, arcname=name)
        return done.returncode, done.stdout, done.stderr, packed.getvalue()


def keep(name, packed):
    """Unpack a run to a temporary folder, then move it into place."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RUNS, prefix=".") as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(folder, filter="data")
        os.rename(Path(folder) / name, RUNS / name)


def main():
    sweep = (HERE / "name.txt").read_text(encoding="utf-8").strip()
    data = HERE / "data.txt"
    data = data.read_text(encoding="utf-8") if data.exists() else None
    trials = sorted((HERE / "trials").glob("*.toml"))
    left = {f"{sweep}-{file.stem}": file for file in trials}
    left = {name: file for name, file in left.items() if not (RUNS / name).exists()}
    print(f"{len(trials)} trials, {len(trials) - len(left)} of them done")
    ray.init(log_to_driver=False)
    waiting = {
        train.remote(
            PROGRAM, sweep, file.stem, file.read_text(encoding="utf-8"), data, THREADS
        ): name
        for name, file in left.items()
    }
    n_failed = 0
    while waiting:
        (ready,), _ = ray.wait(list(waiting), num_returns=1)
        name = waiting.pop(ready)
        try:
            code, stdout, stderr, packed = ray.get(ready)
        except ray.exceptions.RayError as error:
            code, stdout, stderr, packed = 1, "", str(error), b""
        if code == 0:
            keep(name, packed)
            print(f"{name}: {stdout.splitlines()[-1]}", flush=True)
        else:
            n_failed += 1
            print(f"{name} failed: {stderr.strip()}", file=sys.stderr, flush=True)
    ray.shutdown()
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
