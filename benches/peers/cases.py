"""What is compared: networks, tasks and peers."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "target" / "peers"
PYTHON = OUT / "venv" / "bin" / "python"


@dataclass(frozen=True)
class Network:
    preset: str
    shape: str
    n_images: int  # To train: an epoch takes the studio about a second.


MNIST = "1x28x28"
# Multiples of 16 batches of 128, so that all batches are full, and Keras' groups of 16 are, too.
NETWORKS = {
    "keras-cnn": Network("keras-cnn", MNIST, 20_480),
    "softmax": Network("softmax", MNIST, 51_200),
    "fast": Network("fast", MNIST, 20_480),
    "deep-cnn": Network("deep-cnn", MNIST, 6_144),
    "mlp": Network("mlp", MNIST, 51_200),
    "gru": Network("gru", MNIST, 6_144),
    "lenet-5": Network("lenet-5", MNIST, 20_480),
    "best": Network("best", MNIST, 6_144),
    "vit-tiny": Network("vit-tiny", MNIST, 6_144),
    "lstm": Network("lstm", MNIST, 6_144),
    "resnet-small": Network("resnet-small", MNIST, 6_144),
} | {
    f"{preset}-{side}": Network(preset, f"3x{side}x{side}", 2_048)
    for side in [32, 64] for preset in ["deep-cnn", "resnet-small", "best"]
}

# The same work for the studio as for all others, whatever recipe a preset has.
RECIPE = ["--optimizer", "adam", "--lr", "0.001", "--schedule", "constant", "--augment", "off",
          "--ema-decay", "0", "--weight-decay", "0", "--label-smoothing", "0"]
# The sizes of batches that a peer may choose from to evaluate.
EVALUATION_BATCHES = [50, 200, 1000]


@dataclass(frozen=True)
class Peer:
    title: str
    command: list
    tasks: tuple = ("train",)
    networks: tuple = tuple(NETWORKS)


BOTH = ("train", "evaluate")
IN_RUST = ("keras-cnn", "deep-cnn")
PEERS = {
    "studio": Peer("Candle Studio", [], BOTH),
    "torch": Peer("PyTorch, channels last", [PYTHON, HERE / "peer_torch.py"], BOTH),
    "torch-first": Peer("PyTorch, channels first", [PYTHON, HERE / "peer_torch.py", "--channels-first"], BOTH),
    "torch-compile": Peer("PyTorch, `torch.compile`", [PYTHON, HERE / "peer_torch.py", "--compiled"], BOTH),
    "keras": Peer("Keras, TensorFlow graph", [PYTHON, HERE / "peer_keras.py"]),
    "keras-jit": Peer("Keras, TensorFlow `jit_compile`", [PYTHON, HERE / "peer_keras.py", "--compiled"]),
    "jax": Peer("JAX, `jit`", [PYTHON, HERE / "peer_jax.py"]),
    "onnxruntime": Peer("onnxruntime", [PYTHON, HERE / "peer_onnx.py"], ("evaluate",)),
    "burn": Peer("Burn, Flex", [OUT / "burn" / "release" / "peer-burn"], networks=IN_RUST),
    "candle": Peer("plain candle-nn", [OUT / "plain_candle" / "release" / "peer-plain-candle"], networks=IN_RUST),
}


@dataclass(frozen=True)
class Case:
    """A network and what is done with it."""
    network: str
    task: str
    batch_sizes: tuple  # One to train, or those to choose from.

    def peers(self, names):
        """Those of `names` that can do it."""
        return [name for name in names if self.task in PEERS[name].tasks and self.network in PEERS[name].networks]

    def __str__(self):
        return f"{self.network}, {self.task}" + (f" {self.batch_sizes[0]}" if self.task == "train" else "")


def cases(networks, tasks, batch_sizes):
    """Training in batches of each size, then evaluation."""
    for network in networks:
        if "train" in tasks:
            yield from (Case(network, "train", (size,)) for size in batch_sizes)
        if "evaluate" in tasks:
            yield Case(network, "evaluate", tuple(EVALUATION_BATCHES))
