/// The largest value of each window.
fn max_pool2d(x: &Tensor, kernel: usize, stride: usize) -> Result<Tensor> {
    let windows = windows(x, kernel, stride)?;
    windows[1..].iter().try_fold(windows[0].clone(), |max, values| max.maximum(values))
}
