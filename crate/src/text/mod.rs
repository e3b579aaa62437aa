//! From a prompt to rows that the transformer attends to: tokenizer and encoder.

mod config;
mod encoder;
pub mod names;
mod position_bias;

pub use config::TextConfig;
pub use encoder::TextEncoder;
