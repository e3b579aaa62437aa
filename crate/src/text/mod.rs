//! From a prompt to rows that the transformer attends to: tokenizer and encoder.

mod config;
mod encoded_prompts;
mod encoder;
pub mod names;
mod position_bias;
mod prompt;
mod tokenizer;

pub use config::TextConfig;
pub(crate) use encoded_prompts::EncodedPrompts;
pub use encoder::TextEncoder;
pub use prompt::{clean_prompt, negative_prompt_tokens, prompt_tokens};
pub use tokenizer::Tokenizer;
