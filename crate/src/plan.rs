//! How much device memory a clip needs, before anything is downloaded or allocated.

use futures::FutureExt;
use serde::Serialize;

use crate::dit::{Dit, DitConfig};
use crate::error::{Error, Result};
use crate::format::Manifest;
use crate::format::manifest::{MAX_FRAMES, MAX_SIDE, Role};
use crate::gpu::{Budget, elements_of};
use crate::text::TextConfig;
use crate::vae::{Decoder, Tiling, VaeConfig};
use crate::weights::Weights;

/// Networks that are together smaller than this stay on the device.
const RESIDENT_BYTES: u64 = 1 << 30;

/// Size of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct ClipSize {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Number of frames.
    pub frames: usize,
}

/// Memory of a clip on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Bytes that the clip needs at its peak, weights included.
    pub bytes: u64,
    /// Bytes that the device is taken to have.
    pub budget: u64,
    /// Bytes of the clip's largest tensor.
    pub tensor_bytes: u64,
    /// Bytes that the device allows to one tensor.
    pub tensor_budget: u64,
    /// Whether it fits: neither number of bytes is beyond its budget.
    pub fits: bool,
    /// The largest of the model's sizes that does, where this one does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<ClipSize>,
}

impl Plan {
    /// What there is too little of, for a clip that does not fit.
    fn shortage(&self) -> String {
        // What is needed is rounded up and what there is down, so that they never look the same.
        let (needed, available) = (|bytes: u64| bytes.div_ceil(1 << 20), |bytes: u64| bytes >> 20);
        if self.bytes > self.budget {
            format!("it needs {} MiB, and {} MiB are available", needed(self.bytes), available(self.budget))
        } else {
            let (needed, available) = (needed(self.tensor_bytes), available(self.tensor_budget));
            format!("it needs {needed} MiB in one piece, and this device allows {available} MiB")
        }
    }
}

/// Device memory in bytes: of everything at its peak, and of the largest single tensor.
#[derive(Clone, Copy)]
struct Needs {
    peak: u64,
    largest: u64,
}

impl Needs {
    fn fit(self, budget: Budget) -> bool {
        self.peak <= budget.bytes && self.largest <= budget.tensor_bytes
    }
}

/// Networks without weights, to measure.
pub struct Planner {
    manifest: Manifest,
    dit: Dit,
    vae: VaeConfig,
    decoder: Decoder,
    text_row_bytes: u64,
}

impl Planner {
    /// Builds the networks' shapes from a manifest.
    ///
    /// # Errors
    /// [`Error::BadModel`] when a configuration cannot be run.
    pub fn new(manifest: &Manifest) -> Result<Self> {
        let weights = Weights::planning();
        let dit = DitConfig::from_json(&manifest.configs.dit)?;
        let vae = VaeConfig::from_json(&manifest.configs.vae)?;
        let text = TextConfig::from_json(&manifest.configs.text)?;
        if text.d_model != dit.text_dim {
            return Err(Error::bad_model("the text encoder's rows are not what the transformer reads"));
        }
        if vae.z_dim != dit.velocity_channels() {
            return Err(Error::bad_model("the VAE's latent is not what the transformer writes"));
        }
        if dit.in_channels != dit.velocity_channels() {
            return Err(Error::bad_model("this model needs more than a prompt: it reads an image or a control video"));
        }
        Ok(Self {
            manifest: manifest.clone(),
            dit: at_once(Dit::load(&weights, &dit))?,
            decoder: at_once(Decoder::load(&weights, &vae))?,
            vae,
            text_row_bytes: 4 * (3 * text.d_model + 4 * text.inner_dim() + 2 * text.d_ff) as u64,
        })
    }

    /// Latent [frames, height, width] of a clip, in positions.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the model cannot make this size.
    pub fn latent_size(&self, size: ClipSize) -> Result<[usize; 3]> {
        if size.width > MAX_SIDE || size.height > MAX_SIDE || size.frames > MAX_FRAMES {
            let message = format!("a clip has at most {MAX_SIDE} × {MAX_SIDE} pixels and {MAX_FRAMES} frames");
            return Err(Error::BadInput(message));
        }
        let latent = self.vae.latent_size(size.frames, size.height, size.width)?;
        let [_, rows, columns] = self.dit.config().patch_size;
        let pixels = self.vae.spatial_factor();
        if latent[1] % rows != 0 || latent[2] % columns != 0 {
            let message =
                format!("width and height must be multiples of {} and {} pixels", columns * pixels, rows * pixels);
            return Err(Error::BadInput(message));
        }
        self.dit.config().grid(latent)?;
        Ok(latent)
    }

    /// The memory that a clip of this size needs.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the model cannot make this size at all.
    pub fn plan(&self, size: ClipSize, budget: Budget) -> Result<Plan> {
        let (needs, _) = self.measure(size, budget)?;
        let fits = needs.fit(budget);
        Ok(Plan {
            bytes: needs.peak,
            budget: budget.bytes,
            tensor_bytes: needs.largest,
            tensor_budget: budget.tensor_bytes,
            fits,
            suggestion: if fits { None } else { self.largest_that_fits(budget) },
        })
    }

    /// # Errors
    /// [`Error::DoesNotFit`] with the size that would.
    pub fn require(&self, size: ClipSize, budget: Budget) -> Result<()> {
        let plan = self.plan(size, budget)?;
        if plan.fits {
            return Ok(());
        }
        let advice = plan.suggestion.map_or_else(
            || "No size of this model fits; choose a smaller model.".to_owned(),
            |s| format!("{} × {} pixels with {} frames would fit.", s.width, s.height, s.frames),
        );
        Err(Error::DoesNotFit(format!("{}. {advice}", plan.shortage())))
    }

    /// How the decoder may go about a clip of this size, what takes the most memory first: whole frames (`None`), then tiles. What
    /// cannot fit is left out, if anything can.
    ///
    /// # Errors
    /// As [`Planner::plan`].
    pub fn ways_to_decode(&self, size: ClipSize, budget: Budget) -> Result<Vec<Option<Tiling>>> {
        Ok(self.measure(size, budget)?.1)
    }

    /// What the clip needs if it is decoded in the first of the ways given.
    fn measure(&self, size: ClipSize, budget: Budget) -> Result<(Needs, Vec<Option<Tiling>>)> {
        let [_, height, width] = self.latent_size(size)?;
        let whole = std::iter::once(None);
        let mut ways: Vec<_> = whole.chain(Tiling::dividing(&self.vae, height, width).map(Some)).collect();
        let mut needs = self.needs(size, None)?;
        while !needs.fit(budget) && ways.len() > 1 {
            ways.remove(0);
            needs = self.needs(size, ways[0])?;
        }
        Ok((needs, ways))
    }

    fn needs(&self, size: ClipSize, tiling: Option<Tiling>) -> Result<Needs> {
        let latent = self.latent_size(size)?;
        let text = self.manifest.text_length as u64 * self.text_row_bytes;
        let (dit, dit_largest) = self.dit.plan(latent, self.manifest.text_length)?;
        let side = tiling.map_or(usize::MAX, |tiling| tiling.side);
        let (vae, vae_largest) = self.decoder.plan(latent[0], latent[1].min(side), latent[2].min(side))?;
        let weights = |role| self.manifest.files_of(role).map(|file| file.bytes).sum::<u64>();
        let peak = if is_resident(&self.manifest) {
            self.manifest.weight_bytes() + text.max(dit).max(vae)
        } else {
            // A large text encoder is streamed, a layer at a time.
            text.max(weights(Role::Dit) + dit).max(weights(Role::Vae) + vae)
        };
        Ok(Needs { peak, largest: dit_largest.max(vae_largest) })
    }

    fn largest_that_fits(&self, budget: Budget) -> Option<ClipSize> {
        let sizes = self.manifest.sizes.iter().flat_map(|size| {
            let (width, height) = (size.width, size.height);
            self.manifest.frames.iter().map(move |&frames| ClipSize { width, height, frames })
        });
        let fits = |size: &ClipSize| self.measure(*size, budget).is_ok_and(|(needs, _)| needs.fit(budget));
        sizes.filter(fits).max_by_key(|size| elements_of(&[size.width, size.height, size.frames]))
    }
}

/// Whether all networks of a model stay on the device; those of a larger one are there one after the other.
pub(crate) fn is_resident(manifest: &Manifest) -> bool {
    manifest.weight_bytes() <= RESIDENT_BYTES
}

/// Nothing is read while planning, so its futures are ready at once.
fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    future.now_or_never().unwrap_or_else(|| Err(Error::Device("planning waited for something".into())))
}
