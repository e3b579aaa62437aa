//! The diffusion transformer.

pub mod names;
