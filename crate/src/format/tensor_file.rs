//! A weight file of any supported format, opened by reading its header alone.

use std::rc::Rc;

use super::{ByteSource, DataType, gguf, safetensors};
use crate::error::{Error, Result};

/// Where one tensor lies in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorEntry {
    /// Name as written in the file.
    pub name: String,
    /// Element type.
    pub data_type: DataType,
    /// Shape in PyTorch order: the last dimension is the fastest.
    pub shape: Vec<usize>,
    /// First byte, from the start of the file.
    pub offset: u64,
    /// Length in bytes.
    pub bytes: u64,
}

impl TensorEntry {
    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Rows along the first dimension; 1 for a scalar.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Elements in one row: the product of all dimensions but the first.
    pub fn row_elements(&self) -> usize {
        self.shape.iter().skip(1).product()
    }
}

/// An opened weight file: its tensors, and its metadata as JSON values by key.
pub struct TensorFile {
    /// The file's bytes.
    pub source: Rc<dyn ByteSource>,
    /// The tensors, in file order. Every entry lies inside the file.
    pub entries: Vec<TensorEntry>,
    /// Metadata: GGUF key-value pairs or the safetensors `__metadata__`.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

impl TensorFile {
    /// Opens a GGUF or safetensors file, whichever its first bytes say it is, by reading its header.
    ///
    /// # Errors
    /// [`Error::BadModel`] when the file is neither, or malformed; whatever the source fails with.
    pub async fn open(source: Rc<dyn ByteSource>) -> Result<Self> {
        if source.size() < 8 {
            return Err(Error::bad_model("the weight file is empty or cut short: download it again"));
        }
        let magic = source.read(0, 4).await?;
        if magic == b"PK\x03\x04" {
            return Err(Error::bad_model("this is a PyTorch archive (.pth, .pt): convert it to safetensors first"));
        }
        let (entries, metadata) = if magic == gguf::MAGIC {
            let header = gguf::Header::read(source.as_ref()).await?;
            (header.tensors, header.metadata.into_iter().map(|(key, value)| (key, value.into_json())).collect())
        } else {
            let header = safetensors::Header::read(source.as_ref()).await?;
            (header.tensors, header.metadata)
        };
        Ok(Self { source, entries, metadata })
    }

    /// The tensor with exactly this name.
    pub fn find(&self, name: &str) -> Option<&TensorEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Reads a whole tensor as it is stored.
    ///
    /// # Errors
    /// Whatever the source fails with; [`Error::BadModel`] when the tensor is too large for this machine's memory.
    pub async fn read(&self, entry: &TensorEntry) -> Result<Vec<u8>> {
        self.source.read(entry.offset, memory_length(entry, entry.bytes)?).await
    }

    /// Reads `rows` rows along the first dimension, from `first_row`, as they are stored. Rows of quantised tensors
    /// are whole blocks.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the rows are not in the tensor, [`Error::BadModel`] when a row is no whole number of
    /// blocks; whatever the source fails with.
    pub async fn read_rows(&self, entry: &TensorEntry, first_row: usize, rows: usize) -> Result<Vec<u8>> {
        if first_row.checked_add(rows).is_none_or(|end| end > entry.rows()) {
            let all = entry.rows();
            return Err(Error::bad_input(format!("{}: {rows} rows from row {first_row} of {all}", entry.name)));
        }
        let row_bytes = entry.data_type.bytes_of(entry.row_elements() as u64).ok_or_else(|| {
            let (name, kind) = (&entry.name, entry.data_type);
            Error::bad_model(format!("{name}: its rows are no whole {kind} blocks"))
        })?;
        let length = memory_length(entry, row_bytes * rows as u64)?;
        self.source.read(entry.offset + row_bytes * first_row as u64, length).await
    }
}

fn memory_length(entry: &TensorEntry, bytes: u64) -> Result<usize> {
    let too_large = |_| Error::bad_model(format!("{}: {bytes} bytes are too many to read at once", entry.name));
    usize::try_from(bytes).map_err(too_large)
}

/// Checks that tensors, whatever their order, lie between `data_start` and `size` and share no byte.
pub(super) fn check_placement(entries: &[TensorEntry], data_start: u64, size: u64) -> Result<()> {
    for entry in entries {
        if entry.offset.checked_add(entry.bytes).is_none_or(|end| end > size) {
            let name = &entry.name;
            return Err(Error::bad_model(format!("the file ends before the data of {name} does: download it again")));
        }
    }
    let mut by_offset: Vec<&TensorEntry> = entries.iter().filter(|entry| entry.bytes > 0).collect();
    by_offset.sort_by_key(|entry| entry.offset);
    let mut free = data_start;
    for entry in by_offset {
        if entry.offset < free {
            return Err(Error::bad_model(format!("{}: its data overlaps other data of the file", entry.name)));
        }
        free = entry.offset + entry.bytes;
    }
    Ok(())
}

/// Checks that no two tensors share a name.
pub(super) fn check_names(entries: &[TensorEntry]) -> Result<()> {
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::bad_model(format!("the tensor {} is in the file twice", pair[0]))),
        None => Ok(()),
    }
}

/// A shape in memory's integers, and its number of elements.
pub(super) fn checked_shape(name: &str, dimensions: &[u64]) -> Result<(Vec<usize>, u64)> {
    let too_large = || Error::bad_model(format!("{name}: its shape is larger than any memory"));
    let shape: Option<Vec<usize>> = dimensions.iter().map(|dimension| usize::try_from(*dimension).ok()).collect();
    let shape = shape.ok_or_else(too_large)?;
    // A zero dimension must not hide an overflow of the others: rows and row lengths are multiplied separately later.
    let product = dimensions.iter().try_fold(1u64, |product, dimension| product.checked_mul((*dimension).max(1)));
    product.filter(|product| usize::try_from(*product).is_ok()).ok_or_else(too_large)?;
    Ok((shape, dimensions.iter().product()))
}
