//! The graphics device: limits and errors, buffers, pipelines, and lists of dispatches that are recorded once and
//! replayed.

mod arena;
mod cancel;
mod device;
mod kernel;
mod recorder;
mod recording;
mod tensor;

pub use arena::Arena;
pub use cancel::Cancel;
pub use device::{AdapterSummary, Budget, Gpu};
pub use kernel::{Access, Forms, Invocations, Kernel};
pub use recorder::{Dispatch, Recorder};
pub use recording::Recording;
pub use tensor::{Storage, Tensor, elements_of};
