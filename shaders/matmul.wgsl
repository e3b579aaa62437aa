// A linear layer on many rows.
//
// One workgroup of SIDE x SIDE invocations computes a tile of 4*SIDE rows by 4*SIDE columns; each invocation 4 x 4 of
// it, with K walked in steps of TILE_K through workgroup memory.

override SIDE: u32 = 16u;
const TILE_K4: u32 = 8u;

// Transposed: the four rows that one invocation reads at a step of K are one vector.
var<workgroup> x_tile: array<vec4<f32>, 512>;
var<workgroup> w_tile: array<vec4<f32>, 512>;

fn x4(row: u32, k: u32) -> vec4<f32> {
    if (row >= p.rows || k >= p.inner) {
        return vec4<f32>();
    }
    let at = row * p.inner + k;
    if (k + 4u <= p.inner) {
        return vec4<f32>(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
    }
    var value = vec4<f32>(x[at], 0.0, 0.0, 0.0);
    if (k + 1u < p.inner) { value.y = x[at + 1u]; }
    if (k + 2u < p.inner) { value.z = x[at + 2u]; }
    return value;
}

fn w4(row: u32, k: u32) -> vec4<f32> {
    if (row >= p.columns || k >= p.inner) {
        return vec4<f32>();
    }
    return weight4(row, k, p.inner);
}

@compute @workgroup_size(SIDE, SIDE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let tile = 4u * SIDE;
    let column_tiles = (p.columns + tile - 1u) / tile;
    let linear = p.first_workgroup + group.y * groups.x + group.x;
    let first_row = linear / column_tiles * tile;
    let first_column = linear % column_tiles * tile;

    var sum: array<vec4<f32>, 4>;
    for (var k = 0u; k < p.inner; k += 4u * TILE_K4) {
        // A tile is `tile` rows by TILE_K4 vectors; SIDE*SIDE invocations load it in turns.
        for (var i = index; i < tile * TILE_K4; i += SIDE * SIDE) {
            let row = i / TILE_K4;
            let k4 = i % TILE_K4;
            x_tile[k4 * tile + row] = x4(first_row + row, k + 4u * k4);
            w_tile[k4 * tile + row] = w4(first_column + row, k + 4u * k4);
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
        if (row >= p.rows) {
            continue;
        }
        for (var c = 0u; c < 4u; c++) {
            let column = first_column + local.x + c * SIDE;
            if (column < p.columns) {
                store(row, column, sum[r][c]);
            }
        }
    }
}
