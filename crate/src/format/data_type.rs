//! Element types of tensors in files.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Element type of a stored tensor. Quantised types store blocks of elements along the fastest dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(non_camel_case_types, missing_docs, reason = "the names are those of the GGUF specification")]
pub enum DataType {
    F32,
    F16,
    BF16,
    Q8_0,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    Bool,
    /// A type that files hold and that Kinora does not compute with.
    Other(OtherType),
}

/// Layout of a type that files hold and that Kinora does not compute with: enough to find its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OtherType {
    /// Name in the specification of the file format.
    pub name: &'static str,
    /// Elements in one block.
    pub block_elements: usize,
    /// Bytes of one block.
    pub block_bytes: usize,
}

const fn other(name: &'static str, block_elements: usize, block_bytes: usize) -> DataType {
    DataType::Other(OtherType { name, block_elements, block_bytes })
}

/// Number in GGUF files (`enum ggml_type`) of every type that has one.
const GGML_TYPES: [(u32, DataType); 34] = [
    (0, DataType::F32),
    (1, DataType::F16),
    (2, DataType::Q4_0),
    (3, DataType::Q4_1),
    (6, DataType::Q5_0),
    (7, DataType::Q5_1),
    (8, DataType::Q8_0),
    (9, other("Q8_1", 32, 40)),
    (10, DataType::Q2_K),
    (11, DataType::Q3_K),
    (12, DataType::Q4_K),
    (13, DataType::Q5_K),
    (14, DataType::Q6_K),
    (15, other("Q8_K", 256, 292)),
    (16, other("IQ2_XXS", 256, 66)),
    (17, other("IQ2_XS", 256, 74)),
    (18, other("IQ3_XXS", 256, 98)),
    (19, other("IQ1_S", 256, 50)),
    (20, other("IQ4_NL", 32, 18)),
    (21, other("IQ3_S", 256, 110)),
    (22, other("IQ2_S", 256, 82)),
    (23, other("IQ4_XS", 256, 136)),
    (24, DataType::I8),
    (25, DataType::I16),
    (26, DataType::I32),
    (27, DataType::I64),
    (28, DataType::F64),
    (29, other("IQ1_M", 256, 56)),
    (30, DataType::BF16),
    (34, other("TQ1_0", 256, 54)),
    (35, other("TQ2_0", 256, 66)),
    (39, other("MXFP4", 32, 17)),
    (40, other("NVFP4", 64, 36)),
    (41, other("Q1_0", 128, 18)),
];

impl DataType {
    /// The type with this number in GGUF files, if there is one.
    pub fn from_ggml(id: u32) -> Option<Self> {
        GGML_TYPES.iter().find(|(known, _)| *known == id).map(|(_, data_type)| *data_type)
    }

    /// Number of this type in GGUF files, if it has one.
    pub fn to_ggml(self) -> Option<u32> {
        GGML_TYPES.iter().find(|(_, known)| *known == self).map(|(id, _)| *id)
    }

    /// The type with this name in safetensors files, if there is one.
    pub fn from_safetensors(name: &str) -> Option<Self> {
        Some(match name {
            "F32" => Self::F32,
            "F16" => Self::F16,
            "BF16" => Self::BF16,
            "F64" => Self::F64,
            "I8" => Self::I8,
            "I16" => Self::I16,
            "I32" => Self::I32,
            "I64" => Self::I64,
            "U8" => Self::U8,
            "BOOL" => Self::Bool,
            "U16" => other("U16", 1, 2),
            "U32" => other("U32", 1, 4),
            "U64" => other("U64", 1, 8),
            "C64" => other("C64", 1, 8),
            "F8_E4M3" => other("F8_E4M3", 1, 1),
            "F8_E5M2" => other("F8_E5M2", 1, 1),
            "F8_E8M0" => other("F8_E8M0", 1, 1),
            "F8_E4M3FNUZ" => other("F8_E4M3FNUZ", 1, 1),
            "F8_E5M2FNUZ" => other("F8_E5M2FNUZ", 1, 1),
            "F6_E2M3" => other("F6_E2M3", 4, 3),
            "F6_E3M2" => other("F6_E3M2", 4, 3),
            "F4" => other("F4", 2, 1),
            _ => return None,
        })
    }

    /// Name in the specification of the file format.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::Q8_0 => "Q8_0",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q5_0 => "Q5_0",
            Self::Q5_1 => "Q5_1",
            Self::Q2_K => "Q2_K",
            Self::Q3_K => "Q3_K",
            Self::Q4_K => "Q4_K",
            Self::Q5_K => "Q5_K",
            Self::Q6_K => "Q6_K",
            Self::F64 => "F64",
            Self::I8 => "I8",
            Self::I16 => "I16",
            Self::I32 => "I32",
            Self::I64 => "I64",
            Self::U8 => "U8",
            Self::Bool => "BOOL",
            Self::Other(other) => other.name,
        }
    }

    /// Elements in one block: 1 for plain types, 32 or 256 for quantised ones.
    pub fn block_elements(self) -> usize {
        match self {
            Self::Q8_0 | Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 => 32,
            Self::Q2_K | Self::Q3_K | Self::Q4_K | Self::Q5_K | Self::Q6_K => 256,
            Self::Other(other) => other.block_elements,
            _ => 1,
        }
    }

    /// Bytes of one block.
    pub fn block_bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q2_K => 84,
            Self::Q3_K => 110,
            Self::Q4_K => 144,
            Self::Q5_K => 176,
            Self::Q6_K => 210,
            Self::Other(other) => other.block_bytes,
        }
    }

    /// Bytes of `elements` elements; `None` when they are no whole number of blocks, or too many to count.
    pub fn bytes_of(self, elements: u64) -> Option<u64> {
        let block = self.block_elements() as u64;
        (elements.is_multiple_of(block)).then(|| (elements / block).checked_mul(self.block_bytes() as u64)).flatten()
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DataType {
    type Err = Error;

    /// The type with this name, in upper or lower case, as people write it on a command line: `q8_0`, `f16`.
    fn from_str(name: &str) -> Result<Self> {
        let upper = name.to_ascii_uppercase();
        let named = |data_type: &DataType| !matches!(data_type, Self::Other(_)) && data_type.name() == upper;
        GGML_TYPES
            .iter()
            .map(|(_, data_type)| *data_type)
            .find(named)
            .ok_or_else(|| Error::bad_input(format!("There is no tensor type \"{name}\".")))
    }
}
