//! From a prompt to what the diffusion transformer attends to: cleaning, tokens, embeddings.

pub mod names;
