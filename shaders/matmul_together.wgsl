// A linear layer on many rows, as a product of matrices.

@group(0) @binding(1) var<storage, read> x: array<f32>;

struct Row {
    base: i32,
}

fn product_size() -> ProductSize {
    return ProductSize(p.rows, p.columns, 1u, p.inner);
}

fn row_at(row: u32) -> Row {
    return Row(select(-1, i32(row * p.inner), row < p.rows));
}

fn base_of(row: Row, segment: u32) -> i32 {
    return row.base;
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
