//! `kinora forward`: one network on tensors from a file, for comparison with the reference implementations.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::component::Component;
use crate::dit::{Dit, DitConfig};
use crate::error::{Error, Result};
use crate::gpu::{Arena, Cancel, Gpu};
use crate::text::{TextConfig, TextEncoder};
use crate::vae::{Decoder, Encoder, VaeConfig, channels_last};

/// The network to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Network {
    /// `input_ids` i64 `[L]` → `hidden` `[L, d]`
    Text,
    /// `latent` [C, F, H, W], `timestep` `[1]`, `text` [L, d] and, for image-to-video models, `image` [n, d] →
    /// `velocity` [C, F, H, W]
    Dit,
    /// `video` [3, T, H, W] in [−1, 1] → `latent` [C, F, h, w], the posterior mean
    VaeEncode,
    /// `latent` [C, F, h, w] → `video` [3, T, H, W]
    VaeDecode,
}

/// A tensor on the host, row-major.
#[derive(Debug, Clone)]
pub struct HostTensor {
    /// Slowest dimension first.
    pub shape: Vec<usize>,
    /// Values; token numbers as well.
    pub values: Vec<f32>,
}

/// Runs a network on the tensors of a safetensors file and writes what comes out.
///
/// # Errors
/// When a file cannot be read or written, or the network cannot run on these tensors.
pub fn run(network: Network, model: &Path, input: &Path, output: &Path) -> Result<()> {
    let inputs = read_tensors(input)?;
    let (name, result) = pollster::block_on(async {
        let gpu = Gpu::new().await?;
        forward(&gpu, network, model, &inputs).await
    })?;
    let bytes = bytemuck::cast_slice(&result.values);
    let view = TensorView::new(Dtype::F32, result.shape.clone(), bytes)
        .map_err(|e| Error::Storage(format!("the result is no tensor: {e}")))?;
    safetensors::serialize_to_file([(name, view)], None, output)
        .map_err(|e| Error::Storage(format!("cannot write {}: {e}", output.display())))
}

/// Runs a network of the model in a directory; the result with its name.
///
/// # Errors
/// When the model is malformed or the inputs do not fit it.
pub async fn forward(
    gpu: &Rc<Gpu>,
    network: Network,
    model: &Path,
    inputs: &HashMap<String, HostTensor>,
) -> Result<(&'static str, HostTensor)> {
    let input = |name: &str| inputs.get(name).ok_or_else(|| Error::bad_input(format!("the input lacks {name}")));
    match network {
        Network::Text => text(gpu, model, input("input_ids")?).await.map(|result| ("hidden", result)),
        Network::Dit => {
            let timestep = *input("timestep")?.values.first().ok_or_else(|| Error::bad_input("timestep is empty"))?;
            dit(gpu, model, input("latent")?, timestep, input("text")?, inputs.get("image"))
                .await
                .map(|result| ("velocity", result))
        }
        Network::VaeEncode => encode(gpu, model, input("video")?).await.map(|result| ("latent", result)),
        Network::VaeDecode => decode(gpu, model, input("latent")?).await.map(|result| ("video", result)),
    }
}

async fn text(gpu: &Rc<Gpu>, model: &Path, ids: &HostTensor) -> Result<HostTensor> {
    let component = Component::open(model, "text").await?;
    let config = TextConfig::from_json(&component.config)?;
    let bytes = component.bytes();
    let encoder = TextEncoder::load(component.weights(gpu), &config, bytes).await?;
    let numbers: Vec<u32> = ids.values.iter().map(|&id| id as u32).collect();
    let values = encoder.encode(gpu, &numbers, &Cancel::default()).await?;
    Ok(HostTensor { shape: vec![numbers.len(), config.d_model], values })
}

async fn dit(
    gpu: &Rc<Gpu>,
    model: &Path,
    latent: &HostTensor,
    timestep: f32,
    text: &HostTensor,
    image: Option<&HostTensor>,
) -> Result<HostTensor> {
    let component = Component::open(model, "dit").await?;
    let config = DitConfig::from_json(&component.config)?;
    let &[channels, frames, height, width] = &latent.shape[..] else {
        return Err(Error::bad_input("latent must have the shape [C, F, H, W]"));
    };
    if channels != config.in_channels {
        return Err(Error::bad_input(format!("the model reads {} latent channels", config.in_channels)));
    }
    let dit = Dit::load(&component.weights(gpu), &config).await?;
    let text = gpu.upload("text", &text.shape, &text.values)?;
    let image = match image {
        Some(image) => Some(gpu.upload("image", &image.shape, &image.values)?),
        None => None,
    };
    let cancel = Cancel::default();
    let context = dit.context(gpu, &text, image.as_ref(), &cancel).await?;
    let inputs = dit.inputs(gpu, [frames, height, width])?;
    inputs.set(gpu, &latent.values, timestep)?;
    let step = dit.record(&Arena::new(gpu), &inputs, &context)?;
    let values = step.run(gpu, &cancel).await?;
    Ok(HostTensor { shape: vec![config.velocity_channels(), frames, height, width], values })
}

async fn encode(gpu: &Rc<Gpu>, model: &Path, video: &HostTensor) -> Result<HostTensor> {
    let component = Component::open(model, "vae").await?;
    let config = VaeConfig::from_json(&component.config)?;
    let &[3, frames, height, width] = &video.shape[..] else {
        return Err(Error::bad_input("video must have the shape [3, T, H, W]"));
    };
    config.latent_size(frames, height, width)?;
    let encoder = Encoder::load(&component.weights(gpu), &config).await?;
    let mut encoding = encoder.start(gpu, height, width);
    let pixels = channels_last(&video.values, 3);
    let (mut at, mut latent) = (0, Vec::new());
    while at < pixels.len() {
        let length = encoding.chunk_frames() * height * width * 3;
        let chunk = pixels.get(at..at + length);
        let chunk = chunk.ok_or_else(|| Error::bad_input("the video ends within a chunk"))?;
        latent.extend(encoding.next(chunk, &Cancel::default()).await?);
        at += length;
    }
    let factor = config.spatial_factor();
    let (h, w) = (height / factor, width / factor);
    Ok(channels_first(&latent, config.z_dim, latent.len() / (h * w * config.z_dim), h, w))
}

async fn decode(gpu: &Rc<Gpu>, model: &Path, latent: &HostTensor) -> Result<HostTensor> {
    let component = Component::open(model, "vae").await?;
    let config = VaeConfig::from_json(&component.config)?;
    let &[channels, frames, height, width] = &latent.shape[..] else {
        return Err(Error::bad_input("latent must have the shape [C, F, h, w]"));
    };
    if channels != config.z_dim {
        return Err(Error::bad_input(format!("the model has {} latent channels", config.z_dim)));
    }
    if latent.values.is_empty() {
        return Err(Error::bad_input("latent is empty; each of its dimensions must be at least 1"));
    }
    let decoder = Decoder::load(&component.weights(gpu), &config).await?;
    let mut decoding = decoder.start(gpu, height, width, false)?;
    let mut video = Vec::new();
    let mut size = (0, 0);
    for frame in channels_last(&latent.values, channels).chunks_exact(height * width * channels).take(frames) {
        let decoded = decoding.next(frame, &Cancel::default()).await?;
        size = (decoded.height, decoded.width);
        video.extend(decoded.values(gpu).await?);
    }
    let (h, w) = size;
    Ok(channels_first(&video, 3, video.len() / (3 * h * w), h, w))
}

/// Values of [T, H, W, C] → [C, T, H, W]
fn channels_first(values: &[f32], channels: usize, frames: usize, height: usize, width: usize) -> HostTensor {
    let positions = frames * height * width;
    let values = (0..channels).flat_map(|c| (0..positions).map(move |at| values[at * channels + c])).collect();
    HostTensor { shape: vec![channels, frames, height, width], values }
}

/// Every tensor of a safetensors file, as f32.
///
/// # Errors
/// When the file cannot be read or has a type that is no number.
pub fn read_tensors(path: &Path) -> Result<HashMap<String, HostTensor>> {
    let bytes = std::fs::read(path).map_err(|e| Error::Storage(format!("cannot read {}: {e}", path.display())))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|e| Error::bad_input(format!("{} is no safetensors file: {e}", path.display())))?;
    file.tensors().into_iter().map(|(name, view)| Ok((name, host_tensor(&view)?))).collect()
}

fn host_tensor(view: &TensorView<'_>) -> Result<HostTensor> {
    let values = match view.dtype() {
        Dtype::F32 => bytemuck::pod_collect_to_vec(view.data()),
        Dtype::I64 => bytemuck::pod_collect_to_vec::<u8, i64>(view.data()).into_iter().map(|v| v as f32).collect(),
        other => return Err(Error::bad_input(format!("tensors of type {other:?} cannot be an input"))),
    };
    Ok(HostTensor { shape: view.shape().to_vec(), values })
}
