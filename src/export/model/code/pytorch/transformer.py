def transformer(width, heads, hidden, depth):
    """Pre-norm encoder blocks, each attention and an MLP: [n, tokens, width] to the same."""
    block = nn.TransformerEncoderLayer(
        width, heads, hidden, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    return nn.TransformerEncoder(block, depth, enable_nested_tensor=False)
