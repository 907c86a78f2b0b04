/// A pre-norm encoder block, attention and an MLP: [n, tokens, width] to the same.
struct EncoderBlock {
    norm1: LayerNorm,
    in_proj: nn::Linear,
    out_proj: nn::Linear,
    norm2: LayerNorm,
    linear1: nn::Linear,
    linear2: nn::Linear,
    heads: usize,
}

impl EncoderBlock {
    fn new(width: usize, heads: usize, hidden: usize, vb: nn::VarBuilder) -> Result<EncoderBlock> {
        let attention = vb.pp("self_attn");
        let init = nn::init::DEFAULT_KAIMING_UNIFORM;
        let weight = attention.get_with_hints((3 * width, width), "in_proj_weight", init)?;
        Ok(EncoderBlock {
            norm1: LayerNorm::new(&[width], vb.pp("norm1"))?,
            in_proj: nn::Linear::new(weight, Some(attention.get(3 * width, "in_proj_bias")?)),
            out_proj: nn::linear(width, width, attention.pp("out_proj"))?,
            norm2: LayerNorm::new(&[width], vb.pp("norm2"))?,
            linear1: nn::linear(width, hidden, vb.pp("linear1"))?,
            linear2: nn::linear(hidden, width, vb.pp("linear2"))?,
            heads,
        })
    }

    fn attention(&self, x: &Tensor) -> Result<Tensor> {
        let (n, tokens, width) = x.dims3()?;
        let size = width / self.heads;
        let all = x.apply(&self.in_proj)?.reshape((n, tokens, 3, self.heads, size))?;
        let part = |idx: usize| all.narrow(2, idx, 1)?.squeeze(2)?.transpose(1, 2)?.contiguous();
        let (queries, keys, values) = (part(0)?, part(1)?, part(2)?);
        let scores = (queries.matmul(&keys.t()?)? / (size as f64).sqrt())?;
        let mixed = nn::ops::softmax(&scores, 3)?.matmul(&values)?;
        mixed.transpose(1, 2)?.reshape((n, tokens, width))?.apply(&self.out_proj)
    }
}

impl nn::Module for EncoderBlock {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = (x + self.attention(&x.apply(&self.norm1)?)?)?;
        let y = x.apply(&self.norm2)?.apply(&self.linear1)?.gelu_erf()?.apply(&self.linear2)?;
        x + y
    }
}
