//! Dimensions of the text encoder, as its `config.json` gives them.

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::ops::Activation;

/// `UMT5Config` or `T5Config` of transformers; what a file leaves out has the class's default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct TextConfig {
    /// `umt5` (every layer has its own position bias) or `t5` (the first layer's serves all).
    pub model_type: String,
    /// Rows of the embedding table.
    pub vocab_size: usize,
    /// Channels of a token.
    pub d_model: usize,
    /// Channels of a head.
    pub d_kv: usize,
    /// Hidden features of the feed-forward layers.
    pub d_ff: usize,
    /// Number of layers.
    pub num_layers: usize,
    /// Heads of every attention.
    pub num_heads: usize,
    /// Buckets of relative positions, both directions together.
    pub relative_attention_num_buckets: usize,
    /// Distance from which all positions share a bucket.
    pub relative_attention_max_distance: usize,
    /// Epsilon of every normalisation.
    pub layer_norm_epsilon: f32,
    /// Activation of the feed-forward layers: `gated-gelu`, `gated-silu`, `relu`.
    pub feed_forward_proj: String,
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            model_type: "umt5".into(),
            vocab_size: 250_112,
            d_model: 512,
            d_kv: 64,
            d_ff: 1024,
            num_layers: 8,
            num_heads: 6,
            relative_attention_num_buckets: 32,
            relative_attention_max_distance: 128,
            layer_norm_epsilon: 1e-6,
            feed_forward_proj: "gated-gelu".into(),
        }
    }
}

impl TextConfig {
    /// # Errors
    /// [`Error::BadModel`] when the text is no configuration, or one that cannot be run.
    pub fn from_json(value: &serde_json::Value) -> Result<Self> {
        let config: Self = serde_json::from_value(value.clone())
            .map_err(|e| Error::bad_model(format!("the text encoder's config: {e}")))?;
        let features = [config.d_model, config.num_heads.saturating_mul(config.d_kv), config.d_ff];
        let buckets = config.relative_attention_num_buckets;
        // umT5-XXL has 256384 words, 10240 hidden features and 24 layers; within these bounds products fit into the 32 bits
        // that sizes have in a browser.
        let runnable = (1..=1 << 20).contains(&config.vocab_size)
            && features.iter().all(|size| (1..=1 << 17).contains(size))
            && (1..=256).contains(&config.num_layers)
            && (4..=1 << 12).contains(&buckets)
            // A quarter of the buckets are exact distances; the others are spaced by logarithm from there to this one.
            && (buckets / 4 + 1..=1 << 20).contains(&config.relative_attention_max_distance);
        if !runnable {
            return Err(Error::bad_model("the text encoder's config has a dimension that cannot be run"));
        }
        config.activation()?;
        Ok(config)
    }

    /// Channels of all heads together.
    pub fn inner_dim(&self) -> usize {
        self.num_heads * self.d_kv
    }

    /// Whether the hidden features are multiplied by a second projection.
    pub fn gated(&self) -> bool {
        self.feed_forward_proj.starts_with("gated-")
    }

    /// Activation of the hidden features.
    ///
    /// # Errors
    /// [`Error::BadModel`] for one that this engine does not know.
    pub fn activation(&self) -> Result<Activation> {
        // transformers reads `gated-gelu` as the tanh approximation, and plain `gelu` as the exact function.
        match self.feed_forward_proj.as_str() {
            "gated-gelu" | "gelu_new" | "gated-gelu_new" => Ok(Activation::GeluTanh),
            "gelu" => Ok(Activation::GeluErf),
            "gated-silu" | "silu" => Ok(Activation::Silu),
            "relu" | "gated-relu" => Ok(Activation::Relu),
            other => Err(Error::bad_model(format!("the text encoder's activation {other} is not known"))),
        }
    }

    /// Whether every layer has its own position bias.
    pub fn bias_in_every_layer(&self) -> bool {
        self.model_type == "umt5"
    }
}
