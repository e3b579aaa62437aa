//! The command line of Kinora's engine.

#[cfg(not(target_arch = "wasm32"))]
mod arguments;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    match arguments::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kinora: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// The command line is native; a browser uses the library.
#[cfg(target_arch = "wasm32")]
fn main() {}
