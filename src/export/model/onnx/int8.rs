//! Static quantization in the QDQ form: each tensor of 8 bits is followed by a `DequantizeLinear`,
//! each rounded value is a `QuantizeLinear` and a `DequantizeLinear`, and a runtime fuses those with
//! the operator between them.

use super::INPUT;
use super::InputType;
use super::OnnxError;
use super::attribute::Value;
use super::graph::{Graph, Place};
use crate::model::{ByteWeights, Grid, Layer};
use crate::onnx::data_type;

impl Graph<'_> {
    /// The pixels as values from 0 to 1, of which every runtime knows that they are bytes.
    pub(super) fn byte_image(&mut self, around: &Place, input: InputType) -> String {
        match input {
            InputType::F32 => self.rounded(around, Grid::PIXELS, INPUT),
            InputType::Uint8 => {
                let [scale, zero] = self.grid(around, Grid::PIXELS);
                self.dequantized(around, Grid::PIXELS, [INPUT, &scale, &zero])
            }
        }
    }

    /// The output of a layer: rounded if it is kept in 8 bits. To be called once per layer, for
    /// those inside a block before it.
    ///
    /// * `input`, `output`: of the layer
    pub(super) fn layer_output(
        &mut self,
        place: &Place,
        layer: &Layer,
        input: &str,
        output: String,
    ) -> String {
        let Some(int8) = self.int8 else {
            return output;
        };
        let grid = int8.outputs().get(self.n_layers).copied().flatten();
        self.n_layers += 1;
        if let Some(grid) = grid {
            return self.rounded(place, grid, &output);
        }
        let known = self.grids.get(input).copied();
        match known.filter(|_| layer.moves_values()) {
            // It changes nothing, but a runtime looks for it right before the product.
            Some(grid) if matches!(layer, Layer::Flatten) => self.rounded(place, grid, &output),
            Some(grid) => {
                self.grids.insert(output.clone(), grid);
                output
            }
            None => output,
        }
    }

    /// A weight `[outputs, …]` with a scale per output.
    pub(super) fn byte_weight(
        &mut self,
        place: &Place,
        name: &str,
        dims: &[usize],
        weights: &ByteWeights,
    ) -> String {
        let n = weights.scales.len();
        let numbers = weights.numbers.iter().flat_map(|n| n.to_le_bytes());
        let numbers = self.raw(name, data_type::INT8, dims, numbers.collect());
        let scales = floats(&weights.scales);
        let scales = self.raw(&format!("{name}_scale"), data_type::FLOAT, &[n], scales);
        let zeros = format!("{name}_zero_point");
        let zeros = self.raw(&zeros, data_type::INT8, &[n], vec![0; n]);
        self.per_output(place, [&numbers, &scales, &zeros])
    }

    /// The bias beside a weight of 8 bits: whole numbers in units of the products, if the input is
    /// rounded and they are not too large; else as it is.
    ///
    /// # Errors
    /// As [`Graph::weight`].
    pub(super) fn bias(
        &mut self,
        place: &Place,
        [weight, bias]: [&str; 2],
        x: &str,
    ) -> Result<String, OnnxError> {
        let weights = self
            .int8
            .and_then(|int8| int8.weights(&place.tensor(weight)));
        let (Some(weights), Some(grid)) = (weights, self.grids.get(x)) else {
            return self.weight(place, bias);
        };
        let (dims, values) = self.values(place, bias)?;
        let units: Vec<f32> = weights.scales.iter().map(|s| s * grid.scale).collect();
        let numbers = values.iter().zip(&units).map(|(v, unit)| v / unit);
        let numbers: Vec<f32> = numbers.map(f32::round).collect();
        let fits = |n: &f32| n.abs() < 2_f32.powi(31);
        if !numbers.iter().all(fits) {
            return self.weight(place, bias);
        }
        let n = numbers.len();
        let name = place.tensor(bias);
        let numbers = numbers.iter().flat_map(|&n| (n as i32).to_le_bytes());
        let numbers = self.raw(&name, data_type::INT32, &dims, numbers.collect());
        let units = self.raw(
            &format!("{name}_scale"),
            data_type::FLOAT,
            &[n],
            floats(&units),
        );
        let zeros = format!("{name}_zero_point");
        let zeros = self.raw(&zeros, data_type::INT32, &[n], vec![0; 4 * n]);
        Ok(self.per_output(place, [&numbers, &units, &zeros]))
    }

    fn rounded(&mut self, place: &Place, grid: Grid, x: &str) -> String {
        let [scale, zero] = self.grid(place, grid);
        let numbers = self.node(place, "QuantizeLinear", &[x, &scale, &zero], Vec::new());
        self.dequantized(place, grid, [&numbers, &scale, &zero])
    }

    fn dequantized(&mut self, place: &Place, grid: Grid, inputs: [&str; 3]) -> String {
        let values = self.node(place, "DequantizeLinear", &inputs, Vec::new());
        self.grids.insert(values.clone(), grid);
        values
    }

    fn per_output(&mut self, place: &Place, inputs: [&str; 3]) -> String {
        let axis = vec![("axis", Value::Int(0))];
        self.node(place, "DequantizeLinear", &inputs, axis)
    }

    /// Scale and zero point of a rounded value.
    fn grid(&mut self, place: &Place, grid: Grid) -> [String; 2] {
        let zero = place.tensor("output_zero_point");
        [
            self.number(place, "output_scale", grid.scale),
            self.raw(&zero, data_type::UINT8, &[], vec![grid.zero_point]),
        ]
    }
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}
