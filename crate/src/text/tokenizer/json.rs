//! `tokenizer.json`, as Hugging Face's tokenizers write it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::charsmap::Charsmap;
use super::normalizer::{Normalizer, SPACE, Splitter};
use super::unigram::Unigram;
use super::{Tokenizer, malformed};
use crate::error::Result;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    model: Model,
}

#[derive(Deserialize)]
struct AddedToken {
    id: u32,
    content: String,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: Option<String>,
    unk_id: Option<u32>,
    vocab: Vec<(String, f64)>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Tokenizer> {
    let file: File = serde_json::from_slice(bytes).map_err(malformed)?;
    let kind = file.model.kind.as_deref().unwrap_or("Unigram");
    if kind != "Unigram" {
        return Err(malformed(format!("it is a {kind} tokenizer; Kinora runs Unigram tokenizers")));
    }
    let unknown = file.model.unk_id.ok_or_else(|| malformed("it has no unknown token"))?;
    let vocabulary = file.model.vocab.into_iter().zip(0..).map(|((piece, score), id)| (piece, id, score));
    let model = Unigram::new(vocabulary, unknown)?;
    let special = file.added_tokens.into_iter().map(|token| (token.content, token.id)).collect();
    let mut steps = Vec::new();
    read_normalizer(&file.normalizer, &mut steps)?;
    Ok(Tokenizer::new(special, steps, splitter(&file.pre_tokenizer)?, model, template(&file.post_processor)?))
}

fn read_normalizer(value: &Value, steps: &mut Vec<Normalizer>) -> Result<()> {
    let Some(kind) = value["type"].as_str() else { return Ok(()) };
    match kind {
        "Sequence" => {
            let parts = value["normalizers"].as_array().map_or(&[][..], Vec::as_slice);
            return parts.iter().try_for_each(|part| read_normalizer(part, steps));
        }
        "Precompiled" => match value["precompiled_charsmap"].as_str() {
            None | Some("") => {}
            Some(text) => {
                let bytes = STANDARD.decode(text).map_err(|_| malformed("its character map is not base64"))?;
                steps.push(Normalizer::Charsmap(Charsmap::new(&bytes)?));
            }
        },
        "Strip" => {
            let side = |key: &str| value[key].as_bool().unwrap_or(true);
            steps.push(Normalizer::Strip { left: side("strip_left"), right: side("strip_right") });
        }
        "Replace" => steps.push(replace(value)?),
        "Lowercase" => steps.push(Normalizer::Lowercase),
        _ => return Err(malformed(format!("its normaliser {kind} is not supported"))),
    }
    Ok(())
}

fn replace(value: &Value) -> Result<Normalizer> {
    let content = value["content"].as_str().unwrap_or_default().to_owned();
    match (value["pattern"]["String"].as_str(), value["pattern"]["Regex"].as_str()) {
        (Some(pattern), _) if !pattern.is_empty() => Ok(Normalizer::Replace { pattern: pattern.to_owned(), content }),
        (None, Some(" {2,}")) => Ok(Normalizer::ReplaceSpaces(content)),
        _ => Err(malformed(format!("its normaliser {value} is not supported"))),
    }
}

fn splitter(value: &Value) -> Result<Splitter> {
    let mut splitter = Splitter { at_whitespace: false, prepend: false, at_space: false };
    let alone = [value.clone()];
    let parts = match value["type"].as_str() {
        Some("Sequence") => value["pretokenizers"].as_array().map_or(&[][..], Vec::as_slice),
        Some(_) => &alone,
        None => &[],
    };
    for part in parts {
        match part["type"].as_str() {
            Some("WhitespaceSplit") => splitter.at_whitespace = true,
            Some("Metaspace") => {
                if part["replacement"].as_str().is_some_and(|text| text.chars().ne([SPACE])) {
                    return Err(malformed("its visible space is another than ▁"));
                }
                // Older files say `add_prefix_space` in place of `prepend_scheme`.
                let scheme = part["prepend_scheme"].as_str();
                splitter.prepend = match scheme {
                    Some(scheme) => scheme != "never",
                    None => part["add_prefix_space"].as_bool().unwrap_or(true),
                };
                splitter.at_space = part["split"].as_bool().unwrap_or(true);
            }
            _ => return Err(malformed(format!("its pre-tokenizer {} is not supported", part["type"]))),
        }
    }
    Ok(splitter)
}

/// Ids in front of and behind a text.
fn template(value: &Value) -> Result<(Vec<u32>, Vec<u32>)> {
    let (mut prefix, mut suffix) = (Vec::new(), Vec::new());
    let mut text_seen = false;
    for part in value["single"].as_array().map_or(&[][..], Vec::as_slice) {
        if part["Sequence"].is_object() {
            text_seen = true;
            continue;
        }
        let name = part["SpecialToken"]["id"].as_str().unwrap_or_default();
        let ids = value["special_tokens"][name]["ids"].as_array();
        let ids = ids.ok_or_else(|| malformed(format!("its template has the unknown token {name}")))?;
        let side = if text_seen { &mut suffix } else { &mut prefix };
        for id in ids {
            let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
            side.push(id.ok_or_else(|| malformed("an id of its template is no number"))?);
        }
    }
    Ok((prefix, suffix))
}
