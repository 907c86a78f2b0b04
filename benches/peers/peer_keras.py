"""Keras on TensorFlow: `model.fit` on arrays in memory, as a graph or compiled with XLA."""

import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import keras
import tensorflow as tf

import common


class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        common.print_line(epoch_seconds=time.perf_counter() - self.start, train_loss=float(logs["loss"]))


def main():
    args = common.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    keras.utils.set_random_seed(1)
    images, labels = common.read_images(args)
    model = common.program(args, "keras").network()
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3, epsilon=1e-7),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=args.compiled,
        # Less of the loop in Python: some 15 % faster than one at a time.
        steps_per_execution=16,
    )
    [batch_size] = args.batch_sizes
    model.fit(images, labels, batch_size=batch_size, epochs=1_000_000, shuffle=True, verbose=0,
              callbacks=[Clock()])


main()
