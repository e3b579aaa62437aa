// Where the tiles of a linear layer come from.

@group(0) @binding(1) var<storage, read> x: array<f32>;

fn row_at(row: u32) -> Row {
    return Row(select(-1, i32(row * p.inner), row < p.rows));
}

fn x4(row: Row, base: i32, k: u32) -> vec4<f32> {
    if (base < 0) {
        return vec4<f32>();
    }
    let at = u32(base) + k;
    if (k + 4u <= p.inner) {
        return vec4<f32>(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
    }
    var value = vec4<f32>(x[at], 0.0, 0.0, 0.0);
    if (k + 1u < p.inner) { value.y = x[at + 1u]; }
    if (k + 2u < p.inner) { value.z = x[at + 2u]; }
    return value;
}
