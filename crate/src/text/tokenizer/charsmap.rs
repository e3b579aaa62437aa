//! SentencePiece's compiled normalisation rules: a trie of what is replaced, and the replacements.

use unicode_segmentation::UnicodeSegmentation;

use super::malformed;
use crate::error::Result;

/// Longest grapheme that is replaced as a whole, in bytes.
const MAX_GRAPHEME: usize = 5;

/// Replacements of characters and short graphemes.
pub(super) struct Charsmap {
    /// A double array in the layout of Darts-clone.
    trie: Vec<u32>,
    /// Replacements, each ended by a NUL.
    replacements: String,
}

impl Charsmap {
    /// Reads `precompiled_charsmap`: the length of the trie in bytes, the trie, the replacements.
    pub(super) fn new(bytes: &[u8]) -> Result<Self> {
        let (length, rest) =
            bytes.split_first_chunk::<4>().ok_or_else(|| malformed("its character map is cut short"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (trie, replacements) = rest
            .split_at_checked(length)
            .filter(|(trie, _)| trie.len().is_multiple_of(4))
            .ok_or_else(|| malformed("its character map is cut short"))?;
        let (units, _) = trie.as_chunks::<4>();
        let replacements =
            std::str::from_utf8(replacements).map_err(|_| malformed("its character map is not UTF-8"))?;
        Ok(Self {
            trie: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(),
            replacements: replacements.to_owned(),
        })
    }

    /// Replaces graphemes where the map knows how they begin, and else their characters.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut mapped = String::with_capacity(text.len());
        for grapheme in text.graphemes(true) {
            let whole = Some(grapheme).filter(|grapheme| grapheme.len() <= MAX_GRAPHEME);
            if let Some(replacement) = whole.and_then(|grapheme| self.replacement(grapheme)) {
                mapped.push_str(replacement);
                continue;
            }
            for character in grapheme.split_inclusive(|_| true) {
                mapped.push_str(self.replacement(character).unwrap_or(character));
            }
        }
        mapped
    }

    /// The replacement of the shortest rule that `key` begins with.
    fn replacement(&self, key: &str) -> Option<&str> {
        let unit = |position: usize| self.trie.get(position).copied();
        let mut position = offset(unit(0)?);
        for byte in key.bytes().take_while(|byte| *byte != 0) {
            position ^= usize::from(byte);
            let node = unit(position)?;
            if label(node) != u32::from(byte) {
                return None;
            }
            position ^= offset(node);
            if has_leaf(node) {
                let start = (unit(position)? & 0x7fff_ffff) as usize;
                return self.replacements.get(start..)?.split('\0').next();
            }
        }
        None
    }
}

/// Distance from a node to its children, as an exclusive or of positions.
fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & (1 << 9)) >> 6)) as usize
}

fn label(unit: u32) -> u32 {
    unit & (1 << 31 | 0xff)
}

fn has_leaf(unit: u32) -> bool {
    unit >> 8 & 1 == 1
}
