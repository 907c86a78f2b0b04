/// The values of images at each place of a window that moves over them, one tensor per place. (Gradients
/// of candle's own pools are not right, or not there, for every size.)
fn windows(x: &Tensor, kernel: usize, stride: usize) -> Result<Vec<Tensor>> {
    let (_, _, height, width) = x.dims4()?;
    let positions = |size: usize, first: usize| {
        let n = (size - kernel) / stride + 1;
        Tensor::from_iter((0..n).map(|i| (first + i * stride) as u32), x.device())
    };
    let mut found = Vec::new();
    for row in 0..kernel {
        let rows = x.index_select(&positions(height, row)?, 2)?;
        for column in 0..kernel {
            found.push(rows.index_select(&positions(width, column)?, 3)?);
        }
    }
    Ok(found)
}
