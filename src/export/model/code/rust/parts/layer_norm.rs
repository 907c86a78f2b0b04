/// Each image, or each token, to mean 0 and variance 1, by the shape of the weights. (candle_nn's own is
/// for inference: no gradient passes it.)
struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
}

impl LayerNorm {
    fn new(shape: &[usize], vb: nn::VarBuilder) -> Result<LayerNorm> {
        let weight = vb.get_with_hints(shape, "weight", nn::Init::Const(1.0))?;
        let bias = vb.get_with_hints(shape, "bias", nn::Init::Const(0.0))?;
        Ok(LayerNorm { weight, bias })
    }
}

impl nn::Module for LayerNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let dims: Vec<usize> = (x.rank() - self.weight.rank()..x.rank()).collect();
        let x = x.broadcast_sub(&x.mean_keepdim(dims.as_slice())?)?;
        let variance = x.sqr()?.mean_keepdim(dims)?;
        let x = x.broadcast_div(&(variance + 1e-5)?.sqrt()?)?;
        x.broadcast_mul(&self.weight)?.broadcast_add(&self.bias)
    }
}
