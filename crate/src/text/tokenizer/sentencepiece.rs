//! SentencePiece `.model` files: a protocol buffer of type `ModelProto`
//! (<https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto>).

use super::charsmap::Charsmap;
use super::normalizer::{Normalizer, SPACE, Splitter};
use super::unigram::Unigram;
use super::{Tokenizer, malformed};
use crate::error::Result;

/// Kinds of pieces, in `.model` files as in GGUF's `token_type`.
pub(super) mod kind {
    pub(crate) const NORMAL: u64 = 1;
    pub(crate) const UNKNOWN: u64 = 2;
    pub(crate) const CONTROL: u64 = 3;
    pub(crate) const USER_DEFINED: u64 = 4;
    pub(crate) const UNUSED: u64 = 5;
}

/// What `.model` files and GGUF metadata both say about a tokenizer.
pub(super) struct Vocabulary {
    /// Text, score and kind of every piece; the index is the id.
    pub(super) pieces: Vec<(String, f64, u64)>,
    pub(super) unknown: Option<u32>,
    pub(super) end: Option<u32>,
    pub(super) charsmap: Vec<u8>,
    pub(super) add_prefix_space: bool,
    pub(super) remove_extra_spaces: bool,
}

impl Vocabulary {
    /// The tokenizer that transformers makes of such a vocabulary.
    pub(super) fn into_tokenizer(self) -> Result<Tokenizer> {
        let first_unknown = self.pieces.iter().position(|piece| piece.2 == kind::UNKNOWN).map(|id| id as u32);
        let unknown = self.unknown.or(first_unknown).ok_or_else(|| malformed("it has no unknown token"))?;
        let is_special = |kind: u64| matches!(kind, kind::UNKNOWN | kind::CONTROL | kind::USER_DEFINED);
        let numbered = || self.pieces.iter().zip(0u32..);
        let special = numbered().filter(|(piece, _)| is_special(piece.2)).map(|(piece, id)| (piece.0.clone(), id));
        let pieces = numbered().filter(|(piece, _)| piece.2 != kind::UNUSED);
        let model = Unigram::new(pieces.map(|(piece, id)| (piece.0.clone(), id, piece.1)), unknown)?;
        let mut normalizer = Vec::new();
        if !self.charsmap.is_empty() {
            normalizer.push(Normalizer::Charsmap(Charsmap::new(&self.charsmap)?));
        }
        if self.remove_extra_spaces {
            normalizer.push(Normalizer::Strip { left: false, right: true });
            normalizer.push(Normalizer::ReplaceSpaces(SPACE.to_string()));
        }
        let splitter = Splitter { at_whitespace: false, prepend: self.add_prefix_space, at_space: true };
        let suffix = self.end.into_iter().collect();
        Ok(Tokenizer::new(special.collect(), normalizer, splitter, model, (Vec::new(), suffix)))
    }
}

/// `TrainerSpec.model_type` of unigram models.
const UNIGRAM: u64 = 1;

pub(super) fn read(bytes: &[u8]) -> Result<Tokenizer> {
    let mut vocabulary = Vocabulary {
        pieces: Vec::new(),
        unknown: None,
        end: None,
        charsmap: Vec::new(),
        add_prefix_space: true,
        remove_extra_spaces: true,
    };
    let mut model_type = UNIGRAM;
    for field in fields(bytes) {
        match field? {
            (1, Field::Bytes(piece)) => vocabulary.pieces.push(read_piece(piece)?),
            (2, Field::Bytes(trainer)) => {
                for field in fields(trainer) {
                    match field? {
                        (3, Field::Number(number)) => model_type = number,
                        (40, Field::Number(id)) => vocabulary.unknown = u32::try_from(id).ok(),
                        (42, Field::Number(id)) => vocabulary.end = u32::try_from(id).ok(),
                        _ => {}
                    }
                }
            }
            (3, Field::Bytes(normalizer)) => {
                for field in fields(normalizer) {
                    match field? {
                        (2, Field::Bytes(map)) => vocabulary.charsmap = map.to_vec(),
                        (3, Field::Number(flag)) => vocabulary.add_prefix_space = flag != 0,
                        (4, Field::Number(flag)) => vocabulary.remove_extra_spaces = flag != 0,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    if model_type != UNIGRAM {
        return Err(malformed("it is no unigram model"));
    }
    if vocabulary.end.is_none() {
        let end = vocabulary.pieces.iter().position(|piece| piece.0 == "</s>");
        vocabulary.end = end.map(|id| id as u32);
    }
    vocabulary.into_tokenizer()
}

fn read_piece(bytes: &[u8]) -> Result<(String, f64, u64)> {
    let mut piece = (String::new(), 0.0, kind::NORMAL);
    for field in fields(bytes) {
        match field? {
            (1, Field::Bytes(text)) => {
                let text = std::str::from_utf8(text).map_err(|_| malformed("a piece is not UTF-8"))?;
                piece.0 = text.to_owned();
            }
            (2, Field::Word(score)) => piece.1 = f64::from(f32::from_bits(score)),
            (3, Field::Number(kind)) => piece.2 = kind,
            _ => {}
        }
    }
    Ok(piece)
}

enum Field<'a> {
    Number(u64),
    Word(u32),
    Bytes(&'a [u8]),
    Other,
}

/// The fields of a message: number and value.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<(u64, Field<'_>)>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = next_field(&mut rest);
        if field.is_none() {
            rest = &[];
        }
        Some(field.ok_or_else(|| malformed("it is neither a tokenizer.json nor a SentencePiece model")))
    })
}

fn next_field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let tag = varint(rest)?;
    let value = match tag & 7 {
        0 => Field::Number(varint(rest)?),
        1 => {
            take(rest, 8)?;
            Field::Other
        }
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Field::Bytes(take(rest, length)?)
        }
        5 => Field::Word(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?)),
        _ => return None,
    };
    Some((tag >> 3, value))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}
