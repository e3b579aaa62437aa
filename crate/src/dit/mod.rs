//! The diffusion transformer of Wan 2.1: full attention over space and time, text by cross-attention, the timestep by
//! modulation. Names follow `WanTransformer3DModel` of diffusers.

mod block;
mod condition;
mod config;
pub mod names;
mod rotary;
mod transformer;

pub use condition::Context;
pub use config::DitConfig;
pub use transformer::{Dit, Inputs, Step};
