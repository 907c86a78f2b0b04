/// While training, zeroes a random share of the channels, and scales the others up for it.
fn dropout2d(x: &Tensor, rate: f32, train: bool) -> Result<Tensor> {
    if !train {
        return Ok(x.clone());
    }
    let (n, channels, _, _) = x.dims4()?;
    let draws = Tensor::rand(0f32, 1f32, (n, channels, 1, 1), x.device())?;
    let keeps = draws.ge(rate)?.to_dtype(DType::F32)?;
    x.broadcast_mul(&(keeps / f64::from(1.0 - rate))?)
}
