/// The network with its trained weights, and the variables that hold them.
pub fn load(path: impl AsRef<Path>) -> Result<(Network, nn::VarMap)> {
    let mut weights = nn::VarMap::new();
    let network = Network::new(nn::VarBuilder::from_varmap(&weights, DType::F32, &Device::Cpu))?;
    weights.load(path)?;
    Ok((network, weights))
}

/// Of pixels from 0 to 255, [n, channels, height, width], the probability of each class.
pub fn probabilities(network: &Network, pixels: &Tensor) -> Result<Tensor> {
    let logits = network.forward(&(pixels.to_dtype(DType::F32)? / 255.0)?, false)?;
    nn::ops::softmax(&(logits / TEMPERATURE)?, 1)
}

/// Trains the network on pixels from 0 to 255, [n, channels, height, width], from the weights it has.
pub fn train(
    network: &Network,
    weights: &nn::VarMap,
    pixels: &Tensor,
    labels: &Tensor,
    epochs: usize,
) -> Result<f32> {
    let n = pixels.dim(0)?;
    let size = BATCH_SIZE.min(n).max(1);
    let n_batches = n / size; // What is left over makes no batch.
    let mut optimizer = nn::AdamW::new(weights.all_vars(), ADAM)?;
    let mut mean = 0.0;
    for epoch in 0..epochs {
        let order = Tensor::rand(0f32, 1f32, n, pixels.device())?.arg_sort_last_dim(true)?;
        let mut sum = 0.0;
        for idx in 0..n_batches {
            let batch = order.narrow(0, idx * size, size)?;
            let images = (pixels.index_select(&batch, 0)?.to_dtype(DType::F32)? / 255.0)?;
            let logits = network.forward(&images, true)?;
            let loss = nn::loss::cross_entropy(&logits, &labels.index_select(&batch, 0)?)?;
            let progress = (epoch * n_batches + idx) as f64 / (epochs * n_batches) as f64;
            optimizer.set_learning_rate(learning_rate(progress));
            optimizer.backward_step(&loss)?;
            sum += loss.to_scalar::<f32>()?;
        }
        mean = sum / n_batches as f32;
        println!("epoch {}: loss {mean:.4}", epoch + 1);
    }
    Ok(mean)
}
