//! The causal 3D variational autoencoder.

pub mod names;
