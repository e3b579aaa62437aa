//! Dimensions of the transformer, as its `config.json` gives them.

use serde::Deserialize;

use crate::error::{Error, Result};

/// `WanTransformer3DModel`'s configuration; what a file leaves out has the class's default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct DitConfig {
    /// Latent frames, rows and columns in one token.
    pub patch_size: [usize; 3],
    /// Heads of every attention.
    pub num_attention_heads: usize,
    /// Channels of one head, even.
    pub attention_head_dim: usize,
    /// Channels of the latent that goes in.
    pub in_channels: usize,
    /// Channels of the velocity that comes out.
    pub out_channels: Option<usize>,
    /// Channels of the text encoder's rows.
    pub text_dim: usize,
    /// Length of the sinusoidal timestep embedding.
    pub freq_dim: usize,
    /// Hidden features of the feed-forward layers.
    pub ffn_dim: usize,
    /// Number of blocks.
    pub num_layers: usize,
    /// Whether the input of cross-attention is normalised.
    pub cross_attn_norm: bool,
    /// Epsilon of every normalisation.
    pub eps: f32,
    /// Channels of image rows, for image-to-video models.
    pub image_dim: Option<usize>,
    /// Input channels of the image keys and values, for image-to-video models.
    pub added_kv_proj_dim: Option<usize>,
    /// Positions that the rotary embedding knows along an axis.
    pub rope_max_seq_len: usize,
    /// Rows of the image position embedding, for first-and-last-frame models.
    pub pos_embed_seq_len: Option<usize>,
}

impl Default for DitConfig {
    fn default() -> Self {
        Self {
            patch_size: [1, 2, 2],
            num_attention_heads: 40,
            attention_head_dim: 128,
            in_channels: 16,
            out_channels: Some(16),
            text_dim: 4096,
            freq_dim: 256,
            ffn_dim: 13824,
            num_layers: 40,
            cross_attn_norm: true,
            eps: 1e-6,
            image_dim: None,
            added_kv_proj_dim: None,
            rope_max_seq_len: 1024,
            pos_embed_seq_len: None,
        }
    }
}

impl DitConfig {
    /// # Errors
    /// [`Error::BadModel`] when the text is no configuration, or one that cannot be run.
    pub fn from_json(value: &serde_json::Value) -> Result<Self> {
        let config: Self =
            serde_json::from_value(value.clone()).map_err(|e| Error::bad_model(format!("the DiT's config: {e}")))?;
        let dim = config.num_attention_heads.saturating_mul(config.attention_head_dim);
        let volume = config.patch_size.iter().fold(1, |volume: usize, &side| volume.saturating_mul(side));
        let channels = [config.in_channels, config.velocity_channels()].map(|channels| channels.saturating_mul(volume));
        let features = [config.text_dim, config.freq_dim, config.ffn_dim, channels[0], channels[1]];
        let of_images = [config.image_dim, config.added_kv_proj_dim];
        // Wan 2.1 14B is 5120 wide with 13824 hidden features, 40 layers and 1024 positions; within these bounds products fit
        // into the 32 bits that sizes have in a browser, and a plan takes little memory.
        let runnable = (1..=1 << 15).contains(&dim)
            && config.attention_head_dim.is_multiple_of(2)
            && features.iter().chain(of_images.iter().flatten()).all(|size| (1..=1 << 17).contains(size))
            && (1..=256).contains(&config.num_layers)
            && (1..=1024).contains(&config.rope_max_seq_len)
            && config.pos_embed_seq_len.is_none_or(|rows| (1..=1 << 13).contains(&rows));
        if !runnable {
            return Err(Error::bad_model("the DiT's config has a dimension that cannot be run"));
        }
        if config.image_dim.is_some() != config.added_kv_proj_dim.is_some() {
            return Err(Error::bad_model("the DiT's config has image_dim without added_kv_proj_dim"));
        }
        Ok(config)
    }

    /// Channels of a token.
    pub fn dim(&self) -> usize {
        self.num_attention_heads * self.attention_head_dim
    }

    /// Channels of the velocity.
    pub fn velocity_channels(&self) -> usize {
        self.out_channels.unwrap_or(self.in_channels)
    }

    /// Latent positions in one token.
    pub fn patch_volume(&self) -> usize {
        self.patch_size.iter().product()
    }

    /// Tokens along frames, rows and columns of a latent [frames, height, width].
    ///
    /// # Errors
    /// [`Error::BadInput`] when the latent is no whole number of patches, or longer than the rotary embedding.
    pub fn grid(&self, latent: [usize; 3]) -> Result<[usize; 3]> {
        let mut grid = [0; 3];
        for axis in 0..3 {
            if latent[axis] == 0 || !latent[axis].is_multiple_of(self.patch_size[axis]) {
                let message = format!("a latent of {latent:?} is no whole number of patches of {:?}", self.patch_size);
                return Err(Error::BadInput(message));
            }
            grid[axis] = latent[axis] / self.patch_size[axis];
            if grid[axis] > self.rope_max_seq_len {
                return Err(Error::BadInput(format!("the clip is longer than {} tokens", self.rope_max_seq_len)));
            }
        }
        Ok(grid)
    }
}
