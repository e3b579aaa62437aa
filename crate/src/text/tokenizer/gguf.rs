//! Tokenizers in the metadata of GGUF files: `tokenizer.ggml.*`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::sentencepiece::{Vocabulary, kind};
use super::{Tokenizer, malformed};
use crate::error::Result;

pub(super) fn read(metadata: &Map<String, Value>) -> Result<Tokenizer> {
    let value = |key: &str| metadata.get(&format!("tokenizer.ggml.{key}"));
    let list = |key: &str| value(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let flag = |key: &str, default: bool| value(key).and_then(Value::as_bool).unwrap_or(default);
    let id = |key: &str| value(key).and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    match value("model").and_then(Value::as_str) {
        Some("t5") => {}
        Some(model) => return Err(malformed(format!("it is a \"{model}\" tokenizer; Kinora runs \"t5\""))),
        None => return Err(malformed("the file holds none")),
    }
    let (tokens, scores, kinds) = (list("tokens"), list("scores"), list("token_type"));
    if scores.len() != tokens.len() || (!kinds.is_empty() && kinds.len() != tokens.len()) {
        return Err(malformed("its pieces, scores and types are not equally many"));
    }
    let piece = |i: usize| -> Option<(String, f64, u64)> {
        let kind = kinds.get(i).map_or(Some(kind::NORMAL), Value::as_u64)?;
        Some((tokens[i].as_str()?.to_owned(), scores[i].as_f64()?, kind))
    };
    let pieces: Option<Vec<_>> = (0..tokens.len()).map(piece).collect();
    let end = id("eos_token_id").filter(|_| flag("add_eos_token", true));
    let vocabulary = Vocabulary {
        pieces: pieces.ok_or_else(|| malformed("a piece is not a text with a score"))?,
        unknown: id("unknown_token_id"),
        end,
        charsmap: charsmap(value("precompiled_charsmap"))?,
        add_prefix_space: flag("add_space_prefix", true),
        remove_extra_spaces: flag("remove_extra_whitespaces", true),
    };
    vocabulary.into_tokenizer()
}

/// An array of bytes, signed or not; a few files hold them as base64.
fn charsmap(value: Option<&Value>) -> Result<Vec<u8>> {
    let bytes = match value {
        None => Some(Vec::new()),
        Some(Value::String(text)) => STANDARD.decode(text).ok(),
        Some(Value::Array(values)) => values.iter().map(byte).collect(),
        Some(_) => None,
    };
    bytes.ok_or_else(|| malformed("its character map is no list of bytes"))
}

fn byte(value: &Value) -> Option<u8> {
    let number = value.as_i64()?;
    u8::try_from(number).ok().or_else(|| i8::try_from(number).ok().map(i8::cast_unsigned))
}
