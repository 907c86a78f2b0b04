"""The networks of the benchmark in Keras on TensorFlow: `model.fit` on arrays in memory."""

import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import keras
import tensorflow as tf
from keras import layers

from common import parser, print_line, read_split


def network(case):
    def conv(channels):
        return layers.Conv2D(channels, 3, activation="relu")

    if case == "keras-cnn":
        hidden = [conv(32), layers.MaxPooling2D(), layers.Flatten(),
                  layers.Dense(128, activation="relu")]
    else:
        hidden = [conv(32), conv(32), layers.MaxPooling2D(), layers.Dropout(0.25),
                  conv(64), conv(64), layers.MaxPooling2D(), layers.Dropout(0.25),
                  layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dropout(0.5)]
    return keras.Sequential([layers.Input((28, 28, 1)), *hidden, layers.Dense(10)])


class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        print_line(epoch_seconds=time.perf_counter() - self.start)


def main():
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    keras.utils.set_random_seed(1)
    images, labels = read_split(args.data, "train")
    model = network(args.case)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3, epsilon=1e-7),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=args.compiled,
        # Less of the loop in Python: some 15 % faster than one at a time.
        steps_per_execution=16,
    )
    model.fit(images[..., None], labels, batch_size=args.batch_size, epochs=args.epochs,
              shuffle=True, verbose=0, callbacks=[Clock()])

    images, labels = read_split(args.data, "t10k")
    found = model.predict(images[..., None], batch_size=500, verbose=0).argmax(1)
    print_line(test_accuracy=float((found == labels).mean()))


main()
