//! Every network against diffusers and transformers, on the fixtures that `tests/reference` writes.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use kinora::command::forward::{HostTensor, Network, forward, read_tensors};
use kinora::gpu::Gpu;
use kinora::table::relative_error;
use kinora::vae::VaeConfig;
use serde_json::{Value, json};

/// Bounds of the relative L2 error of a whole network: the weights are the same on both sides, the order of sums is not.
const NETWORK: f64 = 1e-3;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures")
}

/// Pairs `<prefix>input<suffix>.safetensors` and `<prefix>expected<suffix>.safetensors`, inputs from `inputs`.
fn cases(model: &Path, inputs: &Path, prefix: &str) -> Vec<(PathBuf, PathBuf)> {
    let start = format!("{prefix}expected");
    let names = std::fs::read_dir(model).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut expected: Vec<_> = names.filter(|name| name.starts_with(&start)).collect();
    expected.sort();
    let pair = |name: &String| (inputs.join(name.replace("expected", "input")), model.join(name));
    expected.iter().map(pair).collect()
}

fn check(network: Network, model: &Path, inputs: &Path, prefix: &str) -> usize {
    let cases = cases(model, inputs, prefix);
    assert!(!cases.is_empty(), "{} holds no {prefix}expected files", model.display());
    pollster::block_on(async {
        let gpu = Gpu::new().await.expect("install a Vulkan driver: apt-get install mesa-vulkan-drivers");
        for (input, expected) in &cases {
            let (name, actual) = forward(&gpu, network, model, &read_tensors(input).unwrap()).await.unwrap();
            let expected = &read_tensors(expected).unwrap()[name];
            assert_eq!(actual.shape, expected.shape, "{}", input.display());
            let error = relative_error(&actual.values, &expected.values);
            println!("{network:?} {} {error:.2e}", input.strip_prefix(fixtures()).unwrap().display());
            assert!(error <= NETWORK, "{} differs by {error:.2e}", input.display());
        }
    });
    cases.len()
}

fn check_all(network: Network, part: &str, prefix: &str) {
    let mut models: Vec<_> =
        std::fs::read_dir(fixtures().join(part)).unwrap().map(|entry| entry.unwrap().path()).collect();
    models.sort();
    assert!(models.len() >= 3, "at least three configurations");
    for model in models {
        check(network, &model, &model, prefix);
    }
}

#[test]
fn dit_equals_diffusers() {
    check_all(Network::Dit, "dit", "");
}

#[test]
fn text_encoder_equals_transformers() {
    check_all(Network::Text, "text", "");
}

#[test]
fn vae_encoder_equals_diffusers() {
    check_all(Network::VaeEncode, "vae", "encode-");
}

#[test]
fn vae_decoder_equals_diffusers() {
    check_all(Network::VaeDecode, "vae", "decode-");
}

#[test]
fn an_empty_latent_is_refused() {
    let model = fixtures().join("vae/tiny");
    pollster::block_on(async {
        let gpu = Gpu::new().await.unwrap();
        for shape in [[16, 1, 0, 4], [16, 0, 4, 4]] {
            let latent = HostTensor { shape: shape.to_vec(), values: Vec::new() };
            let inputs = [("latent".to_owned(), latent)].into();
            let error = forward(&gpu, Network::VaeDecode, &model, &inputs).await.unwrap_err();
            assert!(error.code() == "bad-input" && error.to_string().contains("latent is empty"), "{error}");
        }
    });
}

#[test]
fn a_vae_of_single_frames_takes_any_number_but_halves_none() {
    let config = fixtures().join("vae/single-frames/config.json");
    let config: Value = serde_json::from_slice(&std::fs::read(config).unwrap()).unwrap();
    for frames in 1..=18 {
        assert_eq!(VaeConfig::from_json(&config).unwrap().latent_size(frames, 8, 16).unwrap(), [frames, 1, 2]);
    }
    let faults =
        [("temperal_downsample", json!([false, true])), ("kernel_frames", json!(0)), ("kernel_frames", json!(2))];
    for (key, value) in faults {
        let mut config = config.clone();
        config[key] = value;
        let error = VaeConfig::from_json(&config).unwrap_err();
        assert!(error.code() == "bad-model" && error.to_string().contains("kernel_frames"), "{error}");
    }
}

#[test]
fn quantised_networks_equal_diffusers_on_the_dequantised_weights() {
    let quantised = fixtures().join("quantised");
    for kind in ["q8_0", "q4_0", "f16", "bf16"] {
        check(Network::Dit, &quantised.join(format!("dit-{kind}")), &fixtures().join("dit/head64"), "");
    }
    for kind in ["q8_0", "q4_0"] {
        check(Network::Text, &quantised.join(format!("text-{kind}")), &fixtures().join("text/head64"), "");
    }
    for (model, inputs) in [("vae-q8_0", "vae/patched"), ("vae-residual-f16", "vae/residual")] {
        let (model, inputs) = (quantised.join(model), fixtures().join(inputs));
        check(Network::VaeEncode, &model, &inputs, "encode-");
        check(Network::VaeDecode, &model, &inputs, "decode-");
    }
}
