// Reading a packed weight matrix. Prepended to the kernels that take weights.
//
// A row of `weight_data` holds K values, padded to a multiple of 4 (plain formats) or made of whole groups that share a
// scale (quantised formats). `weight_scales` holds these, or scales and minima in turn, as f16, two a word, over the whole
// matrix.

const F32: u32 = 0u;
const F16: u32 = 1u;
const BF16: u32 = 2u;
const Q8_0: u32 = 3u;
const Q4_0: u32 = 4u;
const Q4_K: u32 = 5u;
const Q5_K: u32 = 6u;
const Q6_K: u32 = 7u;

override WEIGHT_FORMAT: u32 = 0u;

fn bf16_pair(word: u32) -> vec2<f32> {
    return vec2<f32>(bitcast<f32>(word << 16u), bitcast<f32>(word & 0xffff0000u));
}

fn has_scales() -> bool {
    return WEIGHT_FORMAT >= Q8_0;
}

fn has_minima() -> bool {
    return WEIGHT_FORMAT == Q4_K || WEIGHT_FORMAT == Q5_K;
}

// How many columns, from a multiple of that on, share a scale.
fn group_columns() -> u32 {
    if (WEIGHT_FORMAT == Q6_K) {
        return 16u;
    }
    return 32u;
}

// Scale and minimum of the values around column `column` of row `row` in a matrix of `columns` columns. Plain formats have
// none: 1 and 0.
fn weight_scale(row: u32, column: u32, columns: u32) -> vec2<f32> {
    if (!has_scales()) {
        return vec2<f32>(1.0, 0.0);
    }
    let group = row * (columns / group_columns()) + column / group_columns();
    if (has_minima()) {
        return unpack2x16float(weight_scales[group]);
    }
    let pair = unpack2x16float(weight_scales[group / 2u]);
    return vec2<f32>(select(pair.x, pair.y, (group & 1u) == 1u), 0.0);
}

fn scaled(quants: vec4<f32>, scale: vec2<f32>) -> vec4<f32> {
    if (has_minima()) {
        return quants * scale.x + scale.y;
    }
    return quants * scale.x;
}

// Four values from column `column` (a multiple of 4) on, still to be scaled. Columns beyond the row's end but inside
// its padding are zero.
fn unscaled4(row: u32, column: u32, columns: u32) -> vec4<f32> {
    if (WEIGHT_FORMAT == F32) {
        let at = row * ((columns + 3u) / 4u * 4u) + column;
        return vec4<f32>(
            bitcast<f32>(weight_data[at]),
            bitcast<f32>(weight_data[at + 1u]),
            bitcast<f32>(weight_data[at + 2u]),
            bitcast<f32>(weight_data[at + 3u]));
    }
    if (WEIGHT_FORMAT == F16) {
        let at = (row * ((columns + 3u) / 4u * 4u) + column) / 2u;
        return vec4<f32>(unpack2x16float(weight_data[at]), unpack2x16float(weight_data[at + 1u]));
    }
    if (WEIGHT_FORMAT == BF16) {
        let at = (row * ((columns + 3u) / 4u * 4u) + column) / 2u;
        return vec4<f32>(bf16_pair(weight_data[at]), bf16_pair(weight_data[at + 1u]));
    }
    let at = row * columns + column;
    if (WEIGHT_FORMAT == Q4_0 || WEIGHT_FORMAT == Q4_K) {
        let nibbles = weight_data[at / 8u] >> ((at & 4u) * 4u);
        let values = vec4<f32>(vec4<u32>(nibbles, nibbles >> 4u, nibbles >> 8u, nibbles >> 12u) & vec4<u32>(15u));
        if (WEIGHT_FORMAT == Q4_0) {
            return values - 8.0;
        }
        return values;
    }
    let word = bitcast<i32>(weight_data[at / 4u]);
    return vec4<f32>(vec4<i32>(
        extractBits(word, 0u, 8u), extractBits(word, 8u, 8u), extractBits(word, 16u, 8u), extractBits(word, 24u, 8u)));
}

fn weight4(row: u32, column: u32, columns: u32) -> vec4<f32> {
    return scaled(unscaled4(row, column, columns), weight_scale(row, column, columns));
}
