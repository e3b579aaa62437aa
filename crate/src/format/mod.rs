//! Model files as they are found in public: GGUF, safetensors and the model manifest, read by byte range.

mod byte_source;
mod data_type;
mod tensor_file;

pub use byte_source::{ByteSource, MemorySource};
pub use data_type::DataType;
pub use tensor_file::{TensorEntry, TensorFile};
