//! What a clip needs of a device's memory, and what is said when there is less.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::rc::Rc;

use kinora::dit::DitConfig;
use kinora::format::{DataType, Manifest, MemorySource, TensorEntry, TensorFile};
use kinora::gpu::{Budget, Gpu};
use kinora::plan::{ClipSize, Planner};
use kinora::text::TextConfig;
use kinora::vae::VaeConfig;
use kinora::weights::Weights;
use serde_json::{Value, json};

const MIB: u64 = 1 << 20;
const PLENTY: Budget = Budget { bytes: 1 << 60, tensor_bytes: 1 << 60 };

/// Wan 2.1 1.3B with weights of a byte, so that plans are about everything else.
fn wan() -> Planner {
    let file = |role: &str| json!({"role": role, "path": role, "bytes": 1, "sha256": "0".repeat(64)});
    let manifest = json!({
        "format": "kinora-model/1", "name": "wan", "title": "Wan 2.1 1.3B", "architecture": "wan",
        "files": [file("text"), file("dit"), file("vae")],
        "configs": {
            "text": {"d_model": 4096, "d_ff": 10240, "num_layers": 24, "num_heads": 64},
            "dit": {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30},
            "vae": {},
        },
        "text_length": 512,
        "sampler": {"name": "unipc", "steps": 50, "guidance": 5.0, "shift": 3.0},
        "sizes": [{"label": "16:9", "width": 832, "height": 480}],
        "frames": [17, 81], "fps": 16,
    });
    Planner::new(&Manifest::from_json(&manifest.to_string()).unwrap()).unwrap()
}

fn clip(frames: usize) -> ClipSize {
    ClipSize { width: 832, height: 480, frames }
}

#[test]
fn what_is_needed_no_more_makes_room() {
    let planner = wan();
    let whole = planner.plan(clip(81), PLENTY).unwrap();
    assert!(whole.bytes < 7350 * MIB, "whole frames are decoded with {} MiB", whole.bytes / MIB);
    let tiles = planner.plan(clip(81), Budget { bytes: whole.bytes - 1, ..PLENTY }).unwrap();
    assert!(tiles.bytes < 2510 * MIB, "with tiles the transformer needs the most: {} MiB", tiles.bytes / MIB);
}

#[test]
fn clips_beyond_every_memory_are_planned() {
    let planner = wan();
    let plan = planner.plan(clip(1741), Budget { bytes: 4096 * MIB, tensor_bytes: 2048 * MIB }).unwrap();
    // Hidden features of 436 · 30 · 52 tokens: more values than 32 bits can count.
    assert_eq!(plan.tensor_bytes, 4 * 680_160 * 8960);
    assert!(!plan.fits && plan.bytes > plan.tensor_bytes, "{plan:?}");
    let largest = ClipSize { width: 8192, height: 8192, frames: 4093 };
    assert!(planner.plan(largest, PLENTY).unwrap().bytes > 1 << 40);
    for size in [ClipSize { width: 8208, ..clip(81) }, ClipSize { height: 8208, ..clip(81) }, clip(4097)] {
        let error = planner.plan(size, PLENTY).unwrap_err();
        assert!(error.code() == "bad-input" && error.to_string().contains("at most 8192 × 8192"), "{error}");
    }
}

#[test]
fn a_clip_that_does_not_fit_is_refused_for_the_true_reason() {
    let planner = wan();
    let plan = planner.plan(clip(81), PLENTY).unwrap();
    let message = |budget| planner.require(clip(81), budget).unwrap_err().to_string();

    let little = message(Budget { bytes: 1500 * MIB, ..PLENTY });
    assert!(little.contains("MiB, and 1500 MiB are available. 832 × 480 pixels with 17 frames would fit"), "{little}");

    let in_pieces = Budget { tensor_bytes: 1024 * MIB, ..PLENTY };
    let refused = planner.plan(clip(81), in_pieces).unwrap();
    assert!(!refused.fits && refused.bytes <= refused.budget && refused.tensor_bytes > refused.tensor_budget);
    let in_pieces = message(in_pieces);
    let needed = plan.tensor_bytes.div_ceil(MIB);
    let expected = format!("it needs {needed} MiB in one piece, and this device allows 1024 MiB. 832 × 480");
    assert!(in_pieces.contains(&expected), "{in_pieces}");
    assert!(message(Budget { bytes: 1, ..PLENTY }).ends_with("No size of this model fits; choose a smaller model."));
}

#[test]
fn a_weight_that_no_clip_size_makes_fit_is_the_models_fault() {
    pollster::block_on(async {
        let gpu = Gpu::with_least_limits().await.expect("install a Vulkan driver: apt-get install mesa-vulkan-drivers");
        let side = 1 << 13;
        let (name, shape, bytes) = ("proj_out.weight".to_owned(), vec![side, side], 4 * (side * side) as u64);
        let entry = TensorEntry { name, data_type: DataType::F32, shape, offset: 0, bytes };
        let source = Rc::new(MemorySource(Vec::new()));
        let files = vec![TensorFile { source, entries: vec![entry], metadata: Default::default() }];
        let weights = Weights::new(&gpu, files, str::to_owned, Rc::new(|_| {}));
        let error = weights.matrix("proj_out.weight", side, side).await.err().unwrap();
        assert!(error.code() == "does-not-fit" && error.to_string().contains("Choose a smaller model"), "{error}");
    });
}

fn refused(from_json: impl Fn(&Value) -> Option<kinora::Error>, cases: &[Value]) {
    assert!(from_json(&json!({})).is_none());
    for case in cases {
        let error = from_json(case).unwrap_or_else(|| panic!("{case} is taken"));
        assert!(error.code() == "bad-model" && error.to_string().contains("cannot be run"), "{case}: {error}");
    }
}

#[test]
fn networks_that_no_device_can_run_are_refused() {
    let huge = 1_u64 << 31;
    refused(
        |config| DitConfig::from_json(config).err(),
        &[
            json!({"num_attention_heads": 1 << 16, "attention_head_dim": 1 << 16}),
            json!({"attention_head_dim": 0}),
            json!({"attention_head_dim": 127}),
            json!({"num_layers": 131_072}),
            json!({"num_layers": 0}),
            json!({"ffn_dim": huge}),
            json!({"patch_size": [1 << 16, 1 << 16, 1 << 16]}),
            json!({"patch_size": [1, 0, 2]}),
            json!({"in_channels": 1 << 16, "patch_size": [1, 2, 2]}),
            json!({"rope_max_seq_len": huge}),
            json!({"image_dim": huge, "added_kv_proj_dim": 5120}),
            json!({"image_dim": 1280, "added_kv_proj_dim": huge}),
            json!({"image_dim": 0, "added_kv_proj_dim": 0}),
            json!({"pos_embed_seq_len": huge}),
        ],
    );
    refused(
        |config| TextConfig::from_json(config).err(),
        &[
            json!({"num_heads": 1 << 16, "d_kv": 1 << 16}),
            json!({"num_layers": 131_072}),
            json!({"vocab_size": huge}),
            json!({"relative_attention_num_buckets": huge, "relative_attention_max_distance": huge}),
            json!({"relative_attention_num_buckets": 3}),
            // All distances would be exact, and nothing left for those beyond.
            json!({"relative_attention_num_buckets": 32, "relative_attention_max_distance": 8}),
        ],
    );
    refused(
        |config| VaeConfig::from_json(config).err(),
        &[json!({"dim_mult": [1, 1, 1, 1, 1, 1], "temperal_downsample": [true, true, true, true, true]})],
    );
}
