//! The model manifest: what is read, what is refused, and what is made of diffusers' folders.

use std::path::PathBuf;

use kinora::Error;
use kinora::format::Manifest;
use kinora::format::manifest::Role;
use serde_json::{Value, json};

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn shipped() -> Value {
    let text = std::fs::read_to_string(repository("models/nano/model.json")).expect("the shipped model is there");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_shipped_manifest_is_read_with_files_that_exist() {
    let manifest = Manifest::from_directory(repository("models/nano")).expect("well formed");
    assert_eq!(manifest.architecture, "wan");
    for file in &manifest.files {
        let details = std::fs::metadata(repository("models/nano").join(&file.path)).expect("the file exists");
        assert_eq!(details.len(), file.bytes, "{}", file.path);
    }
    let written = serde_json::to_string(&manifest).expect("JSON");
    assert_eq!(Manifest::from_json(&written).expect("well formed"), manifest);
}

#[test]
fn faults_are_named() {
    let cases = [
        ("/format", json!("kinora-model/2"), "this version of Kinora reads"),
        ("/architecture", json!("ltx"), "this version runs \"wan\""),
        ("/files/0/path", json!("../../etc/passwd"), "leaves the model's folder"),
        ("/files/0/path", json!("/etc/passwd"), "leaves the model's folder"),
        ("/files/0/path", json!("a/../b"), "leaves the model's folder"),
        ("/files/0/path", json!("a/./b"), "leaves the model's folder"),
        ("/files/0/path", json!("a//b"), "leaves the model's folder"),
        ("/files/0/path", json!("..\\b"), "leaves the model's folder"),
        ("/files/0/path", json!("%2e%2e/b"), "leaves the model's folder"),
        ("/files/0/path", json!("https://example.org/b"), "leaves the model's folder"),
        ("/files/0/path", json!(""), "leaves the model's folder"),
        ("/files/0/path", json!("dit.gguf"), "listed twice"),
        ("/files/0/bytes", json!(0), "cannot have 0 bytes"),
        ("/files/0/bytes", json!(1u64 << 50), "cannot have"),
        ("/files/0/bytes", json!(-1), "invalid value"),
        ("/files/0/role", json!("dit"), "no weights of the text encoder"),
        ("/files/0/role", json!("tokenizer"), "no weights of the text encoder"),
        ("/files/0/role", json!("shell"), "unknown variant"),
        ("/files/0/sha256", json!("abc"), "SHA-256"),
        ("/sizes", json!([]), "sizes"),
        ("/sizes/0/width", json!(1_000_000), "sizes"),
        ("/frames", json!([]), "frames long"),
        ("/frames/0", json!(0), "frames long"),
        ("/fps", json!(0), "frames per second"),
        ("/frame_rates", json!([8, 0]), "0 frames per second are not between"),
        ("/frame_rates", json!([8, -12]), "-12 frames per second are not between"),
        ("/frame_rates", json!([10, 16.5]), "none of the model's frame rates: 10, 16.5"),
        ("/frame_rates", json!("8"), "invalid type"),
        ("/prompt_template", json!(", {fps} fps"), "no place for the {prompt}"),
        ("/prompt_template", json!(""), "no place for the {prompt}"),
        ("/prompt_template", json!("{prompt}, {rate} fps"), "more than {prompt} and {fps}"),
        ("/text_length", json!(1_000_000), "text length"),
        ("/sampler/name", json!("magic"), "no sampler \"magic\""),
        ("/sampler/steps", json!(0), "steps"),
        ("/sampler/guidance", json!(1e9), "guidance"),
        ("/sampler/shift", json!(0.0), "shift"),
        ("/sampler/shift", json!(101), "at most 100"),
        ("/sampler/timestep_spacing", json!("wide"), "unknown variant"),
        ("/sampler/timesteps", json!([1000, -1]), "timesteps"),
        ("/sampler/timesteps", json!([]), "timesteps"),
        (
            "/sampler",
            json!({"name": "dmd", "steps": 4, "guidance": 1, "shift": 8, "timesteps": [1000, 757, 522]}),
            "4 steps are more than the 3 timesteps",
        ),
        ("/preview", json!({"factors": [], "bias": [0, 0, 0]}), "preview factors"),
    ];
    for (pointer, value, reason) in cases {
        let mut manifest = shipped();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = manifest.pointer_mut(parent).expect("in the manifest");
        match parent.as_array_mut() {
            Some(list) => list[key.parse::<usize>().expect("an index")] = value.clone(),
            None => parent[key] = value.clone(),
        }
        let error = Manifest::from_json(&manifest.to_string()).expect_err("a fault").to_string();
        assert!(error.contains(reason), "{pointer} = {value}: {error}");
    }
}

#[test]
fn frame_rates_and_the_prompt_template_may_be_left_out() {
    let mut manifest = shipped();
    for key in ["frame_rates", "prompt_template"] {
        manifest.as_object_mut().expect("an object").remove(key).expect("the shipped model has it");
    }
    let manifest = Manifest::from_json(&manifest.to_string()).expect("well formed");
    assert_eq!(manifest.prompt_template_at(8.0), "{prompt}");
    for fps in [0.5, 8.0, 23.976, 240.0] {
        assert!(manifest.require_frame_rate(fps).is_ok(), "{fps}");
    }
    for fps in [0.0, -8.0, 241.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(manifest.require_frame_rate(fps), Err(Error::BadInput(_))), "{fps}");
    }
}

#[test]
fn a_model_of_some_frame_rates_is_told_the_one_asked_for() {
    let mut manifest = shipped();
    manifest["frame_rates"] = json!([8, 12, 23.976]);
    manifest["prompt_template"] = json!("{prompt}, {fps} fps");
    let manifest = Manifest::from_json(&manifest.to_string()).expect("well formed");
    for (fps, template) in [(8.0, "{prompt}, 8 fps"), (12.0, "{prompt}, 12 fps"), (23.976, "{prompt}, 23.976 fps")] {
        assert!(manifest.require_frame_rate(fps).is_ok());
        assert_eq!(manifest.prompt_template_at(fps), template);
    }
    let error = manifest.require_frame_rate(10.0).expect_err("not trained");
    assert!(
        matches!(&error, Error::BadInput(what) if what.contains("10") && what.ends_with("8, 12, 23.976")),
        "{error}"
    );
    let written = serde_json::to_string(&manifest).expect("JSON");
    assert_eq!(Manifest::from_json(&written).expect("well formed"), manifest);
}

#[test]
fn a_diffusers_folder_becomes_a_manifest() {
    let manifest = Manifest::from_directory(repository("tests/fixtures/pipeline/model")).expect("well formed");
    assert_eq!((manifest.sampler.name.as_str(), manifest.sampler.shift), ("unipc", 3.0));
    assert_eq!(manifest.text_length, 512);
    assert_eq!(manifest.configs.vae["z_dim"], 8);
    let path = |role| manifest.files_of(role).map(|file| file.path.as_str()).collect::<Vec<_>>();
    assert_eq!(path(Role::Text), ["text_encoder/model.safetensors"]);
    assert_eq!(path(Role::Dit), ["transformer/diffusion_pytorch_model.safetensors"]);
    assert_eq!(path(Role::Vae), ["vae/diffusion_pytorch_model.safetensors"]);
    assert_eq!(path(Role::Tokenizer), ["tokenizer/tokenizer.json"]);
}

#[test]
fn shards_are_found_through_their_index() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = folder.path();
    let write = |path: &str, text: &str| {
        let path = model.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    };
    let index = std::fs::read_to_string(repository("tests/fixtures/pipeline/model/model_index.json")).expect("there");
    write("model_index.json", &index);
    let scheduler = r#"{"_class_name":"FlowMatchEulerDiscreteScheduler","shift":8.0}"#;
    write("scheduler/scheduler_config.json", scheduler);
    for folder in ["transformer", "text_encoder", "vae"] {
        write(&format!("{folder}/config.json"), "{}");
    }
    let shards = r#"{"weight_map":{"a":"model-2.safetensors","b":"model-1.safetensors","c":"model-2.safetensors"}}"#;
    write("text_encoder/model.safetensors.index.json", shards);
    write("text_encoder/model-1.safetensors", "one");
    write("text_encoder/model-2.safetensors", "two");
    write("transformer/diffusion_pytorch_model.safetensors", "dit");
    write("vae/diffusion_pytorch_model.safetensors", "vae");
    let manifest = Manifest::from_directory(model).expect("well formed");
    let text: Vec<&str> = manifest.files_of(Role::Text).map(|file| file.path.as_str()).collect();
    assert_eq!(text, ["text_encoder/model-1.safetensors", "text_encoder/model-2.safetensors"]);
    assert_eq!((manifest.sampler.name.as_str(), manifest.sampler.shift), ("euler", 8.0));

    let outside = r#"{"weight_map":{"a":"../../secret.safetensors"}}"#;
    write("text_encoder/model.safetensors.index.json", outside);
    assert!(Manifest::from_directory(model).expect_err("outside").to_string().contains("leaves the model's folder"));
    write("model_index.json", r#"{"_class_name":"FluxPipeline"}"#);
    assert!(Manifest::from_directory(model).expect_err("not Wan").to_string().contains("FluxPipeline"));
}
