//! Files of the operating system.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use futures::future::LocalBoxFuture;

use super::ByteSource;
use crate::error::{Error, Result};

/// A file on disk.
#[derive(Debug)]
pub struct FileSource {
    file: RefCell<File>,
    size: u64,
    path: String,
}

impl FileSource {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`Error::Storage`] when it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let name = path.as_ref().display().to_string();
        let storage = |error| Error::Storage(format!("{name} cannot be read: {error}"));
        let file = File::open(path.as_ref()).map_err(storage)?;
        let details = file.metadata().map_err(storage)?;
        if !details.is_file() {
            return Err(Error::Storage(format!("{name} is not a file")));
        }
        Ok(Self { file: RefCell::new(file), size: details.len(), path: name })
    }

    fn read_now(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        if offset.checked_add(length as u64).is_none_or(|end| end > self.size) {
            return Err(Error::bad_model(format!("{} ends before its data does", self.path)));
        }
        let mut file = self.file.borrow_mut();
        let mut bytes = vec![0; length];
        let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|error| Error::Storage(format!("{} cannot be read: {error}", self.path)))?;
        Ok(bytes)
    }
}

impl ByteSource for FileSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&self, offset: u64, length: usize) -> LocalBoxFuture<'_, Result<Vec<u8>>> {
        Box::pin(async move { self.read_now(offset, length) })
    }
}
