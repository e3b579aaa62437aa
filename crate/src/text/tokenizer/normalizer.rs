//! What happens to a text before it is cut into pieces.

use super::charsmap::Charsmap;

/// SentencePiece's visible space.
pub(super) const SPACE: char = '▁';

/// One step of normalisation.
pub(super) enum Normalizer {
    /// Replace characters.
    Charsmap(Charsmap),
    /// Remove white space at the ends.
    Strip { left: bool, right: bool },
    /// Replace every run of two and more spaces.
    ReplaceSpaces(String),
    /// Replace a text wherever it occurs.
    Replace { pattern: String, content: String },
    /// Turn into lower case.
    Lowercase,
}

impl Normalizer {
    pub(super) fn apply(&self, text: String) -> String {
        match self {
            Self::Charsmap(map) => map.apply(&text),
            Self::Strip { left, right } => {
                let text = if *left { text.trim_start() } else { &text };
                (if *right { text.trim_end() } else { text }).to_owned()
            }
            Self::ReplaceSpaces(content) => replace_spaces(&text, content),
            Self::Replace { pattern, content } => text.replace(pattern, content),
            Self::Lowercase => text.to_lowercase(),
        }
    }
}

fn replace_spaces(text: &str, content: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("  ") {
        replaced.push_str(&rest[..start]);
        replaced.push_str(content);
        rest = rest[start..].trim_start_matches(' ');
    }
    replaced + rest
}

/// How a normalised text becomes words.
pub(super) struct Splitter {
    /// Cut at white space, which is dropped, before spaces are made visible.
    pub(super) at_whitespace: bool,
    /// Put a visible space in front of every text that has none.
    pub(super) prepend: bool,
    /// Cut in front of every visible space.
    pub(super) at_space: bool,
}

impl Splitter {
    pub(super) fn split(&self, text: &str) -> Vec<String> {
        let parts: Vec<&str> = if self.at_whitespace { text.split_whitespace().collect() } else { vec![text] };
        parts.into_iter().filter(|part| !part.is_empty()).flat_map(|part| self.words(part)).collect()
    }

    fn words(&self, text: &str) -> Vec<String> {
        let mut text = text.replace(' ', SPACE.encode_utf8(&mut [0; 4]));
        if self.prepend && !text.starts_with(SPACE) {
            text.insert(0, SPACE);
        }
        if !self.at_space {
            return vec![text];
        }
        let mut words: Vec<String> = Vec::new();
        for character in text.chars() {
            match words.last_mut().filter(|_| character != SPACE) {
                Some(word) => word.push(character),
                None => words.push(character.to_string()),
            }
        }
        words
    }
}
