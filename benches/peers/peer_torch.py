"""PyTorch, with fused Adam, eager or compiled."""

import torch
from torch import nn

import common


def main():
    args = common.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    torch.manual_seed(1)
    program = common.program(args, "pytorch")
    layout = torch.contiguous_format if args.channels_first else torch.channels_last
    pixels, labels = common.read_images(args)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    # Static shapes: a program for each size of batch.
    compiled = (lambda f: torch.compile(f, dynamic=False)) if args.compiled else (lambda f: f)
    if args.task == "train":
        model = program.network().train().to(memory_format=layout)
        train(args, model, images, torch.from_numpy(labels), compiled)
    else:
        model = compiled(program.load().to(memory_format=layout))
        with torch.inference_mode():
            common.evaluate(args, model, images, labels)


def train(args, model, images, labels, compiled):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    loss_of = compiled(lambda x, y: nn.functional.cross_entropy(model(x), y))
    [batch_size] = args.batch_sizes

    def epoch():
        for picks in torch.randperm(len(labels)).split(batch_size):
            loss = loss_of(images[picks], labels[picks])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return loss

    common.train(epoch)


main()
