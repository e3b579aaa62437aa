//! Typed metadata values.

use serde_json::Value as Json;

/// A metadata value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names are the types")]
pub enum Value {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    String(String),
    Array(Array),
    U64(u64),
    I64(i64),
    F64(f64),
}

/// An array of one type of value, which may be an array again.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names are the types")]
pub enum Array {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    Bool(Vec<bool>),
    String(Vec<String>),
    Array(Vec<Array>),
    U64(Vec<u64>),
    I64(Vec<i64>),
    F64(Vec<f64>),
}

impl Value {
    /// The same value as JSON. Numbers that JSON lacks (NaN, infinities) become `null`.
    pub fn into_json(self) -> Json {
        match self {
            Self::U8(value) => value.into(),
            Self::I8(value) => value.into(),
            Self::U16(value) => value.into(),
            Self::I16(value) => value.into(),
            Self::U32(value) => value.into(),
            Self::I32(value) => value.into(),
            Self::F32(value) => value.into(),
            Self::Bool(value) => value.into(),
            Self::String(value) => value.into(),
            Self::Array(value) => value.into_json(),
            Self::U64(value) => value.into(),
            Self::I64(value) => value.into(),
            Self::F64(value) => value.into(),
        }
    }

    /// A whole number of any width, if this is one and not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::U8(value) => Some(value.into()),
            Self::U16(value) => Some(value.into()),
            Self::U32(value) => Some(value.into()),
            Self::U64(value) => Some(value),
            Self::I8(value) => value.try_into().ok(),
            Self::I16(value) => value.try_into().ok(),
            Self::I32(value) => value.try_into().ok(),
            Self::I64(value) => value.try_into().ok(),
            _ => None,
        }
    }
}

impl Array {
    fn into_json(self) -> Json {
        match self {
            Self::U8(values) => values.into(),
            Self::I8(values) => values.into(),
            Self::U16(values) => values.into(),
            Self::I16(values) => values.into(),
            Self::U32(values) => values.into(),
            Self::I32(values) => values.into(),
            Self::F32(values) => values.into(),
            Self::Bool(values) => values.into(),
            Self::String(values) => values.into(),
            Self::Array(values) => values.into_iter().map(Self::into_json).collect(),
            Self::U64(values) => values.into(),
            Self::I64(values) => values.into(),
            Self::F64(values) => values.into(),
        }
    }

    /// Whole, non-negative numbers of any width, if this array holds only such.
    pub fn as_u64s(&self) -> Option<Vec<u64>> {
        match self {
            Self::U8(values) => Some(values.iter().map(|value| u64::from(*value)).collect()),
            Self::U16(values) => Some(values.iter().map(|value| u64::from(*value)).collect()),
            Self::U32(values) => Some(values.iter().map(|value| u64::from(*value)).collect()),
            Self::U64(values) => Some(values.clone()),
            Self::I8(values) => values.iter().map(|value| u64::try_from(*value).ok()).collect(),
            Self::I16(values) => values.iter().map(|value| u64::try_from(*value).ok()).collect(),
            Self::I32(values) => values.iter().map(|value| u64::try_from(*value).ok()).collect(),
            Self::I64(values) => values.iter().map(|value| u64::try_from(*value).ok()).collect(),
            _ => None,
        }
    }
}
