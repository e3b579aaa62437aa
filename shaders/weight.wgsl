// Reading a packed weight matrix. Prepended to the kernels that take weights.
//
// A row of `weight_data` holds K values, padded to a multiple of 4 (plain formats) or made of whole blocks of 32
// (quantised formats). `weight_scales` holds one f16 a block, two a word, over the whole matrix.

const F32: u32 = 0u;
const F16: u32 = 1u;
const BF16: u32 = 2u;
const Q8_0: u32 = 3u;
const Q4_0: u32 = 4u;

override WEIGHT_FORMAT: u32 = 0u;

fn bf16_pair(word: u32) -> vec2<f32> {
    return vec2<f32>(bitcast<f32>(word << 16u), bitcast<f32>(word & 0xffff0000u));
}

// Factor of the values around column `column` of row `row` in a matrix of `columns` columns: the same for the 32 from a
// multiple of 32 on, and 1 in plain formats.
fn weight_scale(row: u32, column: u32, columns: u32) -> f32 {
    if (WEIGHT_FORMAT != Q8_0 && WEIGHT_FORMAT != Q4_0) {
        return 1.0;
    }
    let block = row * (columns / 32u) + column / 32u;
    let pair = unpack2x16float(weight_scales[block / 2u]);
    return select(pair.x, pair.y, (block & 1u) == 1u);
}

// Four values from column `column` (a multiple of 4) on, still without that factor. Columns beyond the row's end but inside
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
    if (WEIGHT_FORMAT == Q8_0) {
        let word = weight_data[at / 4u];
        return vec4<f32>(vec4<i32>(
            extractBits(bitcast<i32>(word), 0u, 8u),
            extractBits(bitcast<i32>(word), 8u, 8u),
            extractBits(bitcast<i32>(word), 16u, 8u),
            extractBits(bitcast<i32>(word), 24u, 8u)));
    }
    let nibbles = weight_data[at / 8u] >> ((at & 4u) * 4u);
    let values = vec4<u32>(nibbles, nibbles >> 4u, nibbles >> 8u, nibbles >> 12u) & vec4<u32>(15u);
    return vec4<f32>(values) - 8.0;
}

fn weight4(row: u32, column: u32, columns: u32) -> vec4<f32> {
    return unscaled4(row, column, columns) * weight_scale(row, column, columns);
}
