//! What a model consists of and how it wants to be used: `model.json`.

#[cfg(not(target_arch = "wasm32"))]
mod directory;

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Value of `format` in manifests that this version reads.
pub const FORMAT: &str = "kinora-model/1";

/// Samplers that a manifest may name.
pub const SAMPLERS: [&str; 3] = ["euler", "unipc", "dmd"];

/// Where a prompt stands in a model's `prompt_template`.
pub const PROMPT: &str = "{prompt}";
/// Where the frames per second stand in it.
const FPS: &str = "{fps}";

const MAX_FILES: usize = 1024;
/// Most pixels along a side of a clip.
pub const MAX_SIDE: usize = 8192;
/// Most frames of a clip.
pub const MAX_FRAMES: usize = 4096;
/// Most denoising steps: more than anyone waits for.
pub const MAX_STEPS: usize = 1000;
/// Largest shift of a noise schedule.
pub const MAX_SHIFT: f64 = 100.0;
const MAX_FPS: f64 = 240.0;
const MAX_BYTES: u64 = 1 << 40;

/// A model: its files, the configurations of its networks, and the defaults and limits of its controls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Short name, as in file names.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// One or two sentences about what the model can do.
    #[serde(default)]
    pub description: String,
    /// SPDX identifier of the weights' licence.
    #[serde(default)]
    pub license: String,
    /// Family of networks: `wan`.
    pub architecture: String,
    /// The model's files.
    pub files: Vec<ModelFile>,
    /// Configurations of the networks.
    pub configs: Configs,
    /// Rows that the transformer's cross-attention sees: the encoder's, padded with zeros.
    pub text_length: usize,
    /// Defaults of sampling.
    pub sampler: SamplerDefaults,
    /// Sizes that the model was made for, the default first.
    pub sizes: Vec<FrameSize>,
    /// Numbers of frames that the model was made for, the default first.
    pub frames: Vec<usize>,
    /// Frames per second, the default.
    pub fps: f64,
    /// Frames per second that the model was trained with; empty for a model that knows nothing about them, whose clips
    /// may play at any rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frame_rates: Vec<f64>,
    /// What the model reads for a prompt, and for a negative one: [`PROMPT`] stands for it, `{fps}` for the frames per
    /// second.
    #[serde(default = "prompt_alone")]
    pub prompt_template: String,
    /// Words that the model knows, in groups to show to people.
    #[serde(default)]
    pub vocabulary: Vec<WordGroup>,
    /// All words that the model knows, in lower case or Chinese; empty for an open vocabulary.
    #[serde(default)]
    pub known_words: Vec<String>,
    /// Prompts that work well.
    #[serde(default)]
    pub examples: Vec<String>,
    /// How to show a latent without decoding it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<PreviewFactors>,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Weights of the text encoder.
    Text,
    /// The tokenizer.
    Tokenizer,
    /// Weights of the diffusion transformer.
    Dit,
    /// Weights of the autoencoder.
    Vae,
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// What it is for. Sharded weights are several files with one role.
    pub role: Role,
    /// Path relative to the manifest, with `/` between folders.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal; empty where a folder on disk says nothing about it.
    pub sha256: String,
}

/// Configurations of the networks, as transformers and diffusers write them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Configs {
    /// `UMT5EncoderModel` or `T5EncoderModel`.
    pub text: serde_json::Value,
    /// `WanTransformer3DModel`.
    pub dit: serde_json::Value,
    /// `AutoencoderKLWan`.
    pub vae: serde_json::Value,
}

/// Defaults of sampling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SamplerDefaults {
    /// One of [`SAMPLERS`].
    pub name: String,
    /// Steps from noise to clip.
    pub steps: usize,
    /// Scale of classifier-free guidance; 1 is none.
    pub guidance: f32,
    /// Shift of the noise schedule; 1 is none.
    pub shift: f32,
    /// What the clip should not show.
    #[serde(default)]
    pub negative_prompt: String,
    /// How the levels of Euler's method are spaced.
    #[serde(default, skip_serializing_if = "TimestepSpacing::is_linspace")]
    pub timestep_spacing: TimestepSpacing,
    /// The timesteps (0 to 1000) that a few-step model was distilled for, for DMD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timesteps: Option<Vec<f32>>,
}

/// How the levels that Euler's method steps through are spaced before their shift (Lin et al., arXiv 2305.08891, table 2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimestepSpacing {
    /// From 1 to next to nothing, which is what diffusers does unless told otherwise: of few steps the last changes little.
    #[default]
    Linspace,
    /// 1, 1 − 1/N, ..., 1/N for N steps: those of half as many steps are among them.
    Trailing,
}

/// A linear map from the channels of a normalised latent to colours, fitted to a VAE by least squares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviewFactors {
    /// Red, green and blue of each channel.
    pub factors: Vec<[f32; 3]>,
    /// Red, green and blue of a latent of zeros, in [−1, 1].
    pub bias: [f32; 3],
}

/// A frame size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameSize {
    /// Aspect ratio for people, such as `16:9`.
    pub label: String,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
}

/// Words of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordGroup {
    /// What they have in common.
    pub label: String,
    /// The words.
    pub words: Vec<String>,
}

fn prompt_alone() -> String {
    PROMPT.to_owned()
}

impl Manifest {
    /// Parses and checks the text of a `model.json`.
    ///
    /// # Errors
    /// [`Error::BadModel`] with what is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        let manifest: Self =
            serde_json::from_str(text).map_err(|error| Error::bad_model(format!("model.json: {error}")))?;
        manifest.check()?;
        if let Some(file) = manifest.files.iter().find(|file| !is_sha256(&file.sha256)) {
            return Err(Error::bad_model(format!("model.json: {} has no SHA-256", file.path)));
        }
        Ok(manifest)
    }

    /// Checks everything that a manifest says, whatever it was read from.
    ///
    /// # Errors
    /// [`Error::BadModel`] with what is wrong.
    pub fn check(&self) -> Result<()> {
        let fault = self.fault();
        fault.map_or(Ok(()), |what| Err(Error::bad_model(format!("model.json: {what}"))))
    }

    /// Size and number of frames of a clip unless told otherwise: the first that are named.
    ///
    /// # Errors
    /// [`Error::BadModel`] when none is named, which [`Manifest::check`] finds, too.
    pub fn default_clip(&self) -> Result<(&FrameSize, usize)> {
        match (self.sizes.first(), self.frames.first()) {
            (Some(size), Some(&frames)) => Ok((size, frames)),
            _ => Err(Error::bad_model("model.json: it names no size or no number of frames")),
        }
    }

    fn fault(&self) -> Option<String> {
        if self.format != FORMAT {
            return Some(format!("its format is \"{}\"; this version of Kinora reads \"{FORMAT}\"", self.format));
        }
        if self.architecture != "wan" {
            return Some(format!("its architecture is \"{}\"; this version runs \"wan\"", self.architecture));
        }
        self.file_fault()
            .or_else(|| self.sampler.fault())
            .or_else(|| self.size_fault())
            .or_else(|| self.frame_rate_fault())
            .or_else(|| self.template_fault())
            .or_else(|| self.preview.as_ref().and_then(PreviewFactors::fault))
    }

    fn file_fault(&self) -> Option<String> {
        if self.files.len() > MAX_FILES {
            return Some(format!("it lists more than {MAX_FILES} files"));
        }
        if let Some(file) = self.files.iter().find(|file| !stays_inside(&file.path)) {
            return Some(format!("the path \"{}\" leaves the model's folder", file.path));
        }
        if let Some(file) = self.files.iter().find(|file| file.bytes == 0 || file.bytes > MAX_BYTES) {
            return Some(format!("{} cannot have {} bytes", file.path, file.bytes));
        }
        let mut paths: Vec<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        paths.sort_unstable();
        if let Some(pair) = paths.windows(2).find(|pair| pair[0] == pair[1]) {
            return Some(format!("{} is listed twice", pair[0]));
        }
        let count = |role| self.files.iter().filter(|file| file.role == role).count();
        for (role, what) in [(Role::Text, "text encoder"), (Role::Dit, "transformer"), (Role::Vae, "autoencoder")] {
            if count(role) == 0 {
                return Some(format!("it lists no weights of the {what}"));
            }
        }
        (count(Role::Tokenizer) > 1).then(|| "it lists more than one tokenizer".to_owned())
    }

    fn size_fault(&self) -> Option<String> {
        let sides = self.sizes.iter().flat_map(|size| [size.width, size.height]);
        if self.sizes.is_empty() || sides.into_iter().any(|side| side == 0 || side > MAX_SIDE) {
            return Some(format!("its sizes are not between 1 and {MAX_SIDE} pixels"));
        }
        if self.frames.is_empty() || self.frames.iter().any(|frames| *frames == 0 || *frames > MAX_FRAMES) {
            return Some(format!("its clips are not between 1 and {MAX_FRAMES} frames long"));
        }
        let is_possible = (1..=8192).contains(&self.text_length);
        (!is_possible).then(|| format!("a text length of {} is not between 1 and 8192", self.text_length))
    }

    fn frame_rate_fault(&self) -> Option<String> {
        if let Some(rate) = self.frame_rates.iter().chain([&self.fps]).find(|rate| !is_frame_rate(**rate)) {
            return Some(format!("{rate} frames per second are not between 0 and {MAX_FPS}"));
        }
        self.require_frame_rate(self.fps).err().map(|error| error.to_string())
    }

    fn template_fault(&self) -> Option<String> {
        let template = &self.prompt_template;
        if !template.contains(PROMPT) {
            return Some(format!("its prompt template \"{template}\" has no place for the {PROMPT}"));
        }
        let unknown = template.replace(PROMPT, "").replace(FPS, "").contains(['{', '}']);
        unknown.then(|| format!("its prompt template \"{template}\" has a place for more than {PROMPT} and {FPS}"))
    }

    /// Checks that the model can make clips of `fps` frames per second.
    ///
    /// # Errors
    /// [`Error::BadInput`] with the rates that it was trained with.
    pub fn require_frame_rate(&self, fps: f64) -> Result<()> {
        if !is_frame_rate(fps) {
            return Err(Error::BadInput(format!("the frames per second must be above 0 and at most {MAX_FPS}")));
        }
        if self.frame_rates.is_empty() || self.frame_rates.contains(&fps) {
            return Ok(());
        }
        let rates: Vec<String> = self.frame_rates.iter().map(f64::to_string).collect();
        let what = format!("{fps} frames per second are none of the model's frame rates: {}", rates.join(", "));
        Err(Error::BadInput(what))
    }

    /// The prompt template for clips of `fps` frames per second; only [`PROMPT`] is left to be filled in.
    pub fn prompt_template_at(&self, fps: f64) -> String {
        self.prompt_template.replace(FPS, &fps.to_string())
    }

    /// Bytes of all weights.
    pub fn weight_bytes(&self) -> u64 {
        self.files.iter().filter(|file| file.role != Role::Tokenizer).map(|file| file.bytes).sum()
    }

    /// The files with a role, in order.
    pub fn files_of(&self, role: Role) -> impl Iterator<Item = &ModelFile> {
        self.files.iter().filter(move |file| file.role == role)
    }
}

impl PreviewFactors {
    fn fault(&self) -> Option<String> {
        let finite = self.factors.iter().chain([&self.bias]).flatten().all(|factor| factor.is_finite());
        let usable = finite && (1..=1024).contains(&self.factors.len());
        (!usable).then(|| "its preview factors are not 1 to 1024 rows of numbers".to_owned())
    }
}

impl TimestepSpacing {
    fn is_linspace(&self) -> bool {
        *self == Self::Linspace
    }
}

impl SamplerDefaults {
    fn fault(&self) -> Option<String> {
        if !SAMPLERS.contains(&self.name.as_str()) {
            return Some(format!("there is no sampler \"{}\"; there are {}", self.name, SAMPLERS.join(", ")));
        }
        if self.steps == 0 || self.steps > MAX_STEPS {
            return Some(format!("{} steps are not between 1 and {MAX_STEPS}", self.steps));
        }
        if !(0.0..=100.0).contains(&self.guidance) {
            return Some(format!("a guidance of {} is not between 0 and 100", self.guidance));
        }
        if !(self.shift > 0.0 && f64::from(self.shift) <= MAX_SHIFT) {
            return Some(format!("a shift of {} is not above 0 and at most {MAX_SHIFT}", self.shift));
        }
        let timesteps = self.timesteps.as_deref()?;
        let usable = (1..=1000).contains(&timesteps.len()) && timesteps.iter().all(|t| (0.0..=1000.0).contains(t));
        if !usable {
            return Some("its timesteps are not between 0 and 1000".to_owned());
        }
        let (steps, distilled) = (self.steps, timesteps.len());
        (self.name == "dmd" && steps > distilled)
            .then(|| format!("{steps} steps are more than the {distilled} timesteps that it was distilled for"))
    }
}

fn is_frame_rate(fps: f64) -> bool {
    fps > 0.0 && fps <= MAX_FPS
}

/// Whether a path names something inside of the folder it is relative to, on every operating system and in a URL.
fn stays_inside(path: &str) -> bool {
    let plain = !path.is_empty() && !path.contains(['\\', ':', '\0', '?', '#', '%']);
    plain
        && !path.ends_with('/')
        && Path::new(path).components().all(|component| matches!(component, Component::Normal(_)))
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
