//! Inputs of a case, surrounded by values that no operation may touch.

use std::rc::Rc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};

use crate::error::{Error, Result};
use crate::format::DataType;
use crate::gpu::{Arena, Gpu, Invocations, Recorder, Recording, Storage, Tensor};
use crate::ops::Weight;
use crate::quant::{PackedFormat, pack_rows, quantize, unpack};

/// Each case begins its random numbers here, so that a row alone is the same as in the whole table.
const SEED: u64 = 20_260_701;
/// Values behind every input.
const GUARD: usize = 64;
/// Not a number in f32, and in both halves of a word as f16 and as bf16.
pub(super) const POISON: u32 = 0x7fff_7fff;

/// Makes inputs and records the operation.
pub(super) struct Bench {
    pub(super) recorder: Recorder,
    gpu: Rc<Gpu>,
    random: ChaCha8Rng,
}

impl Bench {
    pub(super) fn new(gpu: &Rc<Gpu>, invocations: Invocations) -> Self {
        let recorder = Recorder::with_invocations(&Arena::new(gpu), invocations);
        Self { recorder, gpu: Rc::clone(gpu), random: ChaCha8Rng::seed_from_u64(SEED) }
    }

    pub(super) fn finish(self) -> Result<Recording> {
        self.recorder.finish()
    }

    /// Normally distributed values.
    pub(super) fn normal(&mut self, elements: usize) -> Vec<f32> {
        (0..elements).map(|_| StandardNormal.sample(&mut self.random)).collect()
    }

    /// Whole numbers below `limit`.
    ///
    /// # Errors
    /// [`Error::BadInput`] when `limit` is 0.
    pub(super) fn numbers(&mut self, count: usize, limit: usize) -> Result<Vec<u32>> {
        let numbers = Uniform::new(0, limit as u32).map_err(Error::bad_input)?;
        Ok((0..count).map(|_| numbers.sample(&mut self.random)).collect())
    }

    /// A tensor of normally distributed values, and the values.
    pub(super) fn tensor(&mut self, shape: &[usize]) -> Result<(Tensor, Vec<f32>)> {
        let values = self.normal(shape.iter().product());
        Ok((self.upload(shape, &values)?, values))
    }

    /// A tensor of these values.
    pub(super) fn upload(&self, shape: &[usize], values: &[f32]) -> Result<Tensor> {
        Ok(Tensor::new(self.words(bytemuck::cast_slice(values))?, shape))
    }

    /// A buffer of these words.
    pub(super) fn words(&self, words: &[u32]) -> Result<Rc<Storage>> {
        let mut guarded = words.to_vec();
        guarded.resize((words.len() + GUARD).next_multiple_of(4), POISON);
        let storage = self.gpu.allocate("input", 4 * guarded.len() as u64)?;
        self.gpu.write_bytes(&storage, 0, bytemuck::cast_slice(&guarded));
        Ok(Rc::new(storage))
    }

    /// A weight [rows, columns] in this format, and its values after quantisation.
    pub(super) fn weight(&mut self, format: DataType, rows: usize, columns: usize) -> Result<(Weight, Vec<f32>)> {
        let values = self.normal(rows * columns);
        self.packed(format, &values, rows, columns)
    }

    /// A weight [rows, channels, taps] of a convolution as models are loaded: plain formats are stored with the
    /// channels fastest, blocks keep the taps fastest. The values are in the order [rows, channels, taps].
    pub(super) fn convolution(
        &mut self,
        format: DataType,
        rows: usize,
        channels: usize,
        taps: usize,
    ) -> Result<(Weight, Vec<f32>)> {
        let values = self.normal(rows * channels * taps);
        if format.block_elements() > 1 {
            let (weight, values) = self.packed(format, &values, rows, channels * taps)?;
            return Ok((Weight { taps_fastest: taps > 1, ..weight }, values));
        }
        let stored = transposed(&values, channels, taps);
        let (weight, values) = self.packed(format, &stored, rows, channels * taps)?;
        Ok((weight, transposed(&values, taps, channels)))
    }

    fn packed(&self, format: DataType, values: &[f32], rows: usize, columns: usize) -> Result<(Weight, Vec<f32>)> {
        let bytes = quantize(format, values)?;
        let packed = pack_rows(format, &bytes, columns)?;
        let scales = if packed.scales.is_empty() { None } else { Some(self.words(&packed.scales)?) };
        let format = PackedFormat::of(format);
        let decoded = unpack(format, &packed, rows, columns);
        let data = self.words(&packed.data)?;
        Ok((Weight { format, rows, columns, taps_fastest: false, data, scales }, decoded))
    }

    /// Makes sure that the next scratch tensor of `elements` values is full of poison, and so is what lies behind it.
    pub(super) fn poison(&self, elements: usize) -> Result<()> {
        let larger = self.recorder.tensor(&[2 * elements])?;
        let words = (larger.storage().bytes() / 4) as usize;
        self.gpu.write_bytes(larger.storage(), 0, bytemuck::cast_slice(&vec![POISON; words]));
        Ok(())
    }
}

/// Each [rows, columns] matrix in `values` → [columns, rows].
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let transpose = |matrix: &[f32]| -> Vec<f32> {
        (0..columns)
            .flat_map(|column| (0..rows).map(move |row| (row, column)))
            .map(|(r, c)| matrix[r * columns + c])
            .collect()
    };
    values.chunks_exact(rows * columns).flat_map(transpose).collect()
}
