// A linear layer on many rows, as a product of matrices. Prepended to its two forms.

struct Row {
    base: i32,
}

fn product_size() -> ProductSize {
    return ProductSize(p.rows, p.columns, 1u, p.inner);
}

fn base_of(row: Row, segment: u32) -> i32 {
    return row.base;
}
