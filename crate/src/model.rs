//! A model's files, and its networks on the device for as long as they are needed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;

use crate::dit::{Dit, DitConfig};
use crate::error::{Error, Result};
use crate::format::manifest::Role;
use crate::format::{ByteSource, Manifest, TensorFile};
use crate::gpu::Gpu;
use crate::plan::{ClipSize, Planner, is_resident};
use crate::text::{EncodedPrompts, TextConfig, TextEncoder, Tokenizer};
use crate::vae::{Decoder, VaeConfig};
use crate::weights::{OnBytes, Weights};

/// A tokenizer is read as a whole; the largest known, umT5's, has 17 MB.
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;

/// Called with the bytes of weights read so far and those of all weights; of a model whose networks are there one after the
/// other, with those of the network that is being read.
pub type OnLoad = Rc<dyn Fn(u64, u64)>;

/// A model that is ready to generate.
pub struct Model {
    gpu: Rc<Gpu>,
    manifest: Manifest,
    sources: HashMap<String, Rc<dyn ByteSource>>,
    tokenizer: Tokenizer,
    text: Network<TextEncoder>,
    dit: Network<Dit>,
    decoder: Network<Decoder>,
    /// The last prompts that were encoded.
    pub(crate) encoded: RefCell<EncodedPrompts>,
    on_load: OnLoad,
    loaded: Rc<Cell<u64>>,
}

/// A network that stays, or is loaded anew for every clip.
struct Network<T> {
    resident: RefCell<Option<Rc<T>>>,
}

impl<T> Network<T> {
    fn new() -> Self {
        Self { resident: RefCell::new(None) }
    }

    async fn get(&self, keep: bool, load: impl Future<Output = Result<T>>) -> Result<Rc<T>> {
        if let Some(network) = self.resident.borrow().as_ref() {
            return Ok(Rc::clone(network));
        }
        let network = Rc::new(load.await?);
        if keep {
            self.resident.replace(Some(Rc::clone(&network)));
        }
        Ok(network)
    }
}

impl Model {
    /// Opens a model; `sources` are its files by their paths in the manifest. A small model's weights are read now.
    ///
    /// # Errors
    /// [`Error::BadModel`] when a file is missing, malformed, or not what the manifest says.
    pub async fn open(
        gpu: &Rc<Gpu>,
        manifest: Manifest,
        sources: HashMap<String, Rc<dyn ByteSource>>,
        on_load: OnLoad,
    ) -> Result<Self> {
        manifest.check()?;
        for file in &manifest.files {
            let source = find(&sources, &file.path)?;
            if source.size() != file.bytes {
                let message =
                    format!("{} has {} bytes instead of {}; load it again", file.path, source.size(), file.bytes);
                return Err(Error::BadModel(message));
            }
        }
        let tokenizer = open_tokenizer(&manifest, &sources).await?;
        let model = Self {
            gpu: Rc::clone(gpu),
            manifest,
            sources,
            tokenizer,
            text: Network::new(),
            dit: Network::new(),
            decoder: Network::new(),
            encoded: RefCell::default(),
            on_load,
            loaded: Rc::default(),
        };
        if model.is_resident() {
            model.text().await?;
            model.dit().await?;
            model.decoder().await?;
        }
        Ok(model)
    }

    /// The device.
    pub fn gpu(&self) -> &Rc<Gpu> {
        &self.gpu
    }

    /// What the model is made of and for.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The tokenizer of its text encoder.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Compiles the shaders of a clip of the default size, so that the first clip does not wait for them. Does nothing
    /// for a model whose networks are loaded for each clip.
    ///
    /// # Errors
    /// Whatever the device reported.
    pub async fn compile(&self) -> Result<()> {
        if !self.is_resident() {
            return Ok(());
        }
        let planner = Planner::new(&self.manifest)?;
        let (size, frames) = self.manifest.default_clip()?;
        let size = ClipSize { width: size.width, height: size.height, frames };
        if planner.require(size, self.gpu.budget()).is_err() {
            // Another of the model's sizes may still fit.
            return Ok(());
        }
        let latent = planner.latent_size(size)?;
        self.dit().await?.compile(&self.gpu, latent, self.manifest.text_length)?;
        self.decoder().await?.compile(&self.gpu, latent)?;
        self.gpu.finish().await
    }

    fn is_resident(&self) -> bool {
        is_resident(&self.manifest)
    }

    pub(crate) async fn text(&self) -> Result<Rc<TextEncoder>> {
        let load = async {
            let config = TextConfig::from_json(&self.manifest.configs.text)?;
            let bytes = self.manifest.files_of(Role::Text).map(|file| file.bytes).sum();
            let canonical = |name: &str| crate::text::names::canonical(name, config.gated());
            let weights = self.weights(Role::Text, canonical).await?;
            TextEncoder::load(weights, &config, bytes).await
        };
        self.text.get(self.is_resident(), load).await
    }

    pub(crate) async fn dit(&self) -> Result<Rc<Dit>> {
        let load = async {
            let config = DitConfig::from_json(&self.manifest.configs.dit)?;
            Dit::load(&self.weights(Role::Dit, crate::dit::names::canonical).await?, &config).await
        };
        self.dit.get(self.is_resident(), load).await
    }

    pub(crate) async fn decoder(&self) -> Result<Rc<Decoder>> {
        let load = async {
            let config = VaeConfig::from_json(&self.manifest.configs.vae)?;
            let canonical = |name: &str| crate::vae::names::canonical(name, config.num_res_blocks);
            Decoder::load(&self.weights(Role::Vae, canonical).await?, &config).await
        };
        self.decoder.get(self.is_resident(), load).await
    }

    async fn weights(&self, role: Role, canonical: impl Fn(&str) -> String) -> Result<Weights> {
        let mut files = Vec::new();
        for file in self.manifest.files_of(role) {
            files.push(TensorFile::open(Rc::clone(find(&self.sources, &file.path)?)).await?);
        }
        let (on_load, loaded) = (Rc::clone(&self.on_load), Rc::clone(&self.loaded));
        let total = if self.is_resident() {
            self.manifest.weight_bytes()
        } else {
            // Read anew for every clip, and each for itself.
            loaded.set(0);
            self.manifest.files_of(role).map(|file| file.bytes).sum()
        };
        let on_bytes: OnBytes = Rc::new(move |bytes| {
            loaded.set(loaded.get() + bytes);
            on_load(loaded.get().min(total), total);
        });
        Ok(Weights::new(&self.gpu, files, canonical, on_bytes))
    }
}

fn find<'a>(sources: &'a HashMap<String, Rc<dyn ByteSource>>, path: &str) -> Result<&'a Rc<dyn ByteSource>> {
    sources.get(path).ok_or_else(|| Error::bad_model(format!("the file {path} is missing")))
}

/// From its own file, or from the metadata of the text encoder's.
async fn open_tokenizer(manifest: &Manifest, sources: &HashMap<String, Rc<dyn ByteSource>>) -> Result<Tokenizer> {
    if let Some(file) = manifest.files_of(Role::Tokenizer).next() {
        let source = find(sources, &file.path)?;
        if source.size() > MAX_TOKENIZER_BYTES {
            return Err(Error::bad_model(format!("{} is too large for a tokenizer", file.path)));
        }
        return Tokenizer::from_bytes(&source.read(0, source.size() as usize).await?);
    }
    for file in manifest.files_of(Role::Text) {
        let metadata = TensorFile::open(Rc::clone(find(sources, &file.path)?)).await?.metadata;
        if metadata.contains_key("tokenizer.ggml.tokens") {
            return Tokenizer::from_gguf_metadata(&metadata);
        }
    }
    Err(Error::bad_model("the model has no tokenizer"))
}
