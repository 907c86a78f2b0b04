"""onnxruntime, with the file that the studio exports."""

import onnxruntime

import common


def main():
    args = common.parse_args()
    pixels, labels = common.read_images(args)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(args.files / "model.onnx", options, ["CPUExecutionProvider"])
    [name] = [argument.name for argument in session.get_inputs()]
    images = pixels.transpose(0, 3, 1, 2).copy()
    common.evaluate(args, lambda batch: session.run(["logits"], {name: batch})[0], images, labels)


main()
