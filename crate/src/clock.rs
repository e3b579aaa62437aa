//! Elapsed time, natively and in a browser, where `std::time::Instant` does not exist.

/// Measures seconds from its start.
pub(crate) struct Stopwatch {
    #[cfg(not(target_arch = "wasm32"))]
    start: std::time::Instant,
    #[cfg(target_arch = "wasm32")]
    start: f64,
}

#[cfg(not(target_arch = "wasm32"))]
impl Stopwatch {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self { start: std::time::Instant::now() }
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

#[cfg(target_arch = "wasm32")]
impl Stopwatch {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self { start: js_sys::Date::now() }
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> f64 {
        (js_sys::Date::now() - self.start) / 1000.0
    }
}
