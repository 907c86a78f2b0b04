def weights(layer, tensors):
    """A layer's weights as Keras keeps them, from those that PyTorch's module of the same name has."""
    module = layer.name.replace("-", ".")  # Keras on PyTorch has no dots in names.
    get = lambda name: tensors[f"{module}.{name}"]
    if isinstance(layer, layers.Conv2D):
        return [get("weight").transpose(2, 3, 1, 0), get("bias")]
    if isinstance(layer, layers.Dense):
        return [get("weight").T, get("bias")]
    if isinstance(layer, layers.BatchNormalization):
        return [get(name) for name in ("weight", "bias", "running_mean", "running_var")]
    if isinstance(layer, layers.LayerNormalization):
        found = [get("weight"), get("bias")]
        return [w.transpose(1, 2, 0) if w.ndim == 3 else w for w in found]  # Channels last.
    if isinstance(layer, (layers.RNN, layers.Bidirectional)):
        return recurrent_weights(layer, get)
    return layer.of_pytorch(get)


def load(path=pathlib.Path(__file__).with_name("model.safetensors")):
    """The network with its trained weights."""
    model, tensors = network(), load_file(path)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(weights(layer, tensors))
    return model


def probabilities(model, pixels):
    """Of pixels from 0 to 255, [n, channels, height, width], the probability of each class."""
    logits = model(np.transpose(pixels, (0, 2, 3, 1)).astype("float32") / 255, training=False)
    return ops.convert_to_numpy(ops.softmax(logits / TEMPERATURE))


def train(model, pixels, labels, epochs=EPOCHS):
    """Trains the network on pixels from 0 to 255, [n, channels, height, width], from the weights it has."""
    model.compile(
        OPTIMIZER,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model.fit(np.transpose(pixels, (0, 2, 3, 1)).astype("float32") / 255, labels, BATCH_SIZE, epochs)


def dataset(path):
    """Images and labels to train on, as `candle-studio data export DATA FILE --to npz` writes them."""
    with np.load(path) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    return x[:, None] if x.ndim == 3 else x.transpose(0, 3, 1, 2), y


def pixels_of(path):
    """A picture that already has the size of an input, as [1, channels, height, width]."""
    channels, height, width = INPUT
    picture = Image.open(path).convert("RGB" if channels == 3 else "L")
    if picture.size != (width, height):
        sys.exit(f"expected a picture of {width}×{height} pixels, found {picture.width}×{picture.height}: {path}")
    values = np.asarray(picture).reshape(height, width, -1).transpose(2, 0, 1)
    return np.broadcast_to(values, (channels, height, width))[None]


if __name__ == "__main__":
    model = load()
    if sys.argv[1:2] == ["train"]:
        train(model, *dataset(sys.argv[2]))
        model.save(pathlib.Path(__file__).with_name("trained.keras"))
        sys.exit()
    model.summary()
    for path in sys.argv[1:]:
        [row] = probabilities(model, pixels_of(path))
        best = int(row.argmax())
        print(f"{path}: {CLASSES[best]} ({100 * row[best]:.2f} %)")
