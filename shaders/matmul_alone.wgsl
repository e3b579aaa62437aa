// A linear layer of whole vectors, as a product of matrices.

@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;

struct Row {
    base: i32,
}

fn product_size() -> ProductSize {
    return ProductSize(p.rows, p.columns, 1u, p.inner);
}

fn row_at(row: u32) -> Row {
    return Row(i32(row * p.inner));
}

fn base_of(row: Row, segment: u32) -> i32 {
    return row.base;
}

fn x4(base: i32, k: u32) -> vec4<f32> {
    return x[(u32(base) + k) / 4u];
}
