"""One start of one peer: its speed, and what it and others used of the machine meanwhile."""

import json
import os
import signal
import statistics
import subprocess
import threading
import time

import prepare
from cases import OUT, PEERS, RECIPE, NETWORKS

# A peer that has not compiled and warmed up by then never will.
TIMEOUT_SECS = 900
SECONDS = {"train": "epoch_seconds", "evaluate": "seconds"}


def command(peer, case, args):
    images, files = prepare.images(case.network, args), OUT / "networks" / case.network
    if peer != "studio":
        words = [*PEERS[peer].command, "--network", case.network, "--task", case.task, "--files", files,
                 "--data", images, "--batch-sizes", ",".join(map(str, case.batch_sizes))]
    elif case.task == "train":
        words = [args.studio, "train", "--preset", NETWORKS[case.network].preset, "--data", images / "images.npz",
                 "--val", 0, "--epochs", 100_000, "--batch-size", case.batch_sizes[0], *RECIPE, "--no-record", "--json"]
    else:
        words = [args.studio, "evaluate", files / "model.safetensors", "--data", images / "images.npz", "--json",
                 "--passes", 100_000]
    return [*map(str, words), "--threads", str(args.threads)]


def environment(peer, n_threads):
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "PJRT_NPROC"]
    if peer != "studio":
        # The studio sets its own threads, and knows what to do about candle's.
        names += ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"]
    return os.environ | {name: str(n_threads) for name in names} | {
        "TORCHINDUCTOR_CACHE_DIR": str(OUT / "inductor"), "TORCHINDUCTOR_COMPILE_THREADS": "1",
        "JAX_COMPILATION_CACHE_DIR": str(OUT / "jax"), "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1",
    }


class Lines:
    """The JSON lines of a peer. The first for each size of batch is its warm-up, and not timed."""

    def __init__(self, case, seconds):
        self.case, self.seconds = case, seconds
        self.timed, self.warm, self.since = {}, set(), None

    def add(self, line):
        size, seconds = line.get("batch_size"), line.get(SECONDS[self.case.task])
        if seconds is None:
            raise ValueError(f"no {SECONDS[self.case.task]} in what it printed")
        if size in self.warm:
            self.timed.setdefault(size, []).append(seconds)
            self.since = self.since or time.monotonic()
        self.warm.add(size)
        self.last = line

    def are_enough(self):
        is_complete = bool(self.timed) and self.timed.keys() == self.warm
        return is_complete and time.monotonic() - self.since >= self.seconds

    def images_per_second(self, n_images):
        """With the size of batch that is best."""
        return max(n_images / statistics.median(seconds) for seconds in self.timed.values())


def busy_seconds():
    """Processor time that everything on the machine has used since it started."""
    user, nice, system, _idle, _wait, irq, soft, steal = map(int, open("/proc/stat").readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def read(words, env, log, lines):
    """Starts a process, ends it when there are enough lines, and returns what it used."""
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
    # Not `process.kill`, which would take the exit status, and with it what the process used.
    kill = lambda: os.kill(process.pid, signal.SIGKILL)
    timer = threading.Timer(TIMEOUT_SECS, kill)
    timer.start()
    has_ended = False
    try:
        for line in process.stdout:
            lines.add(json.loads(line))
            if lines.are_enough():
                break
        else:
            has_ended = True
    finally:
        timer.cancel()
        if not has_ended:
            kill()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode == -signal.SIGKILL and not lines.are_enough():
        raise RuntimeError(f"killed: it took more than {TIMEOUT_SECS} seconds, or too much memory")
    if process.returncode > 0:
        raise RuntimeError(f"ended with code {process.returncode}")
    return used


def reason(error, log):
    """Why a peer failed: the last thing it said."""
    said = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"{error}: {said[-1][:200]}" if said else str(error)


def run_peer(peer, case, args):
    """A dict with `images_per_second`, or with `failed`, which says why there is none."""
    path = OUT / "logs" / f"{peer}-{case.network}-{case.task}-{case.batch_sizes[0]}.log"
    path.parent.mkdir(exist_ok=True)
    lines, found = Lines(case, args.seconds), {"peer": peer, "case": str(case)}
    start, busy = time.monotonic(), busy_seconds()
    try:
        with open(path, "w") as log:
            used = read(command(peer, case, args), environment(peer, args.threads), log, lines)
            cpu_secs, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    except (RuntimeError, ValueError, LookupError, OSError) as error:
        return found | {"failed": reason(error, path)}
    seconds = time.monotonic() - start
    n_images = prepare.n_images(case.network, args)[case.task]
    return found | {
        "images_per_second": lines.images_per_second(n_images), "timed_secs": lines.timed,
        "loss": lines.last.get("train_loss"), "accuracy": lines.last.get("test_accuracy"),
        "peak_megabytes": megabytes, "own_cores": cpu_secs / seconds,
        "other_cores": max(busy_seconds() - busy - cpu_secs, 0) / seconds,
    }
