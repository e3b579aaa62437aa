//! The whole way against `WanPipeline` of diffusers, on a tiny model that `tests/reference` writes.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::rc::Rc;

use kinora::command::forward::{Network, forward, read_tensors};
use kinora::command::generate::sources;
use kinora::format::Manifest;
use kinora::generate::{Events, Frame, Phase, Request, denoise_from, generate};
use kinora::gpu::{Cancel, Gpu};
use kinora::model::Model;
use kinora::preview::Preview;
use kinora::sampler::SamplerKind;
use kinora::table::relative_error;
use serde_json::Value;

const NETWORK: f64 = 1e-3;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/pipeline")
}

async fn tiny_model() -> Model {
    open(Manifest::from_directory(fixtures().join("model")).unwrap()).await
}

async fn open(manifest: Manifest) -> Model {
    let directory = fixtures().join("model");
    let gpu = Gpu::new().await.expect("install a Vulkan driver: apt-get install mesa-vulkan-drivers");
    let sources = sources(&directory, &manifest).unwrap();
    Model::open(&gpu, manifest, sources, Rc::new(|_, _| {})).await.unwrap()
}

fn request(case: &Value) -> Request {
    let number = |name: &str| case[name].as_u64().unwrap() as usize;
    Request {
        prompt: case["prompt"].as_str().unwrap().to_owned(),
        negative_prompt: case["negative_prompt"].as_str().unwrap().to_owned(),
        width: number("width"),
        height: number("height"),
        frames: number("frames"),
        fps: 16.0,
        steps: number("steps"),
        guidance: case["guidance"].as_f64().unwrap() as f32,
        shift: case["shift"].as_f64().unwrap(),
        sampler: SamplerKind::from_name(case["sampler"].as_str().unwrap()).unwrap(),
        seed: 7,
    }
}

#[test]
fn latents_equal_diffusers() {
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(fixtures().join("cases.json")).unwrap()).unwrap();
    assert_eq!(cases.len(), 3);
    pollster::block_on(async {
        let model = tiny_model().await;
        for case in &cases {
            let file = case["file"].as_str().unwrap();
            let tensors = read_tensors(&fixtures().join(file)).unwrap();
            let noise = tensors["noise"].values.clone();
            let latents = denoise_from(&model, &request(case), noise, &Cancel::default()).await.unwrap();
            let error = relative_error(&latents, &tensors["latents"].values);
            println!("{file} {error:.2e}");
            assert!(error <= NETWORK, "{file}: {error:.2e}");
        }
    });
}

#[derive(Default)]
struct Recorded {
    phases: Vec<(Phase, usize, usize)>,
    previews: usize,
    latent: Option<Vec<f32>>,
    frames: Vec<Frame>,
    cancel_at_step: Option<(usize, Cancel)>,
}

impl Events for Recorded {
    fn progress(&mut self, phase: Phase, done: usize, total: usize) {
        self.phases.push((phase, done, total));
        if let Some((step, cancel)) = &self.cancel_at_step
            && phase == Phase::Denoise
            && done == *step
        {
            cancel.cancel();
        }
    }

    fn preview(&mut self, _: &Preview) {
        self.previews += 1;
    }

    fn latent(&mut self, latent: &[f32]) {
        self.latent = Some(latent.to_vec());
    }

    fn frame(&mut self, frame: Frame) {
        self.frames.push(frame);
    }
}

fn small_request() -> Request {
    Request {
        prompt: "a red ball".into(),
        negative_prompt: String::new(),
        width: 32,
        height: 48,
        frames: 9,
        fps: 16.0,
        steps: 3,
        guidance: 2.0,
        shift: 3.0,
        sampler: SamplerKind::UniPc,
        seed: 11,
    }
}

#[test]
fn a_clip_that_was_denoised_before_is_only_decoded() {
    pollster::block_on(async {
        let mut whole = Recorded::default();
        generate(&tiny_model().await, &small_request(), None, &mut whole, &Cancel::default()).await.unwrap();
        let model = tiny_model().await;
        let mut decoded = Recorded::default();
        generate(&model, &small_request(), whole.latent, &mut decoded, &Cancel::default()).await.unwrap();
        assert!(decoded.phases.iter().all(|&(phase, ..)| phase == Phase::Decode), "{:?}", decoded.phases);
        assert_eq!(decoded.frames.len(), whole.frames.len());
        assert!(decoded.frames.iter().zip(&whole.frames).all(|(a, b)| a.data == b.data));

        let of_another_clip = Some(vec![0.0; 7]);
        let error = generate(&model, &small_request(), of_another_clip, &mut decoded, &Cancel::default()).await;
        assert!(matches!(error, Err(kinora::Error::BadInput(_))), "{error:?}");
    });
}

#[test]
fn a_clip_is_the_same_every_time_and_another_for_another_seed() {
    pollster::block_on(async {
        let model = tiny_model().await;
        let mut clips = Vec::new();
        for seed in [11, 11, 12] {
            let mut events = Recorded::default();
            let request = Request { seed, ..small_request() };
            generate(&model, &request, None, &mut events, &Cancel::default()).await.unwrap();
            assert_eq!(events.frames.len(), 9);
            assert!(events.frames.iter().enumerate().all(|(i, f)| f.index == i && (f.width, f.height) == (32, 48)));
            assert!(events.frames.iter().all(|frame| frame.data.len() == 4 * 32 * 48));
            assert_eq!(events.previews, 3);
            assert_eq!(events.phases.last(), Some(&(Phase::Decode, 3, 3)));
            clips.push(events.frames.into_iter().flat_map(|frame| frame.data).collect::<Vec<u8>>());
        }
        assert_eq!(clips[0], clips[1]);
        assert_ne!(clips[0], clips[2]);
    });
}

#[test]
fn the_frame_rate_is_told_in_the_prompt_and_the_negative_prompt() {
    pollster::block_on(async {
        let plain = tiny_model().await;
        let manifest = Manifest {
            frame_rates: vec![8.0, 16.0],
            prompt_template: "{prompt}, {fps} fps".into(),
            ..plain.manifest().clone()
        };
        let told = open(manifest).await;
        let noise = vec![0.5; 8 * 3 * 4 * 6];
        let latents = async |model: &Model, fps, prompt: &str, negative_prompt: &str| {
            let (prompt, negative_prompt) = (prompt.into(), negative_prompt.into());
            let request = Request { prompt, negative_prompt, fps, ..small_request() };
            denoise_from(model, &request, noise.clone(), &Cancel::default()).await.unwrap()
        };
        let at_8 = latents(&told, 8.0, "a red ball", "fog").await;
        assert_eq!(at_8, latents(&plain, 30.0, "a red ball, 8 fps", "fog, 8 fps").await);
        assert_ne!(at_8, latents(&told, 16.0, "a red ball", "fog").await);

        let request = Request { fps: 12.0, ..small_request() };
        let error = generate(&told, &request, None, &mut Recorded::default(), &Cancel::default()).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().ends_with("8, 16")), ("bad-input", true), "{error}");
    });
}

#[test]
fn cancelling_stops_and_the_model_works_afterwards() {
    pollster::block_on(async {
        let model = tiny_model().await;
        let cancel = Cancel::default();
        let mut events = Recorded { cancel_at_step: Some((1, cancel.clone())), ..Recorded::default() };
        let error = generate(&model, &small_request(), None, &mut events, &cancel).await.unwrap_err();
        assert_eq!(error.code(), "cancelled");
        assert!(events.frames.is_empty());
        let mut events = Recorded::default();
        generate(&model, &small_request(), None, &mut events, &Cancel::default()).await.unwrap();
        assert_eq!(events.frames.len(), 9);
    });
}

#[test]
fn impossible_requests_are_refused_before_anything_is_computed() {
    pollster::block_on(async {
        let model = tiny_model().await;
        let ok = small_request();
        let cases = [
            ("empty-prompt", Request { prompt: "  \n".into(), ..ok.clone() }),
            ("prompt-too-long", Request { prompt: "ball ".repeat(2000), ..ok.clone() }),
            ("prompt-too-long", Request { negative_prompt: "fog ".repeat(2000), ..ok.clone() }),
            ("bad-input", Request { width: 33, ..ok.clone() }),
            ("bad-input", Request { width: 0, ..ok.clone() }),
            ("bad-input", Request { frames: 8, ..ok.clone() }),
            ("bad-input", Request { frames: 0, ..ok.clone() }),
            ("bad-input", Request { fps: 0.0, ..ok.clone() }),
            ("bad-input", Request { steps: 0, ..ok.clone() }),
            ("bad-input", Request { guidance: f32::NAN, ..ok.clone() }),
            ("bad-input", Request { shift: -1.0, ..ok.clone() }),
            ("does-not-fit", Request { width: 8192, height: 8192, frames: 401, ..ok.clone() }),
        ];
        for (code, request) in cases {
            let mut events = Recorded::default();
            let error = generate(&model, &request, None, &mut events, &Cancel::default()).await.unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert!(events.frames.is_empty());
        }
    });
}

#[test]
fn a_negative_prompt_of_any_length_has_no_effect_without_guidance() {
    pollster::block_on(async {
        let model = tiny_model().await;
        let noise = vec![0.5; 8 * 3 * 4 * 6];
        let latents = async |negative_prompt: String| {
            let request = Request { negative_prompt, guidance: 1.0, ..small_request() };
            denoise_from(&model, &request, noise.clone(), &Cancel::default()).await.unwrap()
        };
        assert_eq!(latents(String::new()).await, latents("fog ".repeat(2000)).await);
    });
}

#[test]
fn values_that_are_not_numbers_end_the_clip() {
    pollster::block_on(async {
        let noise = vec![f32::NAN; 8 * 3 * 4 * 6];
        let error = denoise_from(&tiny_model().await, &small_request(), noise, &Cancel::default()).await.unwrap_err();
        assert!(matches!(&error, kinora::Error::WrongResult(what) if what.contains("not numbers")), "{error}");
        assert_eq!(error.code(), "internal");
    });
}

#[test]
fn a_model_with_a_truncated_file_is_refused() {
    pollster::block_on(async {
        let directory = fixtures().join("model");
        let gpu = Gpu::new().await.unwrap();
        let manifest = Manifest::from_directory(&directory).unwrap();
        let mut sources = sources(&directory, &manifest).unwrap();
        let path = manifest.files[1].path.clone();
        let bytes = std::fs::read(directory.join(&path)).unwrap();
        sources.insert(path, Rc::new(kinora::format::MemorySource(bytes[..bytes.len() / 2].to_vec())));
        let error = Model::open(&gpu, manifest, sources, Rc::new(|_, _| {})).await.err().unwrap();
        assert_eq!(error.code(), "bad-model");
    });
}

#[test]
fn networks_of_a_whole_model_run_by_name() {
    pollster::block_on(async {
        let gpu = Gpu::new().await.unwrap();
        let mut inputs = std::collections::HashMap::new();
        let ids = kinora::command::forward::HostTensor { shape: vec![3], values: vec![5.0, 7.0, 1.0] };
        inputs.insert("input_ids".to_owned(), ids);
        let (name, hidden) = forward(&gpu, Network::Text, &fixtures().join("model"), &inputs).await.unwrap();
        assert_eq!((name, hidden.shape[0]), ("hidden", 3));
    });
}
