class Attention(layers.MultiHeadAttention):
    """Self-attention, whose queries, keys and values PyTorch keeps in one matrix."""

    def of_pytorch(self, get):
        heads, size = self.num_heads, self.key_dim
        found = []
        for weight, bias in zip(np.split(get("in_proj_weight"), 3), np.split(get("in_proj_bias"), 3)):
            found += [weight.T.reshape(-1, heads, size), bias.reshape(heads, size)]
        return found + [get("out_proj.weight").T.reshape(heads, size, -1), get("out_proj.bias")]


def encoder_block(x, heads, hidden, name):
    """A pre-norm encoder block, attention and an MLP: [n, tokens, width] to the same."""
    width = x.shape[-1]
    y = layers.LayerNormalization(epsilon=1e-5, name=f"{name}-norm1")(x)
    x = layers.Add()([x, Attention(heads, width // heads, name=f"{name}-self_attn")(y, y)])
    y = layers.LayerNormalization(epsilon=1e-5, name=f"{name}-norm2")(x)
    y = layers.Dense(hidden, activation="gelu", name=f"{name}-linear1")(y)
    return layers.Add()([x, layers.Dense(width, name=f"{name}-linear2")(y)])
