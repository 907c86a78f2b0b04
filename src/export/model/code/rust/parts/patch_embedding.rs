/// Square patches of an image as tokens with learned positions: [n, c, h, w] to [n, tokens, width].
struct PatchEmbedding {
    proj: nn::Conv2d,
    cls_token: Option<Tensor>,
    pos_embed: Tensor,
}

impl PatchEmbedding {
    /// * `tokens`: their number, with the class token that stands before the patches if there is one
    fn new(
        channels: usize,
        patch: usize,
        [tokens, width]: [usize; 2],
        has_class_token: bool,
        vb: nn::VarBuilder,
    ) -> Result<PatchEmbedding> {
        let config = nn::Conv2dConfig { stride: patch, ..Default::default() };
        let learned = |n: usize, name: &str| {
            vb.get_with_hints((1, n, width), name, nn::Init::Randn { mean: 0.0, stdev: 0.02 })
        };
        Ok(PatchEmbedding {
            proj: nn::conv2d(channels, width, patch, config, vb.pp("proj"))?,
            cls_token: has_class_token.then(|| learned(1, "cls_token")).transpose()?,
            pos_embed: learned(tokens, "pos_embed")?,
        })
    }
}

impl nn::Module for PatchEmbedding {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut tokens = x.apply(&self.proj)?.flatten_from(2)?.transpose(1, 2)?;
        if let Some(first) = &self.cls_token {
            tokens = Tensor::cat(&[&first.repeat((x.dim(0)?, 1, 1))?, &tokens], 1)?;
        }
        tokens.broadcast_add(&self.pos_embed)
    }
}
