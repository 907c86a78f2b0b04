"""Makes what the peers need, at a low priority: packages, builds, images, networks, the limits of the machine."""

import json
import os
import subprocess
import sys

from cases import HERE, NETWORKS, OUT, PYTHON, RECIPE, ROOT


def call(*command, **env):
    subprocess.run(["nice", *map(str, command)], check=True, stdout=sys.stderr, env=os.environ | env)


def lines_of(*command):
    """The JSON lines that a command prints."""
    output = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def packages():
    wants = HERE / "requirements.txt"
    done = OUT / "venv" / "installed.txt"
    if not (done.exists() and done.read_text() == wants.read_text()):
        call(sys.executable, "-m", "venv", OUT / "venv")
        call(PYTHON, "-m", "pip", "install", "--quiet", "-r", wants)
        done.write_text(wants.read_text())


def build_studio():
    # Without the window there is far less to build; the engine is the same.
    call("cargo", "build", "--release", "--no-default-features", "--locked", "--manifest-path",
         ROOT / "Cargo.toml", CARGO_TARGET_DIR=str(ROOT / "target"))
    return ROOT / "target" / "release" / "candle-studio"


def build_rust_peers(peers):
    for peer, folder in [("burn", "burn"), ("candle", "plain_candle")]:
        if peer in peers:
            call("cargo", "build", "--release", "--locked", "--manifest-path",
                 HERE / folder / "Cargo.toml", CARGO_TARGET_DIR=str(OUT / folder))


def n_images(network, args):
    """For each task."""
    return {"train": min(NETWORKS[network].n_images, args.images), "evaluate": args.test_images}


def images(network, args):
    """The folder with the images of a network; see data.py."""
    shape, counts = NETWORKS[network].shape, n_images(network, args).values()
    folder = OUT / "data" / "-".join(map(str, [shape, *counts]))
    if not (folder / "images.npz").exists():
        call(PYTHON, HERE / "data.py", folder, shape, *counts)
    return folder


def export(network, args):
    """Trains a network for an epoch, so that its answers can be compared, and writes it for the others."""
    folder = OUT / "networks" / network
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "model.safetensors"
    call(args.studio, "train", "--preset", NETWORKS[network].preset, "--data", images(network, args) / "images.npz",
         "--epochs", 1, "--val", 0, *RECIPE, "--threads", args.threads, "--no-record", "--json", "--save", model)
    call(args.studio, "export", model, "--onnx", folder / "model.onnx", "--input", "f32",
         "--code", "pytorch", folder / "pytorch")
    call(args.studio, "export", model, "--code", "keras", folder / "keras")


def needs(network, args):
    """What floor.py says about a network."""
    program = OUT / "networks" / network / "pytorch" / "model.py"
    [line] = lines_of(PYTHON, HERE / "floor.py", program, args.threads, *args.batch_sizes)
    return line


def limits(args):
    """The peak of the machine, and for each network its operations and its least traffic, per image."""
    bench = lines_of(args.studio, "bench", "--json", "--threads", args.threads)
    [peak] = [1e9 * line["peak_gflops"] for line in bench if line["event"] == "machine"]
    train_flops = {line["preset"]: 1e9 * line["gflops"] / line["images_per_second"]
                   for line in bench if line["event"] == "preset"}
    multiply_adds = {line["name"]: line["multiply_adds"] for line in lines_of(args.studio, "presets", "--json")}
    of_networks = {}
    for network in args.networks:
        preset, its_needs = NETWORKS[network].preset, needs(network, args)
        # The studio counts for MNIST's images; for others, the count grows with the multiply-adds.
        scale = its_needs["multiply_adds"] / needs(preset, args)["multiply_adds"] if network != preset else 1
        of_networks[network] = {
            "train_flops": scale * train_flops[preset],
            "evaluate_flops": scale * 2 * multiply_adds[preset],
            "train_traffic_secs": its_needs["train_secs"],
            "evaluate_traffic_secs": its_needs["evaluate_secs"],
        }
    return {"peak_flops": peak, "networks": of_networks}


def everything(args):
    """All of it; returns the limits."""
    OUT.mkdir(parents=True, exist_ok=True)
    packages()
    args.studio = args.studio or build_studio()
    build_rust_peers(args.peers)
    for network in dict.fromkeys([*args.networks, *(NETWORKS[network].preset for network in args.networks)]):
        export(network, args)
    return limits(args)
