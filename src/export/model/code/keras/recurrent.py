def recurrent_weights(layer, get, end="_l0"):
    """The weights of one direction, or of both. Keras and PyTorch stack the gates of an LSTM alike, those of a
    GRU as z r h and as r z n; and Keras has one bias where PyTorch adds two."""
    if isinstance(layer, layers.Bidirectional):
        one = layer.forward_layer
        return recurrent_weights(one, get) + recurrent_weights(one, get, "_l0_reverse")
    found = [get(name + end) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    if isinstance(layer, layers.GRU):
        gates = [np.split(tensor, 3) for tensor in found]
        found = [np.concatenate([z, r, n]) for r, z, n in gates]
        return [found[0].T, found[1].T, np.stack(found[2:])]
    return [found[0].T, found[1].T, found[2] + found[3]]
