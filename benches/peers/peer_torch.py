"""The networks of the benchmark in PyTorch: fused Adam, tensors in memory."""

import time

import torch
from torch import nn

from common import parser, print_line, read_split


def network(case):
    if case == "keras-cnn":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(32 * 13 * 13, 128), nn.ReLU(), nn.Linear(128, 10),
        )
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(64 * 4 * 4, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10),
    )


def tensors(folder, name):
    images, labels = read_split(folder, name)
    # With their one channel, images are the same in memory with channels first or last; the
    # weights decide what the layers make of them.
    return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)


def main():
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    torch.manual_seed(1)
    images, labels = tensors(args.data, "train")
    model = network(args.case)
    if not args.channels_first:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)

    def loss_of(x, y):
        return nn.functional.cross_entropy(model(x), y)

    if args.compiled:
        # Static shapes: one program for full batches, and one for the last, smaller batch.
        loss_of = torch.compile(loss_of, dynamic=False)

    for _ in range(args.epochs):
        start = time.perf_counter()
        for picks in torch.randperm(len(labels)).split(args.batch_size):
            loss = loss_of(images[picks], labels[picks])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        print_line(epoch_seconds=time.perf_counter() - start)

    model.eval()
    images, labels = tensors(args.data, "t10k")
    with torch.inference_mode():
        found = torch.cat([model(x).argmax(1) for x in images.split(500)])
    print_line(test_accuracy=(found == labels).float().mean().item())


main()
