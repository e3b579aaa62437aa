//! Writing of GGUF files, version 3, tensor by tensor.

use std::io::{self, Write};

use super::{Array, DEFAULT_ALIGNMENT, MAGIC, Value};
use crate::format::DataType;

/// A tensor that will be written: its header entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTensor {
    /// Name in the file.
    pub name: String,
    /// Element type; one that has a number in GGUF.
    pub data_type: DataType,
    /// Shape in PyTorch order.
    pub shape: Vec<usize>,
}

impl PlannedTensor {
    /// Length of the data in bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] when rows are no whole number of blocks.
    pub fn bytes(&self) -> io::Result<u64> {
        let row = self.shape.last().copied().unwrap_or(1) as u64;
        let rows: u64 = self.shape.iter().rev().skip(1).map(|dimension| *dimension as u64).product();
        let bytes = self.data_type.bytes_of(row).and_then(|bytes| bytes.checked_mul(rows));
        bytes.ok_or_else(|| invalid(format!("{}: rows of {row} are no whole {} blocks", self.name, self.data_type)))
    }
}

/// Writes a file: the header when it is made, then the data of every planned tensor in order.
pub struct Writer<W: Write> {
    out: W,
    /// Bytes of data still to come of each planned tensor, the next one last.
    remaining: Vec<u64>,
    /// Bytes of padding behind each of them, the next one last.
    padding: Vec<u64>,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::InvalidInput`] for a tensor that GGUF cannot hold.
    pub fn new(mut out: W, metadata: &[(String, Value)], tensors: &[PlannedTensor]) -> io::Result<Self> {
        let mut header = Vec::new();
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&3u32.to_le_bytes());
        header.extend_from_slice(&(tensors.len() as u64).to_le_bytes());
        header.extend_from_slice(&(metadata.len() as u64).to_le_bytes());
        for (key, value) in metadata {
            put_text(&mut header, key);
            put_value(&mut header, value);
        }
        let mut offset = 0u64;
        let (mut remaining, mut padding) = (Vec::new(), Vec::new());
        for tensor in tensors {
            put_tensor(&mut header, tensor, offset)?;
            let bytes = tensor.bytes()?;
            let end = bytes.next_multiple_of(DEFAULT_ALIGNMENT);
            offset += end;
            remaining.push(bytes);
            padding.push(end - bytes);
        }
        header.resize(header.len().next_multiple_of(DEFAULT_ALIGNMENT as usize), 0);
        out.write_all(&header)?;
        remaining.reverse();
        padding.reverse();
        Ok(Self { out, remaining, padding })
    }

    /// Writes the next bytes of the current tensor.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::InvalidInput`] when the tensor is shorter than that.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(remaining) = self.remaining.last_mut() else { return Err(invalid("all tensors are written".into())) };
        *remaining = remaining
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| invalid("more data than the tensor was planned with".into()))?;
        self.out.write_all(bytes)?;
        Ok(())
    }

    /// Ends the current tensor.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::InvalidInput`] when data is missing.
    pub fn end_tensor(&mut self) -> io::Result<()> {
        match (self.remaining.pop(), self.padding.pop()) {
            (Some(0), Some(padding)) => self.out.write_all(&vec![0; padding as usize]),
            _ => Err(invalid("less data than the tensor was planned with".into())),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::InvalidInput`] when a tensor is missing.
    pub fn finish(mut self) -> io::Result<W> {
        if !self.remaining.is_empty() {
            return Err(invalid("not all planned tensors are written".into()));
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn put_tensor(header: &mut Vec<u8>, tensor: &PlannedTensor, offset: u64) -> io::Result<()> {
    let unknown = || invalid(format!("{}: GGUF knows no type {}", tensor.name, tensor.data_type));
    let id = tensor.data_type.to_ggml().ok_or_else(unknown)?;
    put_text(header, &tensor.name);
    header.extend_from_slice(&(tensor.shape.len() as u32).to_le_bytes());
    for dimension in tensor.shape.iter().rev() {
        header.extend_from_slice(&(*dimension as u64).to_le_bytes());
    }
    header.extend_from_slice(&id.to_le_bytes());
    header.extend_from_slice(&offset.to_le_bytes());
    Ok(())
}

fn put_text(header: &mut Vec<u8>, text: &str) {
    header.extend_from_slice(&(text.len() as u64).to_le_bytes());
    header.extend_from_slice(text.as_bytes());
}

fn put_value(header: &mut Vec<u8>, value: &Value) {
    let kind: u32 = match value {
        Value::U8(_) => 0,
        Value::I8(_) => 1,
        Value::U16(_) => 2,
        Value::I16(_) => 3,
        Value::U32(_) => 4,
        Value::I32(_) => 5,
        Value::F32(_) => 6,
        Value::Bool(_) => 7,
        Value::String(_) => 8,
        Value::Array(_) => 9,
        Value::U64(_) => 10,
        Value::I64(_) => 11,
        Value::F64(_) => 12,
    };
    header.extend_from_slice(&kind.to_le_bytes());
    match value {
        Value::U8(value) => header.extend_from_slice(&value.to_le_bytes()),
        Value::I8(value) => header.extend_from_slice(&value.to_le_bytes()),
        Value::U16(value) => header.extend_from_slice(&value.to_le_bytes()),
        Value::I16(value) => header.extend_from_slice(&value.to_le_bytes()),
        Value::U32(value) => header.extend_from_slice(&value.to_le_bytes()),
        Value::I32(value) => header.extend_from_slice(&value.to_le_bytes()),
        Value::F32(value) => header.extend_from_slice(&value.to_le_bytes()),
        Value::Bool(value) => header.push(u8::from(*value)),
        Value::String(value) => put_text(header, value),
        Value::Array(value) => put_array(header, value),
        Value::U64(value) => header.extend_from_slice(&value.to_le_bytes()),
        Value::I64(value) => header.extend_from_slice(&value.to_le_bytes()),
        Value::F64(value) => header.extend_from_slice(&value.to_le_bytes()),
    }
}

fn put_array(header: &mut Vec<u8>, array: &Array) {
    let mut put = |kind: u32, length: usize, bytes: &mut dyn Iterator<Item = u8>| {
        header.extend_from_slice(&kind.to_le_bytes());
        header.extend_from_slice(&(length as u64).to_le_bytes());
        header.extend(bytes);
    };
    match array {
        Array::U8(values) => put(0, values.len(), &mut values.iter().copied()),
        Array::I8(values) => put(1, values.len(), &mut values.iter().flat_map(|value| value.to_le_bytes())),
        Array::U16(values) => put(2, values.len(), &mut values.iter().flat_map(|value| value.to_le_bytes())),
        Array::I16(values) => put(3, values.len(), &mut values.iter().flat_map(|value| value.to_le_bytes())),
        Array::U32(values) => put(4, values.len(), &mut values.iter().flat_map(|value| value.to_le_bytes())),
        Array::I32(values) => put(5, values.len(), &mut values.iter().flat_map(|value| value.to_le_bytes())),
        Array::F32(values) => put(6, values.len(), &mut values.iter().flat_map(|value| value.to_le_bytes())),
        Array::Bool(values) => put(7, values.len(), &mut values.iter().map(|value| u8::from(*value))),
        Array::U64(values) => put(10, values.len(), &mut values.iter().flat_map(|value| value.to_le_bytes())),
        Array::I64(values) => put(11, values.len(), &mut values.iter().flat_map(|value| value.to_le_bytes())),
        Array::F64(values) => put(12, values.len(), &mut values.iter().flat_map(|value| value.to_le_bytes())),
        Array::String(values) => {
            put(8, values.len(), &mut std::iter::empty());
            values.iter().for_each(|value| put_text(header, value));
        }
        Array::Array(values) => {
            put(9, values.len(), &mut std::iter::empty());
            values.iter().for_each(|value| put_array(header, value));
        }
    }
}
