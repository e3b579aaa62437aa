//! Headers of safetensors files (<https://huggingface.co/docs/safetensors>).
//!
//! The `safetensors` crate counts bytes in `usize`, which is 32 bits wide in a browser: a text encoder of 11 GB in one
//! file could not be opened there. The header is therefore read here, with 64-bit offsets and the crate's rules.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Error as _, MapAccess, Visitor};

use super::tensor_file::{check_placement, checked_shape};
use super::{ByteSource, DataType, TensorEntry};
use crate::error::{Error, Result};

/// Longest header that is read, in bytes: that of the reference implementation.
const MAX_HEADER: u64 = 100_000_000;

/// Bytes of the header's length, in front of it.
const LENGTH_BYTES: u64 = 8;

/// A parsed header.
pub(crate) struct Header {
    pub(crate) tensors: Vec<TensorEntry>,
    pub(crate) metadata: serde_json::Map<String, serde_json::Value>,
}

impl Header {
    /// Reads and checks the header of a file.
    pub(crate) async fn read(source: &dyn ByteSource) -> Result<Self> {
        let size = source.size();
        let bad = || Error::bad_model("this is neither a GGUF nor a safetensors file, or it is cut short");
        let prefix: [u8; 8] = source.read(0, LENGTH_BYTES as usize).await?.try_into().map_err(|_| bad())?;
        let length = u64::from_le_bytes(prefix);
        if length > MAX_HEADER || length > size.saturating_sub(LENGTH_BYTES) || length < 2 {
            return Err(bad());
        }
        let bytes = source.read(LENGTH_BYTES, length as usize).await?;
        let header: RawHeader = serde_json::from_slice(&bytes)
            .map_err(|error| Error::bad_model(format!("the safetensors header is malformed: {error}")))?;
        header.check(LENGTH_BYTES + length, size)
    }
}

#[derive(Deserialize)]
struct RawTensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

#[derive(Default)]
struct RawHeader {
    metadata: Option<BTreeMap<String, String>>,
    tensors: BTreeMap<String, RawTensor>,
}

impl RawHeader {
    fn check(self, data_start: u64, size: u64) -> Result<Header> {
        let mut tensors = self
            .tensors
            .into_iter()
            .map(|(name, tensor)| tensor.check(name, data_start))
            .collect::<Result<Vec<TensorEntry>>>()?;
        tensors.sort_by_key(|entry| (entry.offset, entry.bytes));
        check_placement(&tensors, data_start, size)?;
        check_gapless(&tensors, data_start, size)?;
        let metadata = self.metadata.unwrap_or_default();
        Ok(Header { tensors, metadata: metadata.into_iter().map(|(key, value)| (key, value.into())).collect() })
    }
}

impl RawTensor {
    fn check(self, name: String, data_start: u64) -> Result<TensorEntry> {
        let data_type = DataType::from_safetensors(&self.dtype)
            .ok_or_else(|| Error::bad_model(format!("{name}: unknown tensor type {}", self.dtype)))?;
        let (shape, elements) = checked_shape(&name, &self.shape)?;
        let (start, end) = self.data_offsets;
        let offset = start.checked_add(data_start);
        let bytes = data_type.bytes_of(elements).filter(|bytes| start.checked_add(*bytes) == Some(end));
        match (offset, bytes) {
            (Some(offset), Some(bytes)) => Ok(TensorEntry { name, data_type, shape, offset, bytes }),
            _ => Err(Error::bad_model(format!("{name}: its place in the file does not match its shape"))),
        }
    }
}

/// The format knows no bytes outside of tensors: a gap or a tail means that the file is not what it says.
fn check_gapless(sorted: &[TensorEntry], data_start: u64, size: u64) -> Result<()> {
    let mut end = data_start;
    for entry in sorted {
        if entry.offset != end {
            return Err(Error::bad_model(format!("there is a gap in the file before {}", entry.name)));
        }
        end = entry.offset + entry.bytes;
    }
    match end == size {
        true => Ok(()),
        false => Err(Error::bad_model("the file is longer than its tensors: download it again")),
    }
}

impl<'de> Deserialize<'de> for RawHeader {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

/// Reads the header's one object, whose keys are names of tensors or `__metadata__`; refuses keys that occur twice.
struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = RawHeader;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<RawHeader, A::Error> {
        let mut header = RawHeader::default();
        while let Some(key) = map.next_key::<String>()? {
            let twice = if key == "__metadata__" {
                let metadata = map.next_value::<Option<BTreeMap<String, String>>>()?.unwrap_or_default();
                header.metadata.replace(metadata).is_some()
            } else {
                header.tensors.insert(key.clone(), map.next_value()?).is_some()
            };
            if twice {
                return Err(A::Error::custom(format_args!("{key} occurs twice")));
            }
        }
        Ok(header)
    }
}
