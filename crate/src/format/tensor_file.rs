//! A weight file of any supported format, opened by reading its header alone.

use std::rc::Rc;

use super::{ByteSource, DataType};

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

/// An opened weight file: its tensors, and its metadata as JSON values by key.
pub struct TensorFile {
    /// The file's bytes.
    pub source: Rc<dyn ByteSource>,
    /// The tensors, in file order. Every entry lies inside the file.
    pub entries: Vec<TensorEntry>,
    /// Metadata: GGUF key-value pairs or the safetensors `__metadata__`.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}
