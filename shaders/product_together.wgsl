// A matrix product out[rows, columns] from tiles that a workgroup shares.
//
// One workgroup of SIDE x SIDE invocations computes a tile of 4*SIDE rows by 4*SIDE columns; each invocation 4 x 4 of
// it, with the inner dimension walked in steps of 4*TILE_K4 through workgroup memory. The kernel that this is appended
// to has the weight and says, with `product_size`, `row_at`, `base_of`, `x4` and `store`, what is multiplied and where
// it goes.

override SIDE: u32 = 16u;
const TILE_K4: u32 = 8u;

// Transposed: the four rows that one invocation reads at a step of K are one vector.
var<workgroup> x_tile: array<vec4<f32>, 512>;
var<workgroup> w_tile: array<vec4<f32>, 512>;

@compute @workgroup_size(SIDE, SIDE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let tile = 4u * SIDE;
    let size = product_size();
    let column_tiles = (size.columns + tile - 1u) / tile;
    let linear = p.first_workgroup + group.y * groups.x + group.x;
    let first_row = linear / column_tiles * tile;
    let first_column = linear % column_tiles * tile;

    // A tile is `tile` rows by TILE_K4 vectors, which the invocations load in turns: each the same rows at every step.
    let loads = tile * TILE_K4 / (SIDE * SIDE);
    var rows: array<Row, 4>;
    for (var j = 0u; j < loads; j++) {
        rows[j] = row_at(first_row + (index + j * SIDE * SIDE) / TILE_K4);
    }

    var sum: array<vec4<f32>, 4>;
    let steps = (size.inner + 4u * TILE_K4 - 1u) / (4u * TILE_K4);
    for (var step = 0u; step < size.segments * steps; step++) {
        let segment = step / steps;
        for (var j = 0u; j < loads; j++) {
            let i = index + j * SIDE * SIDE;
            let row = i / TILE_K4;
            let k4 = i % TILE_K4;
            let k = step % steps * 4u * TILE_K4 + 4u * k4;
            var x = vec4<f32>();
            var w = vec4<f32>();
            if (k < size.inner) {
                x = x4(rows[j], base_of(rows[j], segment), k);
                if (first_column + row < size.columns) {
                    w = weight4(first_column + row, segment * size.inner + k, size.segments * size.inner);
                }
            }
            x_tile[k4 * tile + row] = x;
            w_tile[k4 * tile + row] = w;
        }
        workgroupBarrier();
        for (var k4 = 0u; k4 < TILE_K4; k4++) {
            let base = k4 * tile;
            let w0 = w_tile[base + local.x];
            let w1 = w_tile[base + local.x + SIDE];
            let w2 = w_tile[base + local.x + 2u * SIDE];
            let w3 = w_tile[base + local.x + 3u * SIDE];
            for (var r = 0u; r < 4u; r++) {
                let a = x_tile[base + local.y + r * SIDE];
                sum[r] += vec4<f32>(dot(a, w0), dot(a, w1), dot(a, w2), dot(a, w3));
            }
        }
        workgroupBarrier();
    }

    for (var r = 0u; r < 4u; r++) {
        let row = first_row + local.y + r * SIDE;
        if (row >= size.rows) {
            continue;
        }
        for (var c = 0u; c < 4u; c++) {
            let column = first_column + local.x + c * SIDE;
            if (column < size.columns) {
                store(row, column, sum[r][c]);
            }
        }
    }
}
