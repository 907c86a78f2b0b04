def load(path=pathlib.Path(__file__).with_name("model.safetensors")):
    """The network with its trained weights."""
    model = network()
    model.load_state_dict(load_file(path))
    return model.eval()


@torch.no_grad()
def probabilities(model, pixels):
    """Of pixels from 0 to 255, [n, channels, height, width], the probability of each class."""
    logits = model(pixels.float() / 255)
    return (logits / TEMPERATURE).softmax(1)


def train(model, pixels, labels, epochs=EPOCHS):
    """Trains the network on pixels from 0 to 255, [n, channels, height, width], from the weights it has."""
    data = TensorDataset(pixels, labels)
    batches = DataLoader(data, BATCH_SIZE, shuffle=True, drop_last=len(data) > BATCH_SIZE)
    optimizer = OPTIMIZER
    schedule = SCHEDULE
    loss_of = LOSS
    model.train()
    for epoch in range(epochs):
        losses = []
        for images, targets in batches:
            optimizer.zero_grad()
            loss = loss_of(model(images.float() / 255), targets)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {sum(losses) / len(losses):.4f}")
    model.eval()
    return sum(losses) / len(losses)


def dataset(path):
    """Images and labels to train on, as `candle-studio data export DATA FILE --to npz` writes them."""
    with np.load(path) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    x = x[:, None] if x.ndim == 3 else x.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(x)), torch.from_numpy(y.astype(np.int64))


def pixels_of(path):
    """A picture that already has the size of an input, as [1, channels, height, width]."""
    channels, height, width = INPUT
    picture = Image.open(path).convert("RGB" if channels == 3 else "L")
    if picture.size != (width, height):
        sys.exit(f"expected a picture of {width}×{height} pixels, found {picture.width}×{picture.height}: {path}")
    values = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
    values = values.view(height, width, -1).permute(2, 0, 1)
    return values.expand(channels, -1, -1)[None]


if __name__ == "__main__":
    model = load()
    if sys.argv[1:2] == ["train"]:
        train(model, *dataset(sys.argv[2]))
        save_file(model.state_dict(), pathlib.Path(__file__).with_name("trained.safetensors"))
        sys.exit()
    print(model)
    for path in sys.argv[1:]:
        [row] = probabilities(model, pixels_of(path))
        best = int(row.argmax())
        print(f"{path}: {CLASSES[best]} ({100 * row[best]:.2f} %)")
