//! Reading of headers, out of a growing prefix of the file.

use std::collections::BTreeMap;

use super::{Array, DEFAULT_ALIGNMENT, MAGIC, ORIGINAL_SHAPE, Value};
use crate::error::{Error, Result};
use crate::format::tensor_file::{check_names, check_placement, checked_shape};
use crate::format::{ByteSource, DataType, TensorEntry};

/// Bytes read first; four times as many whenever the header turns out to be longer.
const FIRST_READ: u64 = 256 << 10;

/// Longest header that is read, in bytes. The largest known, with a vocabulary of 256,000 pieces, has 10 MB.
const MAX_HEADER: u64 = 128 << 20;

/// Most values in all metadata arrays together: memory for them is many times their size in the file.
const MAX_VALUES: u64 = 4 << 20;

/// Deepest nesting of metadata arrays.
const MAX_DEPTH: usize = 8;

/// Most dimensions of a tensor. ggml has four; video models carry five.
const MAX_DIMENSIONS: u32 = 8;

/// A parsed header.
#[derive(Debug)]
pub struct Header {
    /// Metadata in file order.
    pub metadata: Vec<(String, Value)>,
    /// Tensors in file order, with PyTorch shapes.
    pub tensors: Vec<TensorEntry>,
}

impl Header {
    /// Reads and checks the header of a file.
    ///
    /// # Errors
    /// [`Error::BadModel`] for anything that is not a well-formed GGUF file of version 2 or 3.
    pub async fn read(source: &dyn ByteSource) -> Result<Self> {
        let size = source.size();
        let limit = size.min(MAX_HEADER);
        let mut bytes = Vec::new();
        loop {
            let have = bytes.len() as u64;
            let want = (have * 4).max(FIRST_READ).min(limit);
            bytes.extend(source.read(have, (want - have) as usize).await?);
            let mut cursor = Cursor { bytes: &bytes, position: 0, size, values: 0 };
            match cursor.header() {
                Ok(header) => return Ok(header),
                Err(Stop::Malformed(error)) => return Err(error),
                Err(Stop::Short) if want < limit => {}
                Err(Stop::Short) if limit < size => return Err(malformed("its header is too long")),
                Err(Stop::Short) => return Err(malformed("it ends inside of its header: download it again")),
            }
        }
    }
}

/// Why parsing stopped.
enum Stop {
    /// The header goes on behind the bytes read so far.
    Short,
    /// The header is not well formed.
    Malformed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Malformed(error)
    }
}

type Parsed<T> = std::result::Result<T, Stop>;

fn malformed(what: impl std::fmt::Display) -> Error {
    Error::bad_model(format!("the GGUF file cannot be read: {what}"))
}

/// A position in the first bytes of a file of `size` bytes.
struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    size: u64,
    /// Array values read so far.
    values: u64,
}

impl<'a> Cursor<'a> {
    fn header(&mut self) -> Parsed<Header> {
        self.magic_and_version()?;
        let tensor_count = self.count(24)?;
        let value_count = self.count(13)?;
        let metadata = self.metadata(value_count)?;
        let mut tensors = Vec::new();
        for _ in 0..tensor_count {
            tensors.push(self.tensor()?);
        }
        let data_start = self.place(&metadata, &mut tensors)?;
        use_original_shapes(&metadata, &mut tensors)?;
        check_names(&tensors)?;
        check_placement(&tensors, data_start, self.size)?;
        Ok(Header { metadata, tensors })
    }

    fn magic_and_version(&mut self) -> Parsed<()> {
        if self.take(4)? != MAGIC {
            return Err(malformed("it does not start with GGUF").into());
        }
        match self.u32()? {
            2 | 3 => Ok(()),
            1 => Err(malformed("version 1 is not supported: convert it with a current llama.cpp").into()),
            version if version & 0xffff == 0 => Err(malformed("it is big-endian; Kinora reads little-endian").into()),
            version => Err(malformed(format!("version {version} is unknown")).into()),
        }
    }

    fn metadata(&mut self, count: u64) -> Parsed<Vec<(String, Value)>> {
        let mut metadata = Vec::new();
        for _ in 0..count {
            let key = self.name()?;
            let kind = self.u32()?;
            metadata.push((key, self.value(kind)?));
        }
        let mut keys: Vec<&str> = metadata.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        match keys.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(malformed(format!("the key {} occurs twice", pair[0])).into()),
            None => Ok(metadata),
        }
    }

    fn value(&mut self, kind: u32) -> Parsed<Value> {
        Ok(match kind {
            0 => Value::U8(self.number(u8::from_le_bytes)?),
            1 => Value::I8(self.number(i8::from_le_bytes)?),
            2 => Value::U16(self.number(u16::from_le_bytes)?),
            3 => Value::I16(self.number(i16::from_le_bytes)?),
            4 => Value::U32(self.number(u32::from_le_bytes)?),
            5 => Value::I32(self.number(i32::from_le_bytes)?),
            6 => Value::F32(self.number(f32::from_le_bytes)?),
            7 => Value::Bool(self.number(u8::from_le_bytes)? != 0),
            8 => Value::String(self.text()?),
            9 => Value::Array(self.array(0)?),
            10 => Value::U64(self.number(u64::from_le_bytes)?),
            11 => Value::I64(self.number(i64::from_le_bytes)?),
            12 => Value::F64(self.number(f64::from_le_bytes)?),
            _ => return Err(malformed(format!("metadata type {kind} is unknown")).into()),
        })
    }

    fn array(&mut self, depth: usize) -> Parsed<Array> {
        if depth == MAX_DEPTH {
            return Err(malformed("its metadata arrays are nested too deeply").into());
        }
        let kind = self.u32()?;
        let smallest = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8,
            9 => 12,
            _ => return Err(malformed(format!("metadata type {kind} is unknown")).into()),
        };
        let length = self.count(smallest)?;
        self.values += length;
        if self.values > MAX_VALUES {
            return Err(malformed("its metadata is too long").into());
        }
        Ok(match kind {
            0 => Array::U8(self.numbers(length, u8::from_le_bytes)?),
            1 => Array::I8(self.numbers(length, i8::from_le_bytes)?),
            2 => Array::U16(self.numbers(length, u16::from_le_bytes)?),
            3 => Array::I16(self.numbers(length, i16::from_le_bytes)?),
            4 => Array::U32(self.numbers(length, u32::from_le_bytes)?),
            5 => Array::I32(self.numbers(length, i32::from_le_bytes)?),
            6 => Array::F32(self.numbers(length, f32::from_le_bytes)?),
            7 => Array::Bool(self.numbers(length, |byte: [u8; 1]| byte != [0])?),
            8 => Array::String(self.repeat(length, Self::text)?),
            9 => Array::Array(self.repeat(length, |cursor| cursor.array(depth + 1))?),
            10 => Array::U64(self.numbers(length, u64::from_le_bytes)?),
            11 => Array::I64(self.numbers(length, i64::from_le_bytes)?),
            _ => Array::F64(self.numbers(length, f64::from_le_bytes)?),
        })
    }

    /// One tensor, its offset still counted from the start of the data.
    fn tensor(&mut self) -> Parsed<TensorEntry> {
        let name = self.name()?;
        let dimension_count = self.u32()?;
        if dimension_count > MAX_DIMENSIONS {
            return Err(malformed(format!("{name} has {dimension_count} dimensions")).into());
        }
        // Stored with the fastest dimension first.
        let stored = self.numbers(dimension_count.into(), u64::from_le_bytes)?;
        let dimensions: Vec<u64> = stored.iter().rev().copied().collect();
        let id = self.u32()?;
        let offset = self.number(u64::from_le_bytes)?;
        let data_type = DataType::from_ggml(id)
            .ok_or_else(|| malformed(format!("{name} has the unknown tensor type {id}; update Kinora")))?;
        let (shape, elements) = checked_shape(&name, &dimensions)?;
        let whole_rows = stored.first().copied().unwrap_or(1).is_multiple_of(data_type.block_elements() as u64);
        let bytes = data_type.bytes_of(elements).filter(|_| whole_rows);
        let bytes = bytes.ok_or_else(|| malformed(format!("the rows of {name} are no whole {data_type} blocks")))?;
        Ok(TensorEntry { name, data_type, shape, offset, bytes })
    }

    /// Turns offsets into positions in the file; returns where the data starts.
    fn place(&self, metadata: &[(String, Value)], tensors: &mut [TensorEntry]) -> Result<u64> {
        let alignment = match metadata.iter().find(|(key, _)| key == "general.alignment") {
            Some((_, value)) => value.as_u64().filter(|alignment| alignment.is_power_of_two()),
            None => Some(DEFAULT_ALIGNMENT),
        };
        let alignment = alignment.ok_or_else(|| malformed("its alignment is no power of two"))?;
        let start = (self.position as u64).checked_next_multiple_of(alignment);
        let start = start.ok_or_else(|| malformed("its alignment is too large"))?;
        for tensor in tensors {
            let aligned = tensor.offset.is_multiple_of(alignment);
            let position = tensor.offset.checked_add(start).filter(|_| aligned);
            let misplaced = || malformed(format!("the data of {} is not where it can be", tensor.name));
            tensor.offset = position.ok_or_else(misplaced)?;
        }
        Ok(start)
    }

    /// A number of things of at least `smallest` bytes each, which must fit into the rest of the file.
    fn count(&mut self, smallest: u64) -> Parsed<u64> {
        let count = self.number(u64::from_le_bytes)?;
        let rest = self.size - self.position as u64;
        match count.checked_mul(smallest) {
            Some(bytes) if bytes <= rest => Ok(count),
            _ => Err(malformed("it is shorter than its header says: download it again").into()),
        }
    }

    fn repeat<T>(&mut self, count: u64, mut read: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(read(self)?);
        }
        Ok(values)
    }

    fn numbers<T, const N: usize>(&mut self, count: u64, decode: impl Fn([u8; N]) -> T) -> Parsed<Vec<T>> {
        let bytes = self.take(count.saturating_mul(N as u64))?;
        let (values, _) = bytes.as_chunks::<N>();
        Ok(values.iter().map(|value| decode(*value)).collect())
    }

    fn number<T, const N: usize>(&mut self, decode: impl Fn([u8; N]) -> T) -> Parsed<T> {
        let bytes = self.take(N as u64)?;
        let (values, _) = bytes.as_chunks::<N>();
        values.first().map(|value| decode(*value)).ok_or(Stop::Short)
    }

    fn u32(&mut self) -> Parsed<u32> {
        self.number(u32::from_le_bytes)
    }

    /// A string that names something: it must be UTF-8.
    fn name(&mut self) -> Parsed<String> {
        let length = self.count(1)?;
        let text = std::str::from_utf8(self.take(length)?);
        text.map(str::to_owned).map_err(|_| malformed("a name is not UTF-8").into())
    }

    /// A string. Pieces of vocabularies may be cut inside of a character: such bytes are replaced.
    fn text(&mut self) -> Parsed<String> {
        let length = self.count(1)?;
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn take(&mut self, length: u64) -> Parsed<&'a [u8]> {
        if length > self.size - self.position as u64 {
            return Err(malformed("it is shorter than its header says: download it again").into());
        }
        let end = usize::try_from(length).ok().and_then(|length| self.position.checked_add(length));
        let taken = end.and_then(|end| Some((end, self.bytes.get(self.position..end)?)));
        let (end, taken) = taken.ok_or(Stop::Short)?;
        self.position = end;
        Ok(taken)
    }
}

/// Replaces the stored dimensions of reshaped tensors by their PyTorch shapes.
fn use_original_shapes(metadata: &[(String, Value)], tensors: &mut [TensorEntry]) -> Result<()> {
    let shapes: BTreeMap<&str, &Value> =
        metadata.iter().filter_map(|(key, value)| Some((key.strip_prefix(ORIGINAL_SHAPE)?, value))).collect();
    if shapes.is_empty() {
        return Ok(());
    }
    for tensor in tensors {
        let Some(value) = shapes.get(tensor.name.as_str()) else { continue };
        let dimensions = match value {
            Value::Array(array) => array.as_u64s(),
            _ => None,
        };
        let wrong = || malformed(format!("the original shape of {} does not match its data", tensor.name));
        let dimensions = dimensions.ok_or_else(wrong)?;
        let (shape, elements) = checked_shape(&tensor.name, &dimensions)?;
        if elements != tensor.elements() as u64 || shape.len() > MAX_DIMENSIONS as usize {
            return Err(wrong());
        }
        tensor.shape = shape;
    }
    Ok(())
}
