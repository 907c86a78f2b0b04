"""JAX: the network and the optimizer are Keras' stateless ones, and a whole update is one `jax.jit`."""

import functools
import os

os.environ["KERAS_BACKEND"] = "jax"

import jax
import jax.numpy as jnp
import keras
import numpy as np

import common


def main():
    args = common.parse_args()
    keras.utils.set_random_seed(1)
    images, labels = map(jnp.asarray, common.read_images(args))
    model = common.program(args, "keras").network()
    optimizer = keras.optimizers.Adam(1e-3, epsilon=1e-7)
    optimizer.build(model.trainable_variables)

    def loss_of(weights, others, x, y):
        logits, others = model.stateless_call(weights, others, x, training=True)
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean(), others

    @functools.partial(jax.jit, donate_argnums=0)
    def update(state, images, labels, picks):
        weights, others, moments = state
        gradient_of = jax.value_and_grad(loss_of, has_aux=True)
        (loss, others), gradients = gradient_of(weights, others, images[picks], labels[picks])
        weights, moments = optimizer.stateless_apply(moments, gradients, weights)
        return (weights, others, moments), loss

    values = lambda variables: [variable.value for variable in variables]
    state = (values(model.trainable_variables), values(model.non_trainable_variables), values(optimizer.variables))
    [batch_size] = args.batch_sizes
    order = np.random.default_rng(1)

    def epoch():
        nonlocal state
        for picks in order.permutation(len(labels)).reshape(-1, batch_size):
            state, loss = update(state, images, labels, picks)
        # An update returns before it is computed; its loss waits for it, but not for its weights.
        jax.block_until_ready(state)
        return loss

    common.train(epoch)


main()
