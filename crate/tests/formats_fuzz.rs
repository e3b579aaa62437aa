//! Parsers under damaged and random input: none panics, and none allocates more than the input justifies.
//!
//! `PROPTEST_CASES` sets the number of cases of each test.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::LazyLock;

use kinora::format::manifest::PROMPT;
use kinora::format::{DataType, Manifest, MemorySource, TensorFile};
use kinora::quant::{PackedFormat, dequantize, pack_rows, packed_words};
use kinora::text::{Tokenizer, clean_prompt, negative_prompt_tokens};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::SafeTensors;

/// Bytes allocated for each byte of a file: metadata becomes JSON values, 32 bytes each and at least one byte long in
/// the file, in vectors that grow by doubling.
const BYTES_PER_BYTE: usize = 100;

/// Bytes allocated whatever the input: error messages and the like.
const BYTES_AT_LEAST: usize = 16 << 10;

/// Counts what each thread has allocated.
struct Counting;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn allocated(bytes: usize) {
    LIVE.set(LIVE.get().saturating_add(bytes));
    PEAK.set(PEAK.get().max(LIVE.get()));
}

fn freed(bytes: usize) {
    LIVE.set(LIVE.get().saturating_sub(bytes));
}

// SAFETY: every call is passed on to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        freed(layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        allocated(size);
        freed(layout.size());
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most memory that `work` had in use at once, in bytes.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = LIVE.get();
    PEAK.set(before);
    work();
    PEAK.get() - before
}

/// The same few cases every time; as many as asked for, each time others, where `PROPTEST_CASES` is set.
fn cases(few: u32) -> ProptestConfig {
    let defaults = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => defaults,
        None => ProptestConfig { cases: few, rng_seed: RngSeed::Fixed(1), ..defaults },
    }
}

fn fixture(path: &str) -> Vec<u8> {
    let path = format!("{}/../tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("the fixture exists")
}

/// One way to damage a file, at a place counted modulo the length that may be damaged.
#[derive(Debug, Clone)]
enum Damage {
    Byte(usize, u8),
    Number(usize, u64),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    Truncate(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let telling = prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        Just(u64::MAX / 2),
        Just(u64::from(u32::MAX)),
        (0u32..64).prop_map(|bit| 1 << bit),
        any::<u64>(),
        0u64..64,
    ];
    let place = any::<usize>;
    let inserted = prop::collection::vec(any::<u8>(), 1..24);
    prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        4 => (place(), telling).prop_map(|(at, number)| Damage::Number(at, number)),
        1 => (place(), inserted).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (place(), 1usize..64).prop_map(|(at, length)| Damage::Remove(at, length)),
        1 => (place(), 1usize..128).prop_map(|(at, length)| Damage::Repeat(at, length)),
        1 => place().prop_map(Damage::Truncate),
    ]
}

/// The same without proptest, which spends more time on a case than the parsers do.
fn random_damage(random: &mut ChaCha8Rng) -> Damage {
    let at = random.next_u64() as usize;
    let number = random.next_u64();
    match random.next_u32() % 12 {
        0..4 => Damage::Byte(at, number as u8),
        4 => Damage::Number(at, number),
        5 => Damage::Number(at, number % 64),
        6 => Damage::Number(at, 1 << (number % 64)),
        7 => Damage::Number(at, [0, 1, u64::MAX, u64::MAX / 2, u64::from(u32::MAX)][number as usize % 5]),
        8 => Damage::Insert(at, number.to_le_bytes()[..1 + number as usize % 8].to_vec()),
        9 => Damage::Remove(at, 1 + number as usize % 63),
        10 => Damage::Repeat(at, 1 + number as usize % 127),
        _ => Damage::Truncate(at),
    }
}

/// Applies damage within the first `reach` bytes, where the header is.
fn damaged(file: &[u8], reach: usize, damages: &[Damage]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for damage in damages {
        if bytes.is_empty() {
            break;
        }
        let reach = bytes.len().min(reach);
        match damage {
            Damage::Byte(at, byte) => bytes[at % reach] = *byte,
            Damage::Number(at, number) => {
                let at = at % reach;
                let length = 8.min(bytes.len() - at);
                bytes[at..at + length].copy_from_slice(&number.to_le_bytes()[..length]);
            }
            Damage::Insert(at, inserted) => {
                let at = at % reach;
                bytes.splice(at..at, inserted.iter().copied());
            }
            Damage::Remove(at, length) => {
                let at = at % reach;
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Damage::Repeat(at, length) => {
                let at = at % reach;
                let part = bytes[at..(at + length).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
            Damage::Truncate(at) => bytes.truncate(at % reach),
        }
    }
    bytes
}

/// Opens a weight file, and holds what it says against the file.
fn open_weights(bytes: Vec<u8>) {
    let size = bytes.len() as u64;
    let source = Rc::new(MemorySource(bytes));
    let mut opened = None;
    let peak = peak_of(|| opened = pollster::block_on(TensorFile::open(source)).ok());
    let most = BYTES_PER_BYTE * size as usize + BYTES_AT_LEAST;
    assert!(peak <= most, "{peak} bytes were allocated for a file of {size}");
    for entry in opened.iter().flat_map(|file| &file.entries) {
        assert!(entry.offset.checked_add(entry.bytes).is_some_and(|end| end <= size));
        assert_eq!(entry.data_type.bytes_of(entry.elements() as u64), Some(entry.bytes));
        assert_eq!(entry.rows() * entry.row_elements(), entry.elements());
    }
}

/// What is accepted as safetensors, the format's own implementation accepts and understands in the same way.
fn check_with_reference(bytes: &[u8]) {
    if bytes.starts_with(b"GGUF") {
        return;
    }
    let Ok(file) = pollster::block_on(TensorFile::open(Rc::new(MemorySource(bytes.to_vec())))) else { return };
    let reference = SafeTensors::deserialize(bytes).expect("the reference accepts what Kinora accepts");
    assert_eq!(file.entries.len(), reference.len());
    for entry in &file.entries {
        let tensor = reference.tensor(&entry.name).expect("in both");
        assert_eq!(entry.data_type.name(), tensor.dtype().to_string());
        assert_eq!(entry.shape, tensor.shape());
        assert_eq!(&bytes[entry.offset as usize..][..entry.bytes as usize], tensor.data());
    }
}

static GGUF: LazyLock<[Vec<u8>; 3]> =
    LazyLock::new(|| ["metadata", "shapes", "types"].map(|name| fixture(&format!("gguf/{name}.gguf"))));

/// Small tensors of several types.
static SAFETENSORS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let header = r#"{"__metadata__":{"format":"pt","config":"{\"dim\": 4}"},
        "blocks.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
        "blocks.0.bias":{"dtype":"BF16","shape":[3],"data_offsets":[24,30]},
        "scalar":{"dtype":"F16","shape":[],"data_offsets":[30,32]},
        "empty":{"dtype":"I64","shape":[0,7],"data_offsets":[32,32]},
        "conv":{"dtype":"F8_E4M3","shape":[1,2,1,2,2],"data_offsets":[32,40]}}"#;
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 40]].concat()
});

#[test]
fn undamaged_files_open() {
    for file in GGUF.iter().chain([&*SAFETENSORS]) {
        assert!(pollster::block_on(TensorFile::open(Rc::new(MemorySource(file.clone())))).is_ok());
        open_weights(file.clone());
    }
}

proptest! {
    #![proptest_config(cases(4000))]

    #[test]
    fn damaged_gguf_files(file in 0usize..3, damages in prop::collection::vec(damage(), 1..5)) {
        open_weights(damaged(&GGUF[file], 2048, &damages));
    }

    #[test]
    fn damaged_safetensors_files(damages in prop::collection::vec(damage(), 1..5)) {
        let bytes = damaged(&SAFETENSORS, usize::MAX, &damages);
        check_with_reference(&bytes);
        open_weights(bytes);
    }

    #[test]
    fn random_bytes_as_weights(version in 0u32..5, gguf in any::<bool>(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let start = if gguf { [&b"GGUF"[..], &version.to_le_bytes()].concat() } else { Vec::new() };
        open_weights([start, bytes].concat());
    }

    #[test]
    fn arrays_that_claim_to_be_long(depth in 0usize..40, kind in 0u32..14, length in any::<u64>(), rest in 0usize..4000) {
        let mut bytes = [&b"GGUF"[..], &3u32.to_le_bytes(), &0u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
        bytes.extend([&1u64.to_le_bytes()[..], b"k", &9u32.to_le_bytes()].concat());
        for _ in 0..depth {
            bytes.extend([&9u32.to_le_bytes()[..], &1u64.to_le_bytes()].concat());
        }
        bytes.extend(kind.to_le_bytes());
        bytes.extend((length >> (length % 64)).to_le_bytes());
        bytes.extend(std::iter::repeat_n(0, rest));
        open_weights(bytes);
    }
}

/// By hand: `cargo test --release --test formats_fuzz -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn ten_million_damaged_weight_files() {
    let mut random = ChaCha8Rng::seed_from_u64(10_000_000);
    for case in 0..10_000_000 {
        let damages: Vec<Damage> = (0..1 + random.next_u32() % 4).map(|_| random_damage(&mut random)).collect();
        let (file, reach) = match case % 4 {
            0 => (&*SAFETENSORS, usize::MAX),
            1 => (&*SAFETENSORS, 80),
            2 => (&GGUF[0], usize::MAX),
            _ => (&GGUF[1], 2048),
        };
        open_weights(damaged(file, reach, &damages));
        if case % 1_000_000 == 999_999 {
            println!("{} cases", case + 1);
        }
    }
}

static MANIFEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let manifest = serde_json::json!({
        "format": "kinora-model/1", "name": "n", "title": "N", "architecture": "wan",
        "files": [
            {"role": "text", "path": "t.gguf", "bytes": 1, "sha256": "0".repeat(64)},
            {"role": "dit", "path": "d/d.gguf", "bytes": 1, "sha256": "0".repeat(64)},
            {"role": "vae", "path": "v.gguf", "bytes": 1, "sha256": "0".repeat(64)},
        ],
        "configs": {"text": {}, "dit": {}, "vae": {}},
        "text_length": 32,
        "sampler": {"name": "euler", "steps": 20, "guidance": 2.5, "shift": 1.0},
        "sizes": [{"label": "1:1", "width": 64, "height": 64}],
        "frames": [9], "fps": 8,
    });
    manifest.to_string().into_bytes()
});

/// A tokenizer of a few pieces with the forms that umT5's has.
static TOKENIZER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let tokenizer = serde_json::json!({
        "added_tokens": [{"id": 0, "content": "<pad>"}, {"id": 1, "content": "</s>"}],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": "DAAAAAAEAABhBQAAAAAAgGIA"},
            {"type": "Strip", "strip_left": false, "strip_right": true},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"},
        ]},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
        "post_processor": {
            "single": [{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "</s>"}}],
            "special_tokens": {"</s>": {"ids": [1]}},
        },
        "model": {"type": "Unigram", "unk_id": 2, "vocab": [
            ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["▁", -2.0], ["▁a", -3.0], ["b", -4.0], ["ab", -3.5],
        ]},
    });
    tokenizer.to_string().into_bytes()
});

/// The beginning of a SentencePiece model: some pieces, none cut.
static SENTENCEPIECE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pieces: [(&str, u8); 5] = [("<pad>", 3), ("</s>", 3), ("<unk>", 2), ("▁a", 1), ("b", 1)];
    let mut model = Vec::new();
    for (text, kind) in pieces {
        let score = (-1.5f32).to_le_bytes();
        let fields = [&[0x0a, text.len() as u8][..], text.as_bytes(), &[0x15], &score, &[0x18, kind]].concat();
        model.extend([&[0x0a, fields.len() as u8][..], &fields].concat());
    }
    model.extend([0x12, 4, 0x18, 1, 0x50, 1]);
    model.extend([0x1a, 6, 0x12, 4, 0, 0, 0, 0]);
    model
});

fn read_tokenizer(bytes: &[u8], text: &str) {
    if let Ok(tokenizer) = Tokenizer::from_bytes(bytes) {
        tokenizer.encode(text);
        let _ = negative_prompt_tokens(&tokenizer, PROMPT, text, 64);
    }
}

/// Text with the characters that normalisation and pieces care about.
fn telling_text() -> impl Strategy<Value = String> {
    let telling =
        prop::sample::select(vec!["a", "b", " ", "▁", "<pad>", "</s>", "\0", "\u{301}", "é", "&amp;", "\u{1b}[1m"]);
    prop_oneof![prop::collection::vec(telling, 0..40).prop_map(|parts| parts.concat()), any::<String>(),]
}

#[test]
fn undamaged_manifests_and_tokenizers_are_read() {
    assert!(Manifest::from_json(std::str::from_utf8(&MANIFEST).expect("UTF-8")).is_ok());
    for bytes in [&*TOKENIZER, &*SENTENCEPIECE] {
        let tokenizer = Tokenizer::from_bytes(bytes).expect("well formed");
        assert_eq!(tokenizer.encode("a").last(), Some(&1));
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn damaged_manifests(damages in prop::collection::vec(damage(), 0..4)) {
        let text = String::from_utf8_lossy(&damaged(&MANIFEST, usize::MAX, &damages)).into_owned();
        let peak = peak_of(|| drop(Manifest::from_json(&text)));
        prop_assert!(peak <= BYTES_PER_BYTE * text.len() + BYTES_AT_LEAST);
    }

    #[test]
    fn damaged_tokenizers(json in any::<bool>(), damages in prop::collection::vec(damage(), 0..4), text in telling_text()) {
        let file = if json { &*TOKENIZER } else { &*SENTENCEPIECE };
        read_tokenizer(&damaged(file, usize::MAX, &damages), &text);
    }

    #[test]
    fn random_character_maps(units in prop::collection::vec(any::<u32>(), 0..64), sparse in any::<bool>(), text in telling_text()) {
        let units: Vec<u32> = units.into_iter().map(|unit| if sparse { unit & 0x1_ffff } else { unit }).collect();
        let trie: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let map = [&(trie.len() as u32).to_le_bytes()[..], &trie, "a\0é\0▁\0".as_bytes()].concat();
        let metadata = serde_json::json!({
            "tokenizer.ggml.model": "t5",
            "tokenizer.ggml.tokens": ["<unk>", "▁a"],
            "tokenizer.ggml.scores": [0.0, -1.0],
            "tokenizer.ggml.token_type": [2, 1],
            "tokenizer.ggml.precompiled_charsmap": map,
        });
        let tokenizer = Tokenizer::from_gguf_metadata(metadata.as_object().expect("an object")).expect("well formed");
        tokenizer.encode(&text);
    }

    #[test]
    fn prompts(text in telling_text()) {
        let cleaned = clean_prompt(&text);
        prop_assert_eq!(cleaned.trim(), cleaned.as_str());
        prop_assert!(!cleaned.contains("  "));
    }

    #[test]
    fn blocks_of_any_bytes(kind in 0u32..40, columns in 0usize..600, bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let Some(data_type) = DataType::from_ggml(kind) else { return Ok(()) };
        let whole = bytes.len() / data_type.block_bytes() * data_type.block_bytes();
        let mut values = Vec::new();
        if dequantize(data_type, &bytes[..whole], &mut values).is_ok() {
            prop_assert_eq!(data_type.bytes_of(values.len() as u64), Some(whole as u64));
        }
        if let Some(row) = data_type.bytes_of(columns as u64).filter(|row| *row > 0) {
            let rows = bytes.len() / row as usize;
            if let Ok(packed) = pack_rows(data_type, &bytes[..rows * row as usize], columns) {
                let words = packed_words(PackedFormat::of(data_type), rows, columns);
                prop_assert_eq!((packed.data.len(), packed.scales.len()), words);
            }
        }
        let _ = pack_rows(data_type, &bytes, columns);
    }
}
