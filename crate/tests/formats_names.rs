//! Naming maps, compared with the names that diffusers' and gguf's own conversions give.

use std::collections::BTreeMap;

use kinora::{dit, text, vae};
use serde::Deserialize;

type Names = BTreeMap<String, String>;

#[derive(Deserialize)]
struct VaeCase {
    residual_blocks: usize,
    names: Names,
}

#[derive(Deserialize)]
struct TextCase {
    gated: bool,
    names: Names,
}

fn fixture<T: for<'de> Deserialize<'de>>(file: &str) -> BTreeMap<String, T> {
    let path = format!("{}/../tests/fixtures/names/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("the fixture exists")).expect("names by case")
}

#[test]
fn names_of_the_transformer_are_those_of_diffusers() {
    for names in fixture::<Names>("dit.json").values() {
        for (original, expected) in names {
            assert_eq!(&dit::names::canonical(original), expected, "{original}");
            assert_eq!(&dit::names::canonical(expected), expected);
        }
    }
}

#[test]
fn names_of_the_autoencoder_are_those_of_diffusers() {
    for case in fixture::<VaeCase>("vae.json").values() {
        for (original, expected) in &case.names {
            assert_eq!(&vae::names::canonical(original, case.residual_blocks), expected, "{original}");
            assert_eq!(&vae::names::canonical(expected, case.residual_blocks), expected);
        }
    }
}

#[test]
fn names_of_the_text_encoder_are_those_of_transformers() {
    for case in fixture::<TextCase>("text.json").values() {
        for (original, expected) in &case.names {
            assert_eq!(&text::names::canonical(original, case.gated), expected, "{original}");
            assert_eq!(&text::names::canonical(expected, case.gated), expected);
        }
    }
}
