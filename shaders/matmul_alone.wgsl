// A linear layer whose rows are made of whole vectors.

@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;

fn row_at(row: u32) -> Row {
    return Row(i32(row * p.inner));
}

fn x4(base: i32, k: u32) -> vec4<f32> {
    return x[(u32(base) + k) / 4u];
}
