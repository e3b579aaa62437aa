//! Model files as they are found in public: GGUF, safetensors and the model manifest, read by byte range.

mod byte_source;
mod data_type;
#[cfg(not(target_arch = "wasm32"))]
mod file_source;
pub mod gguf;
pub mod manifest;
mod rename;
mod safetensors;
mod tensor_file;

pub use byte_source::{ByteSource, MemorySource};
pub use data_type::{DataType, OtherType};
#[cfg(not(target_arch = "wasm32"))]
pub use file_source::FileSource;
pub use manifest::Manifest;
pub(crate) use rename::{indexed, renamed_start};
pub use tensor_file::{TensorEntry, TensorFile};
