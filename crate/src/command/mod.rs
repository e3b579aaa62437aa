//! What the native command line does.

mod component;
pub mod forward;
pub mod ops;
