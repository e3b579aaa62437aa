//! Dimensions of the VAE, as its `config.json` gives them.

use serde::Deserialize;

use crate::error::{Error, Result};

/// `AutoencoderKLWan`'s configuration; what a file leaves out has the class's default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct VaeConfig {
    /// Channels of the encoder's first stage.
    pub base_dim: usize,
    /// Channels of the decoder's last stage, where they differ from the encoder's first.
    pub decoder_base_dim: Option<usize>,
    /// Channels of the latent.
    pub z_dim: usize,
    /// Channels of each stage, in multiples of the base.
    pub dim_mult: Vec<usize>,
    /// Residual blocks of a stage.
    pub num_res_blocks: usize,
    /// Scales with attention; only none is known to diffusers as well.
    pub attn_scales: Vec<f32>,
    /// Which of the encoder's downsamplings halve the frames as well.
    pub temperal_downsample: Vec<bool>,
    /// Frames that a causal convolution looks at: 3, or 1 in a network of single frames, whose files leave out the taps
    /// on earlier frames. Kinora's own; `AutoencoderKLWan` would hold zeros there.
    pub kernel_frames: usize,
    /// Mean of each latent channel over the training videos.
    pub latents_mean: Vec<f32>,
    /// Standard deviation of each latent channel.
    pub latents_std: Vec<f32>,
    /// Whether stages have a parameter-free shortcut (Wan 2.2).
    pub is_residual: bool,
    /// Channels that the first convolution reads: 3 · patch².
    pub in_channels: usize,
    /// Channels that the last convolution writes.
    pub out_channels: usize,
    /// Pixels along the side of the squares that become channels first.
    pub patch_size: Option<usize>,
}

impl Default for VaeConfig {
    fn default() -> Self {
        Self {
            base_dim: 96,
            decoder_base_dim: None,
            z_dim: 16,
            dim_mult: vec![1, 2, 4, 4],
            num_res_blocks: 2,
            attn_scales: Vec::new(),
            temperal_downsample: vec![false, true, true],
            kernel_frames: 3,
            latents_mean: vec![
                -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508, 0.4134, -0.0715, 0.5517, -0.3632,
                -0.1922, -0.9497, 0.2503, -0.2921,
            ],
            latents_std: vec![
                2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743, 3.2687, 2.1526, 2.8652, 1.5579, 1.6382,
                1.1253, 2.8251, 1.9160,
            ],
            is_residual: false,
            in_channels: 3,
            out_channels: 3,
            patch_size: None,
        }
    }
}

impl VaeConfig {
    /// # Errors
    /// [`Error::BadModel`] when the text is no configuration, or one that cannot be run.
    pub fn from_json(value: &serde_json::Value) -> Result<Self> {
        let config: Self =
            serde_json::from_value(value.clone()).map_err(|e| Error::bad_model(format!("the VAE's config: {e}")))?;
        let stages = config.dim_mult.len();
        let widest = config.dim_mult.iter().max().copied().unwrap_or(0);
        let base = config.base_dim.max(config.decoder_dim());
        let runnable = (1..=8).contains(&stages)
            && config.dim_mult.iter().all(|&multiple| multiple > 0)
            && (1..=1 << 14).contains(&base.saturating_mul(widest))
            && (1..=1 << 10).contains(&config.z_dim)
            && config.num_res_blocks <= 16
            && config.temperal_downsample.len() + 1 >= stages
            && config.temporal_factor() <= 16
            && (1..=8).contains(&config.patch())
            && config.in_channels == 3 * config.patch() * config.patch()
            && config.out_channels == config.in_channels
            && config.attn_scales.is_empty();
        if !runnable {
            return Err(Error::bad_model("the VAE's config has a dimension that cannot be run"));
        }
        match config.kernel_frames {
            3 => {}
            1 if !config.temperal_downsample.contains(&true) => {}
            1 => return Err(Error::bad_model("the VAE's config has kernel_frames 1, yet halves the frames")),
            frames => return Err(Error::bad_model(format!("the VAE's kernel_frames are {frames} instead of 1 or 3"))),
        }
        Ok(config)
    }

    /// Channels of the decoder's last stage.
    pub fn decoder_dim(&self) -> usize {
        self.decoder_base_dim.unwrap_or(self.base_dim)
    }

    /// Pixels along the side of a patch.
    pub fn patch(&self) -> usize {
        self.patch_size.unwrap_or(1)
    }

    /// Number of stages but one: how often the picture is halved.
    fn halvings(&self) -> usize {
        self.dim_mult.len() - 1
    }

    /// Pixels along the side of one latent position.
    pub fn spatial_factor(&self) -> usize {
        self.patch() << self.halvings()
    }

    /// Frames that one latent frame stands for, but the first.
    pub fn temporal_factor(&self) -> usize {
        1 << self.temperal_downsample[..self.halvings()].iter().filter(|&&halved| halved).count()
    }

    /// Latent [frames, height, width] of a video of `frames` × `height` × `width` pixels.
    ///
    /// # Errors
    /// [`Error::BadInput`] unless frames are 1 + a multiple of the temporal factor and pixels a multiple of the
    /// spatial one.
    pub fn latent_size(&self, frames: usize, height: usize, width: usize) -> Result<[usize; 3]> {
        let (space, time) = (self.spatial_factor(), self.temporal_factor());
        if frames == 0 || !(frames - 1).is_multiple_of(time) {
            return Err(Error::BadInput(format!("the number of frames must be 1 more than a multiple of {time}")));
        }
        if height == 0 || width == 0 || !height.is_multiple_of(space) || !width.is_multiple_of(space) {
            return Err(Error::BadInput(format!("width and height must be multiples of {space} pixels")));
        }
        Ok([(frames - 1) / time + 1, height / space, width / space])
    }

    /// Whether halving number `stage` of the encoder halves the frames as well.
    pub(super) fn halves_frames(&self, stage: usize) -> bool {
        self.temperal_downsample[stage]
    }

    /// Whether doubling number `stage` of the decoder doubles the frames as well.
    pub(super) fn doubles_frames(&self, stage: usize) -> bool {
        // diffusers reverses the whole list, which matters when it is longer than there are halvings.
        self.temperal_downsample[self.temperal_downsample.len() - 1 - stage]
    }

    /// `latents_mean` and `latents_std` for every channel; 0 and 1 where the file gives none.
    ///
    /// # Errors
    /// [`Error::BadModel`] when there are more or fewer than channels.
    pub fn normalisation(&self) -> Result<(Vec<f32>, Vec<f32>)> {
        if self.latents_mean.len() != self.z_dim || self.latents_std.len() != self.z_dim {
            return Err(Error::bad_model(format!("the VAE's config lacks the mean of its {} channels", self.z_dim)));
        }
        Ok((self.latents_mean.clone(), self.latents_std.clone()))
    }
}
