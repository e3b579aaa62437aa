//! Manifests of folders: Kinora's own, and those that diffusers' `save_pretrained` writes.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{
    Configs, FORMAT, FrameSize, Manifest, ModelFile, Role, SamplerDefaults, TimestepSpacing, prompt_alone, stays_inside,
};
use crate::error::{Error, Result};

/// Largest JSON file that is read, in bytes.
const MAX_JSON: u64 = 64 << 20;

/// Names of unsharded weights, in order of preference.
const WEIGHTS: [&str; 4] =
    ["diffusion_pytorch_model.safetensors", "model.safetensors", "diffusion_pytorch_model.gguf", "model.gguf"];

/// Names of tokenizer files, in order of preference.
const TOKENIZERS: [&str; 3] = ["tokenizer.json", "spiece.model", "tokenizer.model"];

/// What Wan was told not to show where nothing else is asked for (`wan/configs/shared_config.py`).
const WAN_NEGATIVE_PROMPT: &str = "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，\
    低质量，JPEG压缩残留，丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，\
    静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走";

impl Manifest {
    /// The manifest of a model folder: its `model.json`, or one made from diffusers' `model_index.json` with the sizes
    /// and defaults of the published Wan models.
    ///
    /// # Errors
    /// [`Error::Storage`] when the folder cannot be read, [`Error::BadModel`] when it holds no model that Kinora runs.
    pub fn from_directory(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if path.join("model.json").is_file() {
            return Self::from_json(&read_text(&path.join("model.json"))?);
        }
        if !path.join("model_index.json").is_file() {
            let shown = path.display();
            let what = format!("{shown} holds neither model.json nor model_index.json. Name a model's folder.");
            return Err(Error::Storage(what));
        }
        let manifest = from_diffusers(path)?;
        manifest.check()?;
        Ok(manifest)
    }
}

fn from_diffusers(path: &Path) -> Result<Manifest> {
    check_pipeline(&read_json(&path.join("model_index.json"))?)?;
    let config = |folder: &str| read_json(&path.join(folder).join("config.json"));
    let configs = Configs { text: config("text_encoder")?, dit: config("transformer")?, vae: config("vae")? };
    let mut files = Vec::new();
    for (role, folder) in [(Role::Text, "text_encoder"), (Role::Dit, "transformer"), (Role::Vae, "vae")] {
        for name in weight_names(&path.join(folder))? {
            files.push(model_file(path, role, format!("{folder}/{name}"))?);
        }
    }
    if let Some(name) = TOKENIZERS.iter().find(|name| path.join("tokenizer").join(name).is_file()) {
        files.push(model_file(path, Role::Tokenizer, format!("tokenizer/{name}"))?);
    }
    let name = path.file_name().map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned());
    let version = WanVersion::of(&configs.vae);
    Ok(Manifest {
        format: FORMAT.to_owned(),
        title: name.clone(),
        name,
        description: String::new(),
        license: String::new(),
        architecture: "wan".to_owned(),
        files,
        text_length: 512,
        sampler: sampler(&path.join("scheduler").join("scheduler_config.json"))?,
        sizes: version.sizes(),
        frames: version.frames(),
        fps: version.fps(),
        frame_rates: Vec::new(),
        prompt_template: prompt_alone(),
        vocabulary: Vec::new(),
        known_words: Vec::new(),
        examples: Vec::new(),
        preview: None,
        configs,
    })
}

fn check_pipeline(index: &Value) -> Result<()> {
    let class = index["_class_name"].as_str().unwrap_or("nameless pipeline");
    if !class.starts_with("Wan") {
        return Err(Error::bad_model(format!("this is a {class}; Kinora runs Wan pipelines")));
    }
    let present = |component: &str| index[component].as_array().is_some_and(|parts| parts.iter().any(Value::is_string));
    if present("transformer_2") {
        return Err(Error::bad_model("models with a second transformer for high noise are not supported yet"));
    }
    match ["transformer", "text_encoder", "vae"].into_iter().find(|component| !present(component)) {
        Some(component) => Err(Error::bad_model(format!("model_index.json names no {component}"))),
        None => Ok(()),
    }
}

/// The weight files of a component's folder: the shards that an index names, or one file.
fn weight_names(folder: &Path) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    for name in WEIGHTS {
        let index = folder.join(format!("{name}.index.json"));
        if index.is_file() {
            let index: Index = read_json(&index)?;
            let mut shards: Vec<String> = index.weight_map.into_values().collect();
            shards.sort_unstable();
            shards.dedup();
            return Ok(shards);
        }
    }
    let name = WEIGHTS.into_iter().find(|name| folder.join(name).is_file());
    let missing = || Error::bad_model(format!("{} holds no {}", folder.display(), WEIGHTS.join(" or ")));
    name.map(|name| vec![name.to_owned()]).ok_or_else(missing)
}

fn model_file(root: &Path, role: Role, path: String) -> Result<ModelFile> {
    if !stays_inside(&path) {
        return Err(Error::bad_model(format!("the path \"{path}\" leaves the model's folder")));
    }
    let details = fs::metadata(root.join(&path));
    let details = details.map_err(|error| Error::Storage(format!("{path} cannot be read: {error}")))?;
    Ok(ModelFile { role, path, bytes: details.len(), sha256: String::new() })
}

fn sampler(scheduler: &Path) -> Result<SamplerDefaults> {
    let config = if scheduler.is_file() { read_json(scheduler)? } else { Value::Null };
    let number = |key: &str, default: f32| config[key].as_f64().map_or(default, |number| number as f32);
    let (name, shift) = match config["_class_name"].as_str() {
        Some("FlowMatchEulerDiscreteScheduler") => ("euler", number("shift", 1.0)),
        _ => ("unipc", number("flow_shift", 3.0)),
    };
    let negative_prompt = WAN_NEGATIVE_PROMPT.to_owned();
    Ok(SamplerDefaults {
        name: name.to_owned(),
        steps: 50,
        guidance: 5.0,
        shift,
        negative_prompt,
        timestep_spacing: TimestepSpacing::Linspace,
        timesteps: None,
    })
}

/// What the published models were made for.
enum WanVersion {
    /// Autoencoder 8 × 8 × 4.
    Wan21,
    /// Autoencoder 16 × 16 × 4.
    Wan22,
}

impl WanVersion {
    fn of(vae: &Value) -> Self {
        if vae["scale_factor_spatial"].as_u64() == Some(16) { Self::Wan22 } else { Self::Wan21 }
    }

    fn sizes(&self) -> Vec<FrameSize> {
        let sizes = match self {
            Self::Wan21 => [("16:9", 832, 480), ("9:16", 480, 832), ("1:1", 624, 624)],
            Self::Wan22 => [("16:9", 1280, 704), ("9:16", 704, 1280), ("1:1", 960, 960)],
        };
        sizes.into_iter().map(|(label, width, height)| FrameSize { label: label.to_owned(), width, height }).collect()
    }

    fn frames(&self) -> Vec<usize> {
        match self {
            Self::Wan21 => vec![17, 33, 49, 65, 81],
            Self::Wan22 => vec![25, 49, 73, 97, 121],
        }
    }

    fn fps(&self) -> f64 {
        match self {
            Self::Wan21 => 16.0,
            Self::Wan22 => 24.0,
        }
    }
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = read_text(path)?;
    serde_json::from_str(&text).map_err(|error| Error::bad_model(format!("{}: {error}", path.display())))
}

fn read_text(path: &Path) -> Result<String> {
    let storage = |error| Error::Storage(format!("{} cannot be read: {error}", path.display()));
    if fs::metadata(path).map_err(storage)?.len() > MAX_JSON {
        return Err(Error::bad_model(format!("{} is too long", path.display())));
    }
    fs::read_to_string(path).map_err(storage)
}
