class Positions(layers.Layer):
    """Adds a learned position to each token, behind a class token if there is one."""

    def __init__(self, class_token, **kwargs):
        super().__init__(**kwargs)
        self.has_class_token = class_token

    def build(self, shape):
        tokens, width = shape[1:]
        if self.has_class_token:
            self.cls_token = self.add_weight(shape=(1, 1, width), name="cls_token")
        self.pos_embed = self.add_weight(shape=(1, tokens + self.has_class_token, width), name="pos_embed")

    def call(self, x):
        if self.has_class_token:
            first = ops.broadcast_to(self.cls_token, (ops.shape(x)[0], 1, x.shape[-1]))
            x = ops.concatenate([first, x], 1)
        return x + self.pos_embed

    def of_pytorch(self, get):
        names = ["cls_token", "pos_embed"] if self.has_class_token else ["pos_embed"]
        return [get(name) for name in names]
