//! Every way in which the engine can fail, as a value that says what to do next.

/// Result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. The message is written for the person in front of the screen; [`Error::code`] for programs.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No usable adapter or device.
    #[error("No WebGPU device is available: {0}. Use a browser with WebGPU, or install a Vulkan driver.")]
    NoDevice(String),
    /// The device was taken away while in use (driver reset, sleep, GPU removed).
    #[error("The graphics device was lost: {0}. Try again, perhaps with a smaller clip; the model is loaded anew.")]
    DeviceLost(String),
    /// An allocation on the device failed.
    #[error("The graphics device is out of memory: {0}. Choose a smaller or shorter clip, or close other programs.")]
    OutOfMemory(String),
    /// The size asked for, or the model, needs more memory than the device offers.
    #[error("This does not fit into the graphics memory: {0}")]
    DoesNotFit(String),
    /// The device reported a validation or internal error: a defect of Kinora or of the driver.
    #[error("The graphics device refused a command: {0}. Please report this.")]
    Device(String),
    /// A computation gave something else than its reference, or no numbers: a defect of Kinora, of the driver or of the model.
    #[error("{0} Please report this, with the name of the graphics device.")]
    WrongResult(String),
    /// A model file is malformed, truncated, or not the model it claims to be.
    #[error("The model cannot be used: {0}")]
    BadModel(String),
    /// An option or input tensor is outside of what the model accepts.
    #[error("{0}")]
    BadInput(String),
    /// The prompt is empty.
    #[error("The prompt is empty. Describe what the clip should show.")]
    EmptyPrompt,
    /// A prompt has more tokens than the model reads.
    #[error("The {which} is too long: {tokens} tokens, and this model reads at most {limit}. Shorten it.")]
    PromptTooLong {
        /// `prompt` or `negative prompt`.
        which: &'static str,
        /// Tokens of the prompt, end marker included.
        tokens: usize,
        /// Most tokens that the model reads, end marker included.
        limit: usize,
    },
    /// The caller cancelled.
    #[error("Cancelled.")]
    Cancelled,
    /// Reading or writing a file failed.
    #[error("{0}")]
    Storage(String),
}

impl Error {
    /// Stable name of the kind of error, the same in Rust, on the command line and in JavaScript.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoDevice(_) => "no-webgpu",
            Self::DeviceLost(_) => "device-lost",
            Self::OutOfMemory(_) => "out-of-memory",
            Self::DoesNotFit(_) => "does-not-fit",
            Self::Device(_) | Self::WrongResult(_) => "internal",
            Self::BadModel(_) => "bad-model",
            Self::BadInput(_) => "bad-input",
            Self::EmptyPrompt => "empty-prompt",
            Self::PromptTooLong { .. } => "prompt-too-long",
            Self::Cancelled => "cancelled",
            Self::Storage(_) => "storage",
        }
    }

    /// A malformed model file.
    pub fn bad_model(what: impl std::fmt::Display) -> Self {
        Self::BadModel(what.to_string())
    }

    /// An unusable option or input.
    pub fn bad_input(what: impl std::fmt::Display) -> Self {
        Self::BadInput(what.to_string())
    }
}
