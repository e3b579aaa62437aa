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
#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    /// Milliseconds since some moment, on a page and in a Worker. Unlike the time of day they never go back.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn now() -> f64;
}

#[cfg(target_arch = "wasm32")]
impl Stopwatch {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self { start: now() }
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> f64 {
        (now() - self.start) / 1000.0
    }
}
