//! Weights by name, streamed from model files onto the device.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::format::{DataType, TensorEntry, TensorFile};
use crate::gpu::{Gpu, Invocations, Storage, Tensor, elements_of};
use crate::ops::{Linear, Weight};
use crate::quant::{PackedFormat, dequantize, pack_rows, packed_words};

/// Most bytes of a file that are in memory at once.
const CHUNK_BYTES: usize = 16 << 20;

/// Called with the number of bytes that were just read.
pub type OnBytes = Rc<dyn Fn(u64)>;

/// Finds tensors under their canonical names and puts them onto the device; or, while memory is planned, makes
/// weights that have a shape and nothing else.
pub struct Weights {
    files: Option<Files>,
}

struct Files {
    gpu: Rc<Gpu>,
    files: Vec<TensorFile>,
    tensors: HashMap<String, (usize, TensorEntry)>,
    on_bytes: OnBytes,
}

impl Weights {
    /// The tensors of these files, `canonical` mapping the names that files use to those that the networks use.
    pub fn new(gpu: &Rc<Gpu>, files: Vec<TensorFile>, canonical: impl Fn(&str) -> String, on_bytes: OnBytes) -> Self {
        let mut tensors = HashMap::new();
        for (number, file) in files.iter().enumerate() {
            for entry in &file.entries {
                tensors.insert(canonical(&entry.name), (number, entry.clone()));
            }
        }
        Self { files: Some(Files { gpu: Rc::clone(gpu), files, tensors, on_bytes }) }
    }

    /// Shapes without values.
    pub fn planning() -> Self {
        Self { files: None }
    }

    /// `prefix.weight` [out, in] and, with `bias`, `prefix.bias` `[out]`.
    ///
    /// # Errors
    /// [`Error::BadModel`] when a tensor is missing or of another size, [`Error::DoesNotFit`] when it is larger than the
    /// device allows.
    pub async fn linear(&self, prefix: &str, inputs: usize, outputs: usize, bias: bool) -> Result<Linear> {
        let weight = self.matrix(&format!("{prefix}.weight"), outputs, inputs).await?;
        let bias = if bias { Some(self.vector(&format!("{prefix}.bias"), outputs).await?) } else { None };
        Ok(Linear { weight, bias })
    }

    /// A tensor of rows × columns values, packed as it is stored.
    ///
    /// # Errors
    /// As [`Weights::linear`].
    pub async fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Weight> {
        self.convolution(name, rows, columns, 1).await
    }

    /// The weight [rows, channels, taps…] of a convolution. Plain types are stored with the channels fastest; blocks
    /// cannot be reordered and keep the taps fastest, which on a processor would take longer to read than all the rest:
    /// there they become f32.
    ///
    /// # Errors
    /// As [`Weights::linear`].
    pub async fn convolution(&self, name: &str, rows: usize, channels: usize, taps: usize) -> Result<Weight> {
        let columns = channels * taps;
        let Some(files) = &self.files else {
            let data = Rc::new(Storage::planned(0));
            return Ok(Weight { format: PackedFormat::F32, rows, columns, taps_fastest: false, data, scales: None });
        };
        let (file, entry) = files.find(name, &[rows, columns])?;
        let is_blocks = entry.data_type.block_elements() > 1;
        let unpack = taps > 1 && is_blocks && files.gpu.invocations() == Invocations::Alone;
        let data_type = if unpack { DataType::F32 } else { entry.data_type };
        let format = PackedFormat::of(data_type);
        let (data_words, scale_words) = packed_words(format, rows, columns);
        let data = Rc::new(files.allocate(name, 4 * data_words as u64)?);
        let scales = match scale_words {
            0 => None,
            words => Some(Rc::new(files.allocate(name, 4 * words as u64)?)),
        };
        let reorder = taps > 1 && data_type.block_elements() == 1;
        let row_bytes = row_bytes(entry, columns)?;
        let chunk_rows = rows_per_chunk(row_bytes, columns);
        let (mut data_at, mut scales_at) = (0, 0);
        for first in (0..rows).step_by(chunk_rows) {
            let count = chunk_rows.min(rows - first);
            let mut bytes = files.read(file, entry, first * row_bytes, count * row_bytes).await?;
            if unpack {
                let mut values = Vec::new();
                dequantize(entry.data_type, &bytes, &mut values)?;
                bytes = bytemuck::pod_collect_to_vec(&values);
            }
            if reorder {
                bytes = channels_fastest(&bytes, channels, taps, data_type.block_bytes());
            }
            let packed = pack_rows(data_type, &bytes, columns)?;
            files.gpu.write_bytes(&data, data_at, bytemuck::cast_slice(&packed.data));
            data_at += 4 * packed.data.len() as u64;
            if let Some(scales) = &scales {
                files.gpu.write_bytes(scales, scales_at, bytemuck::cast_slice(&packed.scales));
                scales_at += 4 * packed.scales.len() as u64;
            }
        }
        files.gpu.check()?;
        Ok(Weight { format, rows, columns, taps_fastest: taps > 1 && !reorder, data, scales })
    }

    /// Some rows of a matrix, in the order given; each row once. For embedding tables, which stay in their file.
    ///
    /// # Errors
    /// As [`Weights::linear`].
    pub async fn rows(&self, name: &str, numbers: &[u32], rows: usize, columns: usize) -> Result<Weight> {
        let Some(files) = &self.files else {
            return self.matrix(name, numbers.len(), columns).await;
        };
        let (file, entry) = files.find(name, &[rows, columns])?;
        let row_bytes = row_bytes(entry, columns)?;
        let mut bytes = Vec::with_capacity(numbers.len() * row_bytes);
        for &number in numbers {
            if number as usize >= rows {
                return Err(Error::bad_model(format!("{name} has no row {number}")));
            }
            bytes.extend(files.read(file, entry, number as usize * row_bytes, row_bytes).await?);
        }
        let packed = pack_rows(entry.data_type, &bytes, columns)?;
        let store = |words: &[u32]| -> Result<Rc<Storage>> {
            let storage = files.allocate(name, 4 * words.len() as u64)?;
            files.gpu.write_bytes(&storage, 0, bytemuck::cast_slice(words));
            Ok(Rc::new(storage))
        };
        let scales = if packed.scales.is_empty() { None } else { Some(store(&packed.scales)?) };
        let format = PackedFormat::of(entry.data_type);
        Ok(Weight { format, rows: numbers.len(), columns, taps_fastest: false, data: store(&packed.data)?, scales })
    }

    /// A tensor of `length` values in f32, whatever its stored shape.
    ///
    /// # Errors
    /// As [`Weights::linear`].
    pub async fn vector(&self, name: &str, length: usize) -> Result<Tensor> {
        match &self.files {
            None => Ok(Tensor::planned(&[length])),
            Some(_) => self.upload(name, &self.values(name, length).await?),
        }
    }

    /// Puts values that were put together from several tensors onto the device.
    ///
    /// # Errors
    /// As [`Gpu::upload`].
    pub fn upload(&self, label: &str, values: &[f32]) -> Result<Tensor> {
        match &self.files {
            None => Ok(Tensor::planned(&[values.len()])),
            Some(files) => files.gpu.upload(label, &[values.len()], values),
        }
    }

    /// A tensor's `length` values on the host; zeros while planning.
    ///
    /// # Errors
    /// As [`Weights::linear`].
    pub async fn values(&self, name: &str, length: usize) -> Result<Vec<f32>> {
        let Some(files) = &self.files else { return Ok(vec![0.0; length]) };
        let (file, entry) = files.find(name, &[length])?;
        let bytes = files.read(file, entry, 0, row_bytes(entry, length)?).await?;
        let mut values = Vec::new();
        dequantize(entry.data_type, &bytes, &mut values)?;
        Ok(values)
    }
}

impl Files {
    /// A tensor with as many values as one of this shape.
    fn find(&self, name: &str, shape: &[usize]) -> Result<(&TensorFile, &TensorEntry)> {
        let Some((file, entry)) = self.tensors.get(name) else {
            return Err(Error::bad_model(format!("the tensor {name} is missing")));
        };
        let needed = elements_of(shape);
        if entry.elements() as u64 != needed {
            let message = format!("{name} has the shape {:?} where {needed} values are needed", entry.shape);
            return Err(Error::bad_model(message));
        }
        Ok((&self.files[*file], entry))
    }

    /// A buffer for a weight. One that is too large is the model's fault, not the clip's.
    fn allocate(&self, name: &str, bytes: u64) -> Result<Storage> {
        let advice = "Choose a smaller model, or use another device.";
        self.gpu.require_one_piece(&format!("the weight {name}"), bytes, advice)?;
        self.gpu.allocate(name, bytes)
    }

    async fn read(&self, file: &TensorFile, entry: &TensorEntry, from: usize, length: usize) -> Result<Vec<u8>> {
        let bytes = file.source.read(entry.offset + from as u64, length).await?;
        (self.on_bytes)(length as u64);
        Ok(bytes)
    }
}

/// Bytes of one row of `columns` values.
fn row_bytes(entry: &TensorEntry, columns: usize) -> Result<usize> {
    let elements = entry.data_type.block_elements();
    if !columns.is_multiple_of(elements) {
        return Err(Error::bad_model(format!("{}: rows of {columns} are no whole blocks of {elements}", entry.name)));
    }
    Ok(columns / elements * entry.data_type.block_bytes())
}

/// Whole rows within [`CHUNK_BYTES`]; an even number of blocks, since two scales share a word.
fn rows_per_chunk(row_bytes: usize, columns: usize) -> usize {
    // Types without a kernel become f32 as they are packed, so that counts too.
    let rows = (CHUNK_BYTES / row_bytes.max(4 * columns).max(1)).max(2);
    rows - rows % 2
}

/// [rows, channels, taps] → [rows, taps, channels], elements of `size` bytes.
fn channels_fastest(bytes: &[u8], channels: usize, taps: usize, size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for row in bytes.chunks_exact(channels * taps * size) {
        for tap in 0..taps {
            for channel in 0..channels {
                let at = (channel * taps + tap) * size;
                out.extend_from_slice(&row[at..at + size]);
            }
        }
    }
    out
}
