//! Kinora: a sentence becomes a short video on the visitor's own GPU.
//!
//! The engine runs the Wan architecture (text encoder, diffusion transformer, causal 3D VAE) as WebGPU compute
//! shaders, natively (Vulkan, Metal, DX12) and in a browser tab.

mod clock;
#[cfg(not(target_arch = "wasm32"))]
pub mod command;
pub mod dit;
pub mod error;
pub mod format;
pub mod generate;
pub mod gpu;
pub mod model;
pub mod ops;
pub mod plan;
pub mod preview;
pub mod quant;
pub mod sampler;
pub mod table;
pub mod text;
pub mod vae;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
pub mod weights;

pub use error::{Error, Result};
