//! The causal 3D VAE of Wan 2.1 and its residual form of Wan 2.2. Names follow `AutoencoderKLWan` of diffusers.
//!
//! Videos go through in chunks: the first frame alone, then as many frames as one latent frame stands for. What a
//! convolution needs of the past is kept between chunks, so the result is that of the whole video at once.

mod attention_block;
mod causal_conv;
mod config;
mod decoder;
mod encoder;
pub mod names;
mod resample;
mod residual_block;
mod tiles;

pub use config::VaeConfig;
pub use decoder::{Decoder, Decoding, Frames};
pub use encoder::{Encoder, Encoding};
pub use tiles::{LatentVideo, Pixels, Tiling};

/// Values of [channels, frames, height, width] → [frames, height, width, channels].
pub fn channels_last(values: &[f32], channels: usize) -> Vec<f32> {
    let positions = values.len() / channels;
    (0..positions).flat_map(|at| (0..channels).map(move |channel| values[channel * positions + at])).collect()
}
