//! Where the bytes of a model file come from: a disk, a browser's private file system, memory.

use futures::future::LocalBoxFuture;

use crate::error::{Error, Result};

/// A file that is read by range and never as a whole.
pub trait ByteSource {
    /// Length of the file in bytes.
    fn size(&self) -> u64;

    /// Reads exactly `length` bytes from `offset` (bytes).
    ///
    /// # Errors
    /// [`Error::BadModel`] when the range leaves the file, [`Error::Storage`] when reading fails.
    fn read(&self, offset: u64, length: usize) -> LocalBoxFuture<'_, Result<Vec<u8>>>;
}

/// Bytes that are in memory already: tests and small files.
#[derive(Debug, Clone)]
pub struct MemorySource(pub Vec<u8>);

impl ByteSource for MemorySource {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, offset: u64, length: usize) -> LocalBoxFuture<'_, Result<Vec<u8>>> {
        let range = usize::try_from(offset).ok().and_then(|start| Some(start..start.checked_add(length)?));
        let bytes = range.and_then(|range| self.0.get(range)).map(<[u8]>::to_vec);
        Box::pin(async move { bytes.ok_or_else(|| Error::bad_model("the file ends before its data does")) })
    }
}
