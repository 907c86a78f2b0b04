class PatchEmbedding(nn.Module):
    """Square patches of an image as tokens with learned positions: [n, c, h, w] to [n, tokens, width]."""

    def __init__(self, channels, patch, width, tokens, class_token):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width)) if class_token else None
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))

    def forward(self, x):
        tokens = self.proj(x).flatten(2).transpose(1, 2)
        if self.cls_token is not None:
            tokens = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], 1)
        return tokens + self.pos_embed
