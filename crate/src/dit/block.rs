//! One transformer block (`WanTransformerBlock`).

use super::condition::BlockContext;
use super::config::DitConfig;
use crate::error::Result;
use crate::gpu::{Recorder, Tensor};
use crate::ops::{
    Activation, Attention, Epilogue, Linear, Modulation, Rms, add, attention, layer_norm, linear, rms_norm, rope,
};
use crate::weights::Weights;

pub(super) struct Block {
    heads: usize,
    head_dim: usize,
    epsilon: f32,
    self_attention: AttentionWeights,
    cross_attention: AttentionWeights,
    image: Option<ImageWeights>,
    cross_norm: Option<(Tensor, Tensor)>,
    feed_forward: [Linear; 2],
}

struct AttentionWeights {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    query_norm: Tensor,
    key_norm: Tensor,
}

struct ImageWeights {
    key: Linear,
    value: Linear,
    key_norm: Tensor,
}

/// Where a block's modulation lies: shift, scale and gate of self-attention, then of the feed-forward layers, each
/// `dim` values from `first` on.
pub(super) struct BlockModulation<'a> {
    pub(super) values: &'a Tensor,
    pub(super) first: usize,
    pub(super) dim: usize,
}

impl<'a> BlockModulation<'a> {
    fn part(&self, number: usize) -> usize {
        self.first + number * self.dim
    }

    fn adaptive(&self, shift: usize, scale: usize) -> Modulation<'a> {
        Modulation::Adaptive { values: self.values, scale: self.part(scale), shift: self.part(shift) }
    }

    fn gated(&self, x: &'a Tensor, gate: usize) -> Epilogue<'a> {
        Epilogue::AddGated(x, self.values, self.part(gate))
    }
}

impl Block {
    pub(super) async fn load(weights: &Weights, config: &DitConfig, prefix: &str) -> Result<Self> {
        let dim = config.dim();
        let image = match config.added_kv_proj_dim {
            Some(inputs) => Some(ImageWeights {
                key: weights.linear(&format!("{prefix}.attn2.add_k_proj"), inputs, dim, true).await?,
                value: weights.linear(&format!("{prefix}.attn2.add_v_proj"), inputs, dim, true).await?,
                key_norm: weights.vector(&format!("{prefix}.attn2.norm_added_k.weight"), dim).await?,
            }),
            None => None,
        };
        let cross_norm = if config.cross_attn_norm {
            Some((
                weights.vector(&format!("{prefix}.norm2.weight"), dim).await?,
                weights.vector(&format!("{prefix}.norm2.bias"), dim).await?,
            ))
        } else {
            None
        };
        Ok(Self {
            heads: config.num_attention_heads,
            head_dim: config.attention_head_dim,
            epsilon: config.eps,
            self_attention: AttentionWeights::load(weights, &format!("{prefix}.attn1"), dim).await?,
            cross_attention: AttentionWeights::load(weights, &format!("{prefix}.attn2"), dim).await?,
            image,
            cross_norm,
            feed_forward: [
                weights.linear(&format!("{prefix}.ffn.net.0.proj"), dim, config.ffn_dim, true).await?,
                weights.linear(&format!("{prefix}.ffn.net.2"), config.ffn_dim, dim, true).await?,
            ],
        })
    }

    /// Tokens `x` [tokens, dim] → tokens.
    pub(super) fn forward(
        &self,
        recorder: &mut Recorder,
        x: Tensor,
        rotary: &Tensor,
        modulation: &BlockModulation<'_>,
        context: &BlockContext,
    ) -> Result<Tensor> {
        let x = self.attend_to_self(recorder, x, rotary, modulation)?;
        let x = self.attend_to_context(recorder, x, context)?;
        self.feed_forward(recorder, x, modulation)
    }

    // Each of them takes its input, so that what it needs no more makes room for the next.

    fn attend_to_self(
        &self,
        recorder: &mut Recorder,
        x: Tensor,
        rotary: &Tensor,
        modulation: &BlockModulation<'_>,
    ) -> Result<Tensor> {
        let y = layer_norm(recorder, &x, modulation.adaptive(0, 1), self.epsilon)?;
        let attended = self.self_attention(recorder, y, rotary)?;
        linear(recorder, &attended, &self.self_attention.output, Activation::None, modulation.gated(&x, 2))
    }

    fn self_attention(&self, recorder: &mut Recorder, y: Tensor, rotary: &Tensor) -> Result<Tensor> {
        let weights = &self.self_attention;
        let query = normalised(recorder, &y, &weights.query, &weights.query_norm, self.epsilon)?;
        rope(recorder, &query, rotary)?;
        let key = normalised(recorder, &y, &weights.key, &weights.key_norm, self.epsilon)?;
        rope(recorder, &key, rotary)?;
        let value = linear(recorder, &y, &weights.value, Activation::None, Epilogue::Store)?;
        drop(y);
        self.attention(recorder, &query, &key, &value)
    }

    fn attend_to_context(&self, recorder: &mut Recorder, x: Tensor, context: &BlockContext) -> Result<Tensor> {
        let weights = &self.cross_attention;
        let y = match &self.cross_norm {
            Some((weight, bias)) => layer_norm(recorder, &x, Modulation::Affine(weight, bias), self.epsilon)?,
            None => x.clone(),
        };
        let query = normalised(recorder, &y, &weights.query, &weights.query_norm, self.epsilon)?;
        drop(y);
        let mut attended = self.attention(recorder, &query, &context.text.0, &context.text.1)?;
        if let Some((key, value)) = &context.image {
            let image = self.attention(recorder, &query, key, value)?;
            attended = add(recorder, &attended, &image)?;
        }
        linear(recorder, &attended, &weights.output, Activation::None, Epilogue::Add(&x))
    }

    fn feed_forward(&self, recorder: &mut Recorder, x: Tensor, modulation: &BlockModulation<'_>) -> Result<Tensor> {
        let y = layer_norm(recorder, &x, modulation.adaptive(3, 4), self.epsilon)?;
        let hidden = linear(recorder, &y, &self.feed_forward[0], Activation::GeluTanh, Epilogue::Store)?;
        drop(y);
        linear(recorder, &hidden, &self.feed_forward[1], Activation::None, modulation.gated(&x, 5))
    }

    fn attention(&self, recorder: &mut Recorder, query: &Tensor, key: &Tensor, value: &Tensor) -> Result<Tensor> {
        let rows = (0, query.rows_and_columns().0, key.rows_and_columns().0);
        let scale = (self.head_dim as f32).sqrt().recip();
        let (heads, head_dim) = (self.heads, self.head_dim);
        attention(recorder, &Attention { query, key, value, offsets: [0; 3], rows, heads, head_dim, scale, bias: None })
    }

    /// Keys and values of text rows [rows, dim] and image rows.
    pub(super) fn context(
        &self,
        recorder: &mut Recorder,
        text: &Tensor,
        image: Option<&Tensor>,
    ) -> Result<BlockContext> {
        let weights = &self.cross_attention;
        let key = normalised(recorder, text, &weights.key, &weights.key_norm, self.epsilon)?;
        let value = linear(recorder, text, &weights.value, Activation::None, Epilogue::Store)?;
        let image = match (&self.image, image) {
            (Some(weights), Some(image)) => Some((
                normalised(recorder, image, &weights.key, &weights.key_norm, self.epsilon)?,
                linear(recorder, image, &weights.value, Activation::None, Epilogue::Store)?,
            )),
            _ => None,
        };
        Ok(BlockContext { text: (key, value), image })
    }
}

impl AttentionWeights {
    async fn load(weights: &Weights, prefix: &str, dim: usize) -> Result<Self> {
        Ok(Self {
            query: weights.linear(&format!("{prefix}.to_q"), dim, dim, true).await?,
            key: weights.linear(&format!("{prefix}.to_k"), dim, dim, true).await?,
            value: weights.linear(&format!("{prefix}.to_v"), dim, dim, true).await?,
            output: weights.linear(&format!("{prefix}.to_out.0"), dim, dim, true).await?,
            query_norm: weights.vector(&format!("{prefix}.norm_q.weight"), dim).await?,
            key_norm: weights.vector(&format!("{prefix}.norm_k.weight"), dim).await?,
        })
    }
}

/// A projection, normalised over all heads together.
fn normalised(recorder: &mut Recorder, x: &Tensor, layer: &Linear, norm: &Tensor, epsilon: f32) -> Result<Tensor> {
    let projected = linear(recorder, x, layer, Activation::None, Epilogue::Store)?;
    rms_norm(recorder, &projected, norm, Rms::Epsilon(epsilon), Activation::None)
}
