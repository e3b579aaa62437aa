//! One network of a model on disk.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::format::manifest::Role;
use crate::format::{FileSource, Manifest, TensorFile};
use crate::gpu::Gpu;
use crate::weights::Weights;

/// The files of a network and its configuration.
pub(super) struct Component {
    pub(super) config: serde_json::Value,
    files: Vec<TensorFile>,
    role: &'static str,
}

impl Component {
    /// Opens the network with this role in a model's directory, or in a directory that holds it alone.
    pub(super) async fn open(directory: &Path, role: &'static str) -> Result<Self> {
        let (config, paths) = if directory.join("config.json").is_file() {
            (read_config(&directory.join("config.json"))?, weight_files(directory)?)
        } else {
            of_model(directory, role)?
        };
        let mut files = Vec::new();
        for path in paths {
            files.push(TensorFile::open(Rc::new(FileSource::open(&path)?)).await?);
        }
        Ok(Self { config, files, role })
    }

    /// Bytes of all tensors.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().flat_map(|file| &file.entries).map(|entry| entry.bytes).sum()
    }

    pub(super) fn weights(self, gpu: &Rc<Gpu>) -> Weights {
        let residual_blocks = self.config["num_res_blocks"].as_u64().unwrap_or(2) as usize;
        let gated = self.config["feed_forward_proj"].as_str().is_none_or(|kind| kind.starts_with("gated-"));
        let canonical = |name: &str| match self.role {
            "dit" => crate::dit::names::canonical(name),
            "vae" => crate::vae::names::canonical(name, residual_blocks),
            _ => crate::text::names::canonical(name, gated),
        };
        Weights::new(gpu, self.files, canonical, Rc::new(|_| {}))
    }
}

fn read_config(path: &Path) -> Result<serde_json::Value> {
    let text =
        std::fs::read_to_string(path).map_err(|e| Error::Storage(format!("cannot read {}: {e}", path.display())))?;
    serde_json::from_str(&text).map_err(|e| Error::bad_model(format!("{}: {e}", path.display())))
}

fn of_model(directory: &Path, role: &str) -> Result<(serde_json::Value, Vec<PathBuf>)> {
    let manifest = Manifest::from_directory(directory)?;
    let (config, role) = match role {
        "dit" => (&manifest.configs.dit, Role::Dit),
        "vae" => (&manifest.configs.vae, Role::Vae),
        _ => (&manifest.configs.text, Role::Text),
    };
    Ok((config.clone(), manifest.files_of(role).map(|file| directory.join(&file.path)).collect()))
}

fn weight_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(directory).map_err(|e| Error::Storage(format!("cannot read {}: {e}", directory.display())))?;
    let is_weights = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // Inputs and outputs of parity fixtures lie beside the weights.
        name.ends_with(".gguf") || name.starts_with("model") || name.starts_with("diffusion_pytorch_model")
    };
    let is_weights = |path: &PathBuf| {
        is_weights(path) && path.extension().is_some_and(|kind| kind == "gguf" || kind == "safetensors")
    };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_weights).collect();
    files.sort();
    if files.is_empty() {
        return Err(Error::Storage(format!("{} holds no .safetensors or .gguf weights", directory.display())));
    }
    Ok(files)
}
