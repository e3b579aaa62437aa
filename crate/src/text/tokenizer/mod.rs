//! The tokenizer of the T5 family: SentencePiece's unigram model, with the ids that Hugging Face's fast tokenizers give.
//!
//! It is read from a `tokenizer.json`, from a SentencePiece `.model` file, or from the metadata of a GGUF file. Byte
//! pieces are no fallback: what no piece covers becomes one unknown token.

mod charsmap;
mod gguf;
mod json;
mod normalizer;
mod sentencepiece;
mod unigram;

use normalizer::{Normalizer, Splitter};
use unigram::Unigram;

use crate::error::{Error, Result};

/// Turns text into token ids.
pub struct Tokenizer {
    /// Tokens that are recognised in the raw text, the longest first, and their ids.
    special: Vec<(String, u32)>,
    /// The characters that they begin with.
    special_starts: Vec<char>,
    normalizer: Vec<Normalizer>,
    splitter: Splitter,
    model: Unigram,
    /// Ids in front of every text.
    prefix: Vec<u32>,
    /// Ids behind every text: the end marker.
    suffix: Vec<u32>,
}

impl Tokenizer {
    /// Reads a `tokenizer.json` or a SentencePiece `.model`, whichever the bytes are.
    ///
    /// # Errors
    /// [`Error::BadModel`] when they are neither, or the tokenizer is of another kind.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        // A SentencePiece model begins with the tag of its first piece, 0x0a, which is a newline too; no JSON does.
        match bytes.first() {
            Some(b'{' | b' ') => json::read(bytes),
            Some(_) => sentencepiece::read(bytes),
            None => Err(malformed("it is empty")),
        }
    }

    /// Reads the `tokenizer.ggml.*` metadata of a GGUF file.
    ///
    /// # Errors
    /// [`Error::BadModel`] when there is none, or the tokenizer is of another kind.
    pub fn from_gguf_metadata(metadata: &serde_json::Map<String, serde_json::Value>) -> Result<Self> {
        gguf::read(metadata)
    }

    fn new(
        mut special: Vec<(String, u32)>,
        normalizer: Vec<Normalizer>,
        splitter: Splitter,
        model: Unigram,
        (prefix, suffix): (Vec<u32>, Vec<u32>),
    ) -> Self {
        special.retain(|(token, _)| !token.is_empty());
        special.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        let mut special_starts: Vec<char> = special.iter().filter_map(|(token, _)| token.chars().next()).collect();
        special_starts.sort_unstable();
        special_starts.dedup();
        Self { special, special_starts, normalizer, splitter, model, prefix, suffix }
    }

    /// Ids of a text, with the end marker, as long as they are: nothing is cut off or padded.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids = self.prefix.clone();
        let mut rest = text;
        while let Some((before, id, after)) = self.split_at_special(rest) {
            self.encode_plain(before, &mut ids);
            ids.push(id);
            rest = after;
        }
        self.encode_plain(rest, &mut ids);
        ids.extend(&self.suffix);
        ids
    }

    /// The text before the first special token, its id, and the text behind it.
    fn split_at_special<'a>(&self, text: &'a str) -> Option<(&'a str, u32, &'a str)> {
        let candidates = text.char_indices().filter(|(_, character)| self.special_starts.contains(character));
        for (place, _) in candidates {
            let (before, rest) = text.split_at(place);
            let longest = self.special.iter().find_map(|(token, id)| Some((id, rest.strip_prefix(token.as_str())?)));
            if let Some((id, after)) = longest {
                return Some((before, *id, after));
            }
        }
        None
    }

    fn encode_plain(&self, text: &str, ids: &mut Vec<u32>) {
        if text.is_empty() {
            return;
        }
        let text = self.normalizer.iter().fold(text.to_owned(), |text, step| step.apply(text));
        for piece in self.splitter.split(&text) {
            self.model.encode(&piece, ids);
        }
    }
}

fn malformed(what: impl std::fmt::Display) -> Error {
    Error::bad_model(format!("the tokenizer cannot be read: {what}"))
}
