//! From what a person typed to the tokens of a prompt.

use unicode_normalization::UnicodeNormalization;

use super::Tokenizer;
use crate::error::{Error, Result};
use crate::format::manifest::PROMPT;

/// Cleaning steps are repeated until nothing changes, at most this often: entities can be escaped again and again.
const MAX_ROUNDS: usize = 16;

/// Ids of a prompt, cleaned and put into the place for it in `template`, with the end marker.
///
/// # Errors
/// [`Error::EmptyPrompt`] when nothing is left after cleaning, [`Error::PromptTooLong`] when there are more than `limit`
/// ids.
pub fn prompt_tokens(tokenizer: &Tokenizer, template: &str, prompt: &str, limit: usize) -> Result<Vec<u32>> {
    if clean_prompt(prompt).is_empty() {
        return Err(Error::EmptyPrompt);
    }
    tokens_of("prompt", tokenizer, template, prompt, limit)
}

/// Ids of a negative prompt, which may be empty, as those of [`prompt_tokens`].
///
/// # Errors
/// [`Error::PromptTooLong`] when there are more than `limit` ids.
pub fn negative_prompt_tokens(tokenizer: &Tokenizer, template: &str, prompt: &str, limit: usize) -> Result<Vec<u32>> {
    tokens_of("negative prompt", tokenizer, template, prompt, limit)
}

fn tokens_of(
    which: &'static str,
    tokenizer: &Tokenizer,
    template: &str,
    prompt: &str,
    limit: usize,
) -> Result<Vec<u32>> {
    let ids = tokenizer.encode(&template.replace(PROMPT, &clean_prompt(prompt)));
    match ids.len() > limit {
        true => Err(Error::PromptTooLong { which, tokens: ids.len(), limit }),
        false => Ok(ids),
    }
}

/// A prompt as Wan was trained on it: `prompt_clean` of diffusers' `WanPipeline`, which is ftfy's `fix_text`, HTML
/// entities resolved twice, and white space collapsed. Text in a wrong encoding, which ftfy repairs, stays as it is.
pub fn clean_prompt(prompt: &str) -> String {
    let mut text = prompt.to_owned();
    for _ in 0..MAX_ROUNDS {
        let fixed = fix_text(&text);
        if fixed == text {
            break;
        }
        text = fixed;
    }
    let text = htmlize::unescape(htmlize::unescape(text)).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One round of ftfy's steps, in its order. Entities stay where the text has a `<` and may be HTML.
fn fix_text(text: &str) -> String {
    let text = if text.contains('<') { text.into() } else { htmlize::unescape(text) };
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{80}'..='\u{9f}' => plain.push(WINDOWS_1252[character as usize - 0x80]),
            '\u{3000}' => plain.push(' '),
            '\u{ff01}'..='\u{ffef}' => plain.extend(character.nfkc()),
            '\u{02bc}' | '\u{2018}'..='\u{201b}' => plain.push('\''),
            '\u{201c}'..='\u{201f}' => plain.push('"'),
            '\u{2028}' | '\u{2029}' => plain.push('\n'),
            _ => match LIGATURES.iter().find(|(ligature, _)| *ligature == character) {
                Some((_, letters)) => plain.push_str(letters),
                None => plain.push(character),
            },
        }
    }
    let plain = plain.replace("\r\n", "\n").replace('\r', "\n");
    without_terminal_escapes(&plain).chars().filter(|character| !is_control(*character)).nfc().collect()
}

/// Removes colours and the like: ESC, `[`, numbers, a letter.
fn without_terminal_escapes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        let after = rest[start + 2..].trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        if after.starts_with(|c: char| c.is_ascii_alphabetic()) {
            kept.push_str(&rest[..start]);
            rest = &after[1..];
        } else {
            kept.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
        }
    }
    kept + rest
}

/// Control characters that are no white space and shape no other character.
fn is_control(character: char) -> bool {
    matches!(character,
        '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}'
        | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}')
}

/// What browsers take the code points U+0080 to U+009F for.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

const LIGATURES: [(char, &str); 22] = [
    ('Ĳ', "IJ"),
    ('ĳ', "ij"),
    ('ŉ', "ʼn"),
    ('Ǳ', "DZ"),
    ('ǲ', "Dz"),
    ('ǳ', "dz"),
    ('Ǆ', "DŽ"),
    ('ǅ', "Dž"),
    ('ǆ', "dž"),
    ('Ǉ', "LJ"),
    ('ǈ', "Lj"),
    ('ǉ', "lj"),
    ('Ǌ', "NJ"),
    ('ǋ', "Nj"),
    ('ǌ', "nj"),
    ('ﬀ', "ff"),
    ('ﬁ', "fi"),
    ('ﬂ', "fl"),
    ('ﬃ', "ffi"),
    ('ﬄ', "ffl"),
    ('ﬅ', "ſt"),
    ('ﬆ', "st"),
];
