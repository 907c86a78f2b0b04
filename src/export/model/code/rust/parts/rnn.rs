/// A plain recurrent cell: h = tanh(W x + U h + b), as PyTorch's RNN, which adds two biases.
struct Rnn {
    input: nn::Linear,
    state: nn::Linear,
    units: usize,
}

impl Rnn {
    fn new(n_inputs: usize, units: usize, vb: nn::VarBuilder) -> Result<Rnn> {
        let linear = |n: usize, which: &str| {
            let init = nn::init::DEFAULT_KAIMING_UNIFORM;
            let weight = vb.get_with_hints((units, n), &format!("weight_{which}_l0"), init)?;
            Ok::<_, candle_core::Error>(nn::Linear::new(weight, Some(vb.get(units, &format!("bias_{which}_l0"))?)))
        };
        Ok(Rnn { input: linear(n_inputs, "ih")?, state: linear(units, "hh")?, units })
    }
}

impl nn::RNN for Rnn {
    type State = Tensor;

    fn zero_state(&self, batch_size: usize) -> Result<Tensor> {
        Tensor::zeros((batch_size, self.units), DType::F32, &Device::Cpu)
    }

    fn step(&self, input: &Tensor, state: &Tensor) -> Result<Tensor> {
        (input.apply(&self.input)? + state.apply(&self.state)?)?.tanh()
    }

    fn states_to_tensor(&self, states: &[Tensor]) -> Result<Tensor> {
        Tensor::stack(states, 1)
    }
}
