//! GGUF files (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>), versions 2 and 3, little endian.

mod reader;
mod value;
mod writer;

pub use reader::Header;
pub use value::{Array, Value};
pub use writer::{PlannedTensor, Writer};

/// First bytes of every GGUF file.
pub const MAGIC: &[u8; 4] = b"GGUF";

/// Alignment of tensor data, in bytes, where the file names none.
pub const DEFAULT_ALIGNMENT: u64 = 32;

/// Metadata key prefix of PyTorch shapes that differ from the stored dimensions (5-D weights stored as matrices).
pub const ORIGINAL_SHAPE: &str = "comfy.gguf.orig_shape.";
