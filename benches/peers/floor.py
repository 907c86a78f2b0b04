"""What a network needs of any program, from its PyTorch program: multiply-adds and traffic of memory.

    floor.py MODEL_PY THREADS BATCH_SIZE...

Prints one JSON line. The traffic is the least there can be. Of the images, one byte for each pixel
is read from memory. What the gradients of weights need is written once and read once: the inputs of
all layers with weight matrices but the first, and the states of recurrent layers. Weights and Adam's
two moments are read and written once per update. Bandwidths are measured by copying as many bytes as
an update touches, so that what fits into a cache is as fast as that cache.
"""

import importlib.util
import json
import sys
import time

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

RECURRENT = (nn.LSTM, nn.GRU)
WITH_MATRICES = (*RECURRENT, nn.Conv2d, nn.Linear, nn.MultiheadAttention)
BIG = 1 << 28


def bandwidth(n_bytes):
    """Bytes read and written per second by copying one half of `n_bytes` to the other, at best."""
    source = torch.ones(max(n_bytes // 8, 1024))
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(max(20, min(5 * BIG // n_bytes, 2000))):
        start = time.perf_counter()
        target.copy_(source)
        best = min(best, time.perf_counter() - start)
    return 2 * 4 * source.numel() / best


def main():
    spec = importlib.util.spec_from_file_location("model", sys.argv[1])
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    torch.set_num_threads(int(sys.argv[2]))
    model = program.network().train()
    kept = []

    def keep(module, args, outputs):
        kept.append(args[0].numel())
        if isinstance(module, RECURRENT):
            kept.append(outputs[0].numel())

    for module in model.modules():
        if isinstance(module, WITH_MATRICES):
            module.register_forward_hook(keep)
    image = torch.zeros(2, *program.INPUT)
    with FlopCounterMode(display=False) as counter:
        model(image)
    n_kept, n_pixels = sum(kept[1:]) // len(image), image[0].numel()
    n_params = sum(p.numel() for p in model.parameters())

    def update_secs(batch_size):
        touched = 4 * (batch_size * n_kept + 3 * n_params)
        return 2 * touched / bandwidth(touched)

    image_secs = n_pixels / bandwidth(BIG)
    print(json.dumps({
        "multiply_adds": counter.get_total_flops() / 2 / len(image),
        "evaluate_secs": image_secs,
        "train_secs": {int(b): image_secs + update_secs(int(b)) / int(b) for b in sys.argv[3:]},
    }))


main()
