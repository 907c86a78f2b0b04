/// The mean of each window.
fn avg_pool2d(x: &Tensor, kernel: usize, stride: usize) -> Result<Tensor> {
    let windows = windows(x, kernel, stride)?;
    let sum = windows[1..].iter().try_fold(windows[0].clone(), |sum, values| sum + values)?;
    sum / windows.len() as f64
}
