//! Kinora: a sentence becomes a short video on the visitor's own GPU.
//!
//! The engine runs the Wan architecture (text encoder, diffusion transformer, causal 3D VAE) as WebGPU compute
//! shaders, natively (Vulkan, Metal, DX12) and in a browser tab.

pub mod dit;
pub mod error;
pub mod format;
pub mod quant;
pub mod text;
pub mod vae;

pub use error::{Error, Result};
