class TokenPool(nn.Module):
    """The first token, or the mean of all: [n, tokens, width] to [n, width]."""

    def __init__(self, take):
        super().__init__()
        self.take = take

    def forward(self, x):
        return x[:, 0] if self.take == "first" else x.mean(1)
