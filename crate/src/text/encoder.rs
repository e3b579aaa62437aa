//! The encoder half of umT5 and T5 (`UMT5EncoderModel`, `T5EncoderModel` of transformers).

use std::rc::Rc;

use super::config::TextConfig;
use super::position_bias::position_bias;
use crate::error::{Error, Result};
use crate::gpu::{Arena, Cancel, Gpu, Recorder, Tensor};
use crate::ops::{Activation, Attention, Epilogue, Linear, Rms, attention, embedding, linear, rms_norm};
use crate::weights::Weights;

/// An encoder whose weights are smaller than this stays on the device; a larger one is streamed layer by layer.
const RESIDENT_BYTES: u64 = 512 << 20;

/// Turns token numbers into rows that the transformer attends to.
pub struct TextEncoder {
    config: TextConfig,
    weights: Weights,
    layers: Option<Vec<Layer>>,
    final_norm: Tensor,
}

struct Layer {
    norms: [Tensor; 2],
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    /// [buckets, heads], where this layer has one.
    bias_table: Option<Vec<f32>>,
    /// Two where the hidden features are gated.
    inputs: Vec<Linear>,
    feed_forward_output: Linear,
}

impl TextEncoder {
    /// Loads the weights under transformers' names; those of the layers only if all of them (`layer_bytes`) are small.
    ///
    /// # Errors
    /// [`Error::BadModel`] when a tensor is missing or of another size.
    pub async fn load(weights: Weights, config: &TextConfig, layer_bytes: u64) -> Result<Self> {
        let mut layers = None;
        if layer_bytes <= RESIDENT_BYTES {
            let mut resident = Vec::new();
            for number in 0..config.num_layers {
                resident.push(Layer::load(&weights, config, number).await?);
            }
            layers = Some(resident);
        }
        let final_norm = weights.vector("encoder.final_layer_norm.weight", config.d_model).await?;
        Ok(Self { config: config.clone(), weights, layers, final_norm })
    }

    /// Dimensions of the network.
    pub fn config(&self) -> &TextConfig {
        &self.config
    }

    /// Token numbers `[L]` → rows [L, d_model], row-major.
    ///
    /// # Errors
    /// [`Error::BadInput`] for an unknown number or no token; [`Error::Cancelled`].
    pub async fn encode(&self, gpu: &Rc<Gpu>, ids: &[u32], cancel: &Cancel) -> Result<Vec<f32>> {
        if ids.is_empty() || ids.iter().any(|&id| id as usize >= self.config.vocab_size) {
            return Err(Error::bad_input("token numbers must be below the size of the vocabulary, and at least one"));
        }
        let arena = Arena::new(gpu);
        let mut x = self.embed(gpu, &arena, ids, cancel).await?;
        let mut bias = None;
        for number in 0..self.config.num_layers {
            let streamed;
            let layer = match &self.layers {
                Some(layers) => &layers[number],
                None => {
                    streamed = Layer::load(&self.weights, &self.config, number).await?;
                    &streamed
                }
            };
            if let Some(table) = &layer.bias_table {
                let values = position_bias(&self.config, table, ids.len());
                bias = Some(gpu.upload("position bias", &[values.len()], &values)?);
            }
            let mut recorder = Recorder::new(&arena);
            x = layer.forward(&mut recorder, &self.config, x, bias.as_ref())?;
            recorder.finish()?.run(cancel).await?;
        }
        let mut recorder = Recorder::new(&arena);
        let hidden = rms_norm(&mut recorder, &x, &self.final_norm, self.rms(), Activation::None)?;
        recorder.finish()?.run(cancel).await?;
        gpu.read(&hidden).await
    }

    /// The table stays in its file; only rows that occur are read.
    async fn embed(&self, gpu: &Rc<Gpu>, arena: &Arena, ids: &[u32], cancel: &Cancel) -> Result<Tensor> {
        let mut used = ids.to_vec();
        used.sort_unstable();
        used.dedup();
        let places: Vec<u32> = ids.iter().map(|id| used.partition_point(|other| other < id) as u32).collect();
        let table = self.weights.rows("shared.weight", &used, self.config.vocab_size, self.config.d_model).await?;
        let storage = Rc::new(gpu.allocate("token numbers", 4 * places.len() as u64)?);
        gpu.write_bytes(&storage, 0, bytemuck::cast_slice(&places));
        let mut recorder = Recorder::new(arena);
        let x = embedding(&mut recorder, &storage, ids.len(), &table)?;
        recorder.finish()?.run(cancel).await?;
        Ok(x)
    }

    fn rms(&self) -> Rms {
        Rms::Epsilon(self.config.layer_norm_epsilon)
    }
}

impl Layer {
    async fn load(weights: &Weights, config: &TextConfig, number: usize) -> Result<Self> {
        let at = |name: &str| format!("encoder.block.{number}.layer.{name}");
        let (d, inner) = (config.d_model, config.inner_dim());
        let bias_table = if number == 0 || config.bias_in_every_layer() {
            let length = config.relative_attention_num_buckets * config.num_heads;
            Some(weights.values(&at("0.SelfAttention.relative_attention_bias.weight"), length).await?)
        } else {
            None
        };
        let names: &[&str] = if config.gated() { &["wi_0", "wi_1"] } else { &["wi"] };
        let mut inputs = Vec::new();
        for name in names {
            inputs.push(weights.linear(&at(&format!("1.DenseReluDense.{name}")), d, config.d_ff, false).await?);
        }
        Ok(Self {
            norms: [
                weights.vector(&at("0.layer_norm.weight"), d).await?,
                weights.vector(&at("1.layer_norm.weight"), d).await?,
            ],
            query: weights.linear(&at("0.SelfAttention.q"), d, inner, false).await?,
            key: weights.linear(&at("0.SelfAttention.k"), d, inner, false).await?,
            value: weights.linear(&at("0.SelfAttention.v"), d, inner, false).await?,
            output: weights.linear(&at("0.SelfAttention.o"), inner, d, false).await?,
            bias_table,
            inputs,
            feed_forward_output: weights.linear(&at("1.DenseReluDense.wo"), config.d_ff, d, false).await?,
        })
    }

    fn forward(
        &self,
        recorder: &mut Recorder,
        config: &TextConfig,
        x: Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let x = self.attend(recorder, config, x, bias)?;
        self.feed_forward(recorder, config, x)
    }

    // Both take their input, so that what they need no more makes room for the next.

    fn attend(&self, recorder: &mut Recorder, config: &TextConfig, x: Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let rms = Rms::Epsilon(config.layer_norm_epsilon);
        let y = rms_norm(recorder, &x, &self.norms[0], rms, Activation::None)?;
        let query = linear(recorder, &y, &self.query, Activation::None, Epilogue::Store)?;
        let key = linear(recorder, &y, &self.key, Activation::None, Epilogue::Store)?;
        let value = linear(recorder, &y, &self.value, Activation::None, Epilogue::Store)?;
        let tokens = x.rows_and_columns().0;
        let attended = attention(
            recorder,
            &Attention {
                query: &query,
                key: &key,
                value: &value,
                offsets: [0; 3],
                rows: (0, tokens, tokens),
                heads: config.num_heads,
                head_dim: config.d_kv,
                // T5 folds the usual 1/sqrt(d_kv) into its initialisation.
                scale: 1.0,
                bias,
            },
        )?;
        linear(recorder, &attended, &self.output, Activation::None, Epilogue::Add(&x))
    }

    fn feed_forward(&self, recorder: &mut Recorder, config: &TextConfig, x: Tensor) -> Result<Tensor> {
        let rms = Rms::Epsilon(config.layer_norm_epsilon);
        let y = rms_norm(recorder, &x, &self.norms[1], rms, Activation::None)?;
        let mut hidden = linear(recorder, &y, &self.inputs[0], config.activation()?, Epilogue::Store)?;
        if let Some(gate) = self.inputs.get(1) {
            hidden = linear(recorder, &y, gate, Activation::None, Epilogue::Multiply(&hidden))?;
        }
        linear(recorder, &hidden, &self.feed_forward_output, Activation::None, Epilogue::Add(&x))
    }
}
