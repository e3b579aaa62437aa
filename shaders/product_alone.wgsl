// A matrix product out[rows, columns] without workgroup memory: every invocation computes 8 rows by 8 columns. As
// product_together.wgsl, for devices on which waiting is dear. Neighbouring invocations have neighbouring rows and read
// the same weights, which a processor reads once for all of them.

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
    // Columns past the last one are computed as the last one, rows past the last one as zeros; neither is stored.
    let last = size.columns - 1u;
    var rows: array<Row, 8>;
    for (var r = 0u; r < ROWS; r++) {
        rows[r] = row_at(first_row + r * INVOCATIONS);
    }
    // The sums of rows 0 to 3 and of rows 4 to 7 in each column.
    var sums: array<vec4<f32>, 16>;
    for (var segment = 0u; segment < size.segments; segment++) {
        var base: array<i32, 8>;
        for (var r = 0u; r < ROWS; r++) {
            base[r] = base_of(rows[r], segment);
        }
        for (var k = 0u; k < size.inner; k += 4u) {
            let low = mat4x4<f32>(
                x4(rows[0], base[0], k), x4(rows[1], base[1], k), x4(rows[2], base[2], k), x4(rows[3], base[3], k));
            let high = mat4x4<f32>(
                x4(rows[4], base[4], k), x4(rows[5], base[5], k), x4(rows[6], base[6], k), x4(rows[7], base[7], k));
            for (var c = 0u; c < COLUMNS; c++) {
                let w = weight4(min(first_column + c, last), segment * size.inner + k, size.segments * size.inner);
                sums[2u * c] += w * low;
                sums[2u * c + 1u] += w * high;
            }
        }
    }
    for (var c = 0u; c < COLUMNS; c++) {
        store_rows(first_row, first_column + c, sums[2u * c], size);
        store_rows(first_row + 4u * INVOCATIONS, first_column + c, sums[2u * c + 1u], size);
    }
}

fn store_rows(first_row: u32, column: u32, sum: vec4<f32>, size: ProductSize) {
    for (var r = 0u; r < 4u && first_row + r * INVOCATIONS < size.rows && column < size.columns; r++) {
        store(first_row + r * INVOCATIONS, column, sum[r]);
    }
}
