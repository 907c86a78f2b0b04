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
    print(model)
    for path in sys.argv[1:]:
        [row] = probabilities(model, pixels_of(path))
        best = int(row.argmax())
        print(f"{path}: {CLASSES[best]} ({100 * row[best]:.2f} %)")
