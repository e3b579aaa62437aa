//! The relative position bias of T5 (Raffel et al., section 2.1).

use super::config::TextConfig;

/// Bias of every head for every distance between `length` tokens: [heads, 2 · length − 1], by key − query + length − 1,
/// out of the table [buckets, heads].
pub(super) fn position_bias(config: &TextConfig, table: &[f32], length: usize) -> Vec<f32> {
    let heads = config.num_heads;
    let distances = 1 - length as i64..length as i64;
    let buckets: Vec<usize> = distances.map(|distance| bucket(config, distance)).collect();
    (0..heads).flat_map(|head| buckets.iter().map(move |bucket| table[bucket * heads + head])).collect()
}

/// `_relative_position_bucket` of transformers, for both directions. In f32 as there: at powers of two the logarithm
/// decides between neighbours.
fn bucket(config: &TextConfig, distance: i64) -> usize {
    let buckets = config.relative_attention_num_buckets / 2;
    let exact = buckets / 2;
    let first = if distance > 0 { buckets } else { 0 };
    let distance = distance.unsigned_abs() as usize;
    if distance < exact {
        return first + distance;
    }
    let ratio = (distance as f32 / exact as f32).ln();
    let range = (config.relative_attention_max_distance as f64 / exact as f64).ln() as f32;
    let beyond = (ratio / range * (buckets - exact) as f32) as usize;
    first + (exact + beyond).min(buckets - 1)
}
