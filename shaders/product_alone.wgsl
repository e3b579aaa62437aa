// A matrix product out[rows, columns] without workgroup memory: every invocation computes 8 rows by 8 columns. As
// product_together.wgsl, for devices on which waiting is dear. Neighbouring invocations have neighbouring rows and read
// the same weights.
//
// A processor reads the memory of each invocation for itself, whole vectors in one go, and walks through arrays whose index
// it does not know by way of memory: so all is in vectors, and what is multiplied is written out.

const INVOCATIONS: u32 = 8u;
const ROWS: u32 = 8u;
const COLUMNS: u32 = 8u;

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let size = product_size();
    let column_blocks = (size.columns + COLUMNS - 1u) / COLUMNS;
    let linear = p.first_workgroup + group.y * groups.x + group.x;
    let first_row = linear / column_blocks * ROWS * INVOCATIONS + index;
    let first_column = linear % column_blocks * COLUMNS;
    if (first_row >= size.rows) {
        return;
    }
    // Rows and columns past the last one are computed as the last one, and not stored.
    let last_row = size.rows - 1u;
    let row0 = row_at(min(first_row + 0u * INVOCATIONS, last_row));
    let row1 = row_at(min(first_row + 1u * INVOCATIONS, last_row));
    let row2 = row_at(min(first_row + 2u * INVOCATIONS, last_row));
    let row3 = row_at(min(first_row + 3u * INVOCATIONS, last_row));
    let row4 = row_at(min(first_row + 4u * INVOCATIONS, last_row));
    let row5 = row_at(min(first_row + 5u * INVOCATIONS, last_row));
    let row6 = row_at(min(first_row + 6u * INVOCATIONS, last_row));
    let row7 = row_at(min(first_row + 7u * INVOCATIONS, last_row));
    let last_column = vec4<u32>(size.columns - 1u);
    let low_columns = min(first_column + vec4<u32>(0u, 1u, 2u, 3u), last_column);
    let high_columns = min(first_column + vec4<u32>(4u, 5u, 6u, 7u), last_column);
    let weight_columns = size.segments * size.inner;
    // Of each row, the sums in the first four and in the last four columns.
    var low0 = vec4<f32>();
    var high0 = vec4<f32>();
    var low1 = vec4<f32>();
    var high1 = vec4<f32>();
    var low2 = vec4<f32>();
    var high2 = vec4<f32>();
    var low3 = vec4<f32>();
    var high3 = vec4<f32>();
    var low4 = vec4<f32>();
    var high4 = vec4<f32>();
    var low5 = vec4<f32>();
    var high5 = vec4<f32>();
    var low6 = vec4<f32>();
    var high6 = vec4<f32>();
    var low7 = vec4<f32>();
    var high7 = vec4<f32>();
    for (var segment = 0u; segment < size.segments; segment++) {
        let base0 = base_of(row0, segment);
        let base1 = base_of(row1, segment);
        let base2 = base_of(row2, segment);
        let base3 = base_of(row3, segment);
        let base4 = base_of(row4, segment);
        let base5 = base_of(row5, segment);
        let base6 = base_of(row6, segment);
        let base7 = base_of(row7, segment);
        // The weight's groups of columns have one scale each.
        for (var first = 0u; first < size.inner; first += group_columns()) {
            let scale_at = segment * size.inner + first;
            let low_scales = scales_of(low_columns, scale_at, weight_columns);
            let high_scales = scales_of(high_columns, scale_at, weight_columns);
            for (var k = first; k < min(first + group_columns(), size.inner); k += 4u) {
                let weight_at = segment * size.inner + k;
                let low = weights_of(low_columns, low_scales, weight_at, weight_columns);
                let high = weights_of(high_columns, high_scales, weight_at, weight_columns);
                let a0 = x4(base0, k);
                low0 += low * a0;
                high0 += high * a0;
                let a1 = x4(base1, k);
                low1 += low * a1;
                high1 += high * a1;
                let a2 = x4(base2, k);
                low2 += low * a2;
                high2 += high * a2;
                let a3 = x4(base3, k);
                low3 += low * a3;
                high3 += high * a3;
                let a4 = x4(base4, k);
                low4 += low * a4;
                high4 += high * a4;
                let a5 = x4(base5, k);
                low5 += low * a5;
                high5 += high * a5;
                let a6 = x4(base6, k);
                low6 += low * a6;
                high6 += high * a6;
                let a7 = x4(base7, k);
                low7 += low * a7;
                high7 += high * a7;
            }
        }
    }
    let sums = array<vec4<f32>, 16>(
        low0, high0, low1, high1, low2, high2, low3, high3,
        low4, high4, low5, high5, low6, high6, low7, high7);
    for (var i = 0u; i < ROWS * COLUMNS; i++) {
        let row = first_row + i / COLUMNS * INVOCATIONS;
        let column = first_column + i % COLUMNS;
        if (row < size.rows && column < size.columns) {
            store(row, column, sums[i / 4u][i % 4u]);
        }
    }
}

// A column of the matrix that is returned is scale and minimum of one row.
fn scales_of(rows: vec4<u32>, column: u32, columns: u32) -> mat4x2<f32> {
    return mat4x2<f32>(
        weight_scale(rows.x, column, columns),
        weight_scale(rows.y, column, columns),
        weight_scale(rows.z, column, columns),
        weight_scale(rows.w, column, columns));
}

// Four columns of four rows of the weight; a column of the matrix that is returned has one column of them.
fn weights_of(rows: vec4<u32>, scales: mat4x2<f32>, column: u32, columns: u32) -> mat4x4<f32> {
    return transpose(mat4x4<f32>(
        scaled(unscaled4(rows.x, column, columns), scales[0]),
        scaled(unscaled4(rows.y, column, columns), scales[1]),
        scaled(unscaled4(rows.z, column, columns), scales[2]),
        scaled(unscaled4(rows.w, column, columns), scales[3])));
}
