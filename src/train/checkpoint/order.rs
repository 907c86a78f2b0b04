//! The order of a checkpoint's tensors, in a file and in memory.

use candle_core::{Device, Tensor};

use super::Checkpoint;
use crate::model::{Param, WeightLayout};

impl Checkpoint {
    /// Sorts the tensors in the order of `params` and converts each to its layout in memory: a file
    /// has an order of its own.
    pub fn sort_like(&mut self, params: &[Param]) {
        let at = |p: &Param| self.tensors.iter().position(|(name, ..)| *name == p.name);
        let order: Option<Vec<usize>> = params.iter().map(at).collect();
        // A checkpoint of other parameters does not fit; `Checkpoint::fits` reports that.
        let Some(order) = order else { return };
        let state = &mut self.optimizer;
        let lists = [
            &mut state.first,
            &mut state.second,
            &mut self.kept.average,
            &mut self.kept.best,
        ];
        for list in lists {
            if list.len() == order.len() {
                *list = order
                    .iter()
                    .map(|&i| std::mem::take(&mut list[i]))
                    .collect();
            }
        }
        let tensors = order.iter().map(|&i| self.tensors[i].clone());
        self.tensors = tensors.collect();
        if std::mem::take(&mut self.has_channel_order) {
            self.reorder_rows(params);
        }
    }

    /// Converts tensors with rows in channel order (version 1) to the layout of `params`.
    fn reorder_rows(&mut self, params: &[Param]) {
        let reorder = |param: &Param, values: &mut Vec<f32>| {
            let rows = Tensor::from_slice(values, param.var.dims(), &Device::Cpu);
            let held =
                rows.and_then(|rows| param.layout.order_rows(&rows)?.flatten_all()?.to_vec1());
            // Tensors that do not fit the network, or are empty, stay as they are.
            if let Ok(held) = held {
                *values = held;
            }
        };
        let lists = [
            &mut self.optimizer.first,
            &mut self.optimizer.second,
            &mut self.kept.average,
            &mut self.kept.best,
        ];
        let others = lists.into_iter().flat_map(|list| params.iter().zip(list));
        let own = self.tensors.iter_mut().map(|(_, _, values)| values);
        let all = params.iter().zip(own).chain(others);
        all.filter(|(param, _)| matches!(param.layout, WeightLayout::ChannelsLastRows { .. }))
            .for_each(|(param, values)| reorder(param, values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Copies;
    use crate::model::{Init, Network, preset};
    use crate::train::checkpoint::{Cursor, ExtraWeights};
    use crate::train::config::TrainConfig;
    use crate::train::optim::OptimizerState;

    /// A file of version 1, with dense weights in channel order, and what it should become.
    #[test]
    fn rows_of_an_older_file_come_into_their_order() {
        let preset = preset("keras-cnn").unwrap();
        let spec = preset.spec([1, 28, 28], 10);
        let network = Network::new(&spec, Init::GlorotUniform, 1, &Device::Cpu).unwrap();
        let params = network.params();
        let mut optimizer = OptimizerState::new(params.len());
        let values = |p: &Param| p.var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        optimizer.first = params.iter().map(values).collect();
        optimizer.second = params
            .iter()
            .map(|p| vec![0.5; p.var.elem_count()])
            .collect();
        let kept = ExtraWeights {
            average: optimizer.first.clone(),
            best: Vec::new(),
        };
        let config = TrainConfig::new(preset, [1, 28, 28], 10, 100);
        let mut copies = Copies::default();
        let cursor = Cursor::default();
        let now = Checkpoint::new(&config, &cursor, &optimizer, kept, params, &mut copies).unwrap();

        let mut older = now.clone();
        for (idx, param) in params.iter().enumerate() {
            if matches!(param.layout, WeightLayout::ChannelsLastRows { .. }) {
                let rows = param.to_pytorch().unwrap().t().unwrap();
                let rows: Vec<f32> = rows
                    .contiguous()
                    .unwrap()
                    .flatten_all()
                    .unwrap()
                    .to_vec1()
                    .unwrap();
                assert_ne!(rows, older.tensors[idx].2);
                older.tensors[idx].2.clone_from(&rows);
                older.optimizer.first[idx].clone_from(&rows);
                older.kept.average[idx].clone_from(&rows);
            }
        }
        let mut bytes = older.to_bytes().unwrap();
        let version = br#"format_version\":2"#;
        let at = bytes
            .windows(version.len())
            .position(|w| w == version)
            .unwrap();
        bytes[at + version.len() - 1] = b'1';
        // Files of that version had no checksum.
        let checksum = br#"candle_studio_checksum":"sha256"#;
        let at = bytes.windows(checksum.len()).position(|w| w == checksum);
        bytes[at.unwrap()..][..checksum.len()]
            .copy_from_slice(br#"other_program_checksum":"sha512"#);
        let mut read = Checkpoint::from_bytes(&bytes).unwrap();
        read.sort_like(params);
        assert_eq!(read, now);
    }
}
