/// Reads an image row by row, or tokens one by one, and returns the last state of each direction.
struct LastState<C> {
    forward: C,
    backward: Option<C>,
}

impl<C: nn::RNN> nn::Module for LastState<C> {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let rows = match x.rank() {
            4 => x.transpose(1, 2)?.flatten_from(2)?, // [n, height, channels · width]
            _ => x.clone(),
        };
        let last = |cell: &C, rows: &Tensor| {
            let states = cell.seq(rows)?;
            cell.states_to_tensor(&states[states.len() - 1..])?.flatten_from(1)
        };
        let forward = last(&self.forward, &rows)?;
        match &self.backward {
            None => Ok(forward),
            Some(cell) => Tensor::cat(&[forward, last(cell, &rows.flip(&[1])?)?], 1),
        }
    }
}
