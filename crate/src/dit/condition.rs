//! What steers the transformer: the timestep, the text and, for image-to-video models, an image
//! (`WanTimeTextImageEmbedding`).

use super::block::Block;
use super::config::DitConfig;
use crate::error::{Error, Result};
use crate::gpu::{Arena, Recorder, Tensor};
use crate::ops::{Activation, Epilogue, Linear, Modulation, activate, add, layer_norm, linear};
use crate::weights::Weights;

/// Epsilon of the image embedder's normalisations, PyTorch's default.
const IMAGE_EPSILON: f32 = 1e-5;

pub(super) struct ConditionEmbedder {
    time: [Linear; 2],
    time_projection: Linear,
    text: [Linear; 2],
    image: Option<ImageEmbedder>,
}

struct ImageEmbedder {
    position: Option<Tensor>,
    norm1: (Tensor, Tensor),
    feed_forward: [Linear; 2],
    norm2: (Tensor, Tensor),
}

/// Keys and values of every block's cross-attention. They depend on the prompt alone and serve all steps.
pub struct Context {
    /// By block.
    pub(super) blocks: Vec<BlockContext>,
    /// Holds the buffers.
    _arena: Arena,
}

pub(super) struct BlockContext {
    /// Keys and values [rows, dim] of the text.
    pub(super) text: (Tensor, Tensor),
    /// Keys and values of the image.
    pub(super) image: Option<(Tensor, Tensor)>,
}

impl ConditionEmbedder {
    pub(super) async fn load(weights: &Weights, config: &DitConfig) -> Result<Self> {
        let dim = config.dim();
        let image = match config.image_dim {
            Some(image_dim) => Some(ImageEmbedder::load(weights, config, image_dim).await?),
            None => None,
        };
        let at = |name: &str| format!("condition_embedder.{name}");
        Ok(Self {
            time: [
                weights.linear(&at("time_embedder.linear_1"), config.freq_dim, dim, true).await?,
                weights.linear(&at("time_embedder.linear_2"), dim, dim, true).await?,
            ],
            time_projection: weights.linear(&at("time_proj"), dim, 6 * dim, true).await?,
            text: [
                weights.linear(&at("text_embedder.linear_1"), config.text_dim, dim, true).await?,
                weights.linear(&at("text_embedder.linear_2"), dim, dim, true).await?,
            ],
            image,
        })
    }

    /// Sinusoid [1, freq_dim] → the embedding [1, dim] and its projection [1, 6 · dim].
    pub(super) fn timestep(&self, recorder: &mut Recorder, sinusoid: &Tensor) -> Result<(Tensor, Tensor)> {
        let hidden = linear(recorder, sinusoid, &self.time[0], Activation::Silu, Epilogue::Store)?;
        let embedding = linear(recorder, &hidden, &self.time[1], Activation::None, Epilogue::Store)?;
        let activated = activate(recorder, &embedding, Activation::Silu)?;
        let projection = linear(recorder, &activated, &self.time_projection, Activation::None, Epilogue::Store)?;
        Ok((embedding, projection))
    }

    /// Text rows [rows, text_dim] and image rows [n, image_dim] → keys and values of every block.
    pub(super) fn context(
        &self,
        recorder: &mut Recorder,
        blocks: &[Block],
        text: &Tensor,
        image: Option<&Tensor>,
    ) -> Result<Context> {
        let hidden = linear(recorder, text, &self.text[0], Activation::GeluTanh, Epilogue::Store)?;
        let text = linear(recorder, &hidden, &self.text[1], Activation::None, Epilogue::Store)?;
        let image = match (&self.image, image) {
            (Some(embedder), Some(image)) => Some(embedder.embed(recorder, image)?),
            (Some(_), None) => return Err(Error::bad_input("this model needs an image to start from")),
            (None, Some(_)) => return Err(Error::bad_input("this model takes no image")),
            (None, None) => None,
        };
        let blocks =
            blocks.iter().map(|block| block.context(recorder, &text, image.as_ref())).collect::<Result<_>>()?;
        Ok(Context { blocks, _arena: recorder.arena().clone() })
    }
}

impl ImageEmbedder {
    async fn load(weights: &Weights, config: &DitConfig, image_dim: usize) -> Result<Self> {
        let dim = config.dim();
        let at = |name: &str| format!("condition_embedder.image_embedder.{name}");
        let position = match config.pos_embed_seq_len {
            Some(rows) => Some(weights.vector(&at("pos_embed"), rows * image_dim).await?),
            None => None,
        };
        Ok(Self {
            position,
            norm1: (
                weights.vector(&at("norm1.weight"), image_dim).await?,
                weights.vector(&at("norm1.bias"), image_dim).await?,
            ),
            feed_forward: [
                weights.linear(&at("ff.net.0.proj"), image_dim, image_dim, true).await?,
                weights.linear(&at("ff.net.2"), image_dim, dim, true).await?,
            ],
            norm2: (weights.vector(&at("norm2.weight"), dim).await?, weights.vector(&at("norm2.bias"), dim).await?),
        })
    }

    fn embed(&self, recorder: &mut Recorder, image: &Tensor) -> Result<Tensor> {
        let positioned = match &self.position {
            Some(position) => add(recorder, image, position)?,
            None => image.clone(),
        };
        let (weight, bias) = (&self.norm1.0, &self.norm1.1);
        let x = layer_norm(recorder, &positioned, Modulation::Affine(weight, bias), IMAGE_EPSILON)?;
        let x = linear(recorder, &x, &self.feed_forward[0], Activation::GeluErf, Epilogue::Store)?;
        let x = linear(recorder, &x, &self.feed_forward[1], Activation::None, Epilogue::Store)?;
        layer_norm(recorder, &x, Modulation::Affine(&self.norm2.0, &self.norm2.1), IMAGE_EPSILON)
    }
}

/// The sinusoidal embedding of a timestep (0 to 1000): cosines first, then sines (`Timesteps` with `flip_sin_to_cos`).
pub(super) fn sinusoid(timestep: f32, length: usize) -> Vec<f32> {
    let half = length / 2;
    let angle = |i: usize| f64::from(timestep) * (-(10000f64.ln()) * i as f64 / half as f64).exp();
    let cosines = (0..half).map(|i| angle(i).cos() as f32);
    let sines = (0..half).map(|i| angle(i).sin() as f32);
    cosines.chain(sines).chain(std::iter::repeat_n(0.0, length % 2)).collect()
}
