//! What the native command line does.

mod component;
pub mod forward;
pub mod generate;
pub mod inspect;
pub mod ops;
mod output;
pub mod quantize;
