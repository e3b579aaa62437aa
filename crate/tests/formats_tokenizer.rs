//! The tokenizer and the cleaning of prompts, compared with Hugging Face's tokenizers and diffusers.

use std::path::PathBuf;

use kinora::Error;
use kinora::format::manifest::PROMPT;
use kinora::text::{Tokenizer, clean_prompt, negative_prompt_tokens, prompt_tokens};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Fixture {
    tokenizer: String,
    cases: Vec<Case>,
    added_tokens: Vec<Case>,
    truncated: Truncated,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Truncated {
    text: String,
    max_length: usize,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Cleaned {
    text: String,
    cleaned: String,
}

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read<T: for<'de> Deserialize<'de>>(path: &str) -> T {
    let text = std::fs::read_to_string(repository(path)).expect("the fixture exists");
    serde_json::from_str(&text).expect("the fixture's JSON")
}

fn fixture(name: &str) -> (Fixture, Tokenizer) {
    let fixture: Fixture = read(&format!("tests/fixtures/tokenizer/{name}.json"));
    let bytes = std::fs::read(repository(&fixture.tokenizer)).expect("the tokenizer exists");
    let tokenizer = Tokenizer::from_bytes(&bytes).expect("well formed");
    (fixture, tokenizer)
}

fn compare(name: &str, tokenizer: &Tokenizer, cases: &[Case]) {
    assert!(!cases.is_empty());
    for case in cases {
        assert_eq!(tokenizer.encode(&case.text), case.ids, "{name}: {:?}", case.text);
    }
}

#[test]
fn ids_are_those_of_the_fast_tokenizers() {
    for name in ["umt5", "t5", "nano"] {
        let (fixture, tokenizer) = fixture(name);
        compare(name, &tokenizer, &fixture.cases);
        compare(name, &tokenizer, &fixture.added_tokens);
    }
}

#[test]
fn a_long_text_has_the_ids_of_the_truncated_one_before_its_end_marker() {
    let (fixture, tokenizer) = fixture("umt5");
    let Truncated { text, max_length, ids } = fixture.truncated;
    assert_eq!(tokenizer.encode(&text)[..max_length - 1], ids[..max_length - 1]);
    let error = prompt_tokens(&tokenizer, PROMPT, &text, max_length).expect_err("too long");
    assert!(matches!(error, Error::PromptTooLong { which: "prompt", limit: 512, tokens } if tokens > 512));
}

#[test]
fn prompts_are_cleaned_as_diffusers_does() {
    let fixture: Map<String, Value> = read("tests/fixtures/tokenizer/clean.json");
    let cases: Vec<Cleaned> = serde_json::from_value(fixture["cases"].clone()).expect("cases");
    assert!(!cases.is_empty());
    for case in cases {
        assert_eq!(clean_prompt(&case.text), case.cleaned, "{:?}", case.text);
    }
}

#[test]
fn an_empty_prompt_is_refused_and_an_empty_negative_prompt_is_not() {
    let (_, tokenizer) = fixture("umt5");
    for prompt in ["", "  \n ", "&nbsp;", "\u{feff}"] {
        assert!(matches!(prompt_tokens(&tokenizer, "{prompt}, 8 fps", prompt, 512), Err(Error::EmptyPrompt)));
        assert_eq!(negative_prompt_tokens(&tokenizer, PROMPT, prompt, 512).expect("allowed"), [1]);
    }
}

#[test]
fn a_prompt_stands_in_its_template_as_if_it_had_been_typed_so() {
    let (_, tokenizer) = fixture("umt5");
    let ids = |template, prompt| negative_prompt_tokens(&tokenizer, template, prompt, 512).expect("short");
    for (prompt, whole) in [(" a red\nball ", "a red ball, 8 fps"), ("{fps} {prompt}", "{fps} {prompt}, 8 fps")] {
        assert_eq!(ids("{prompt}, 8 fps", prompt), tokenizer.encode(whole));
    }
    assert_eq!(ids("{prompt}, 8 fps", ""), tokenizer.encode(", 8 fps"));
}

#[test]
fn a_template_counts_as_part_of_the_prompt() {
    let (_, tokenizer) = fixture("umt5");
    let limit = tokenizer.encode("a red ball").len();
    assert!(prompt_tokens(&tokenizer, PROMPT, "a red ball", limit).is_ok());
    let error = prompt_tokens(&tokenizer, "{prompt}, 8 fps", "a red ball", limit).expect_err("too long");
    let whole = tokenizer.encode("a red ball, 8 fps").len();
    assert!(matches!(error, Error::PromptTooLong { tokens, .. } if tokens == whole), "{error}");
    let error = negative_prompt_tokens(&tokenizer, "{prompt}, 8 fps", "a red ball", limit).expect_err("too long");
    assert!(error.to_string().starts_with("The negative prompt is too long"), "{error}");
}

/// What a `tokenizer.json` says, as the metadata of a GGUF file.
fn as_gguf_metadata(tokenizer: &Value) -> Map<String, Value> {
    let vocabulary = tokenizer["model"]["vocab"].as_array().expect("a vocabulary");
    let column = |i: usize| vocabulary.iter().map(|piece| piece[i].clone()).collect::<Vec<_>>();
    let special: Vec<&Value> =
        tokenizer["added_tokens"].as_array().expect("a list").iter().map(|token| &token["id"]).collect();
    let kind = |id: usize| {
        if id == 3 {
            2
        } else if special.contains(&&json!(id)) {
            3
        } else {
            1
        }
    };
    let map = tokenizer["normalizer"]["normalizers"][0]["precompiled_charsmap"].clone();
    let metadata = json!({
        "tokenizer.ggml.model": "t5",
        "tokenizer.ggml.tokens": column(0),
        "tokenizer.ggml.scores": column(1),
        "tokenizer.ggml.token_type": (0..vocabulary.len()).map(kind).collect::<Vec<_>>(),
        "tokenizer.ggml.precompiled_charsmap": map,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.unknown_token_id": 3,
    });
    metadata.as_object().expect("an object").clone()
}

#[test]
fn gguf_metadata_gives_the_same_ids() {
    let (fixture, _) = fixture("umt5");
    let tokenizer = Tokenizer::from_gguf_metadata(&as_gguf_metadata(&read(&fixture.tokenizer))).expect("well formed");
    compare("gguf", &tokenizer, &fixture.cases);
    compare("gguf", &tokenizer, &fixture.added_tokens);
}

#[test]
fn a_sentencepiece_model_gives_the_same_ids() {
    let (fixture, _) = fixture("umt5");
    let model = std::fs::read(repository("tests/fixtures/tokenizer/spiece.model")).expect("the fixture exists");
    let tokenizer = Tokenizer::from_bytes(&model).expect("well formed");
    compare("sentencepiece", &tokenizer, &fixture.cases);
}

#[test]
fn tokenizers_of_other_kinds_are_refused_with_a_reason() {
    let bpe = json!({"model": {"type": "BPE", "vocab": [], "merges": []}}).to_string();
    let nameless = json!({"model": {"vocab": []}}).to_string();
    for (bytes, reason) in [
        (bpe.as_bytes(), "BPE"),
        (nameless.as_bytes(), "unknown token"),
        (&b"\x89PNG\r\n"[..], "neither"),
        (&b""[..], "empty"),
    ] {
        let error = Tokenizer::from_bytes(bytes).err().expect("refused").to_string();
        assert!(error.contains(reason), "{error}");
    }
}
