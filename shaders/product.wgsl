// What a matrix product is made of. Prepended to product_together.wgsl and product_alone.wgsl.

// The inner dimension is made of segments; within one, neighbours of a row lie next to each other in memory.
struct ProductSize {
    rows: u32,
    columns: u32,
    segments: u32,
    inner: u32,
}

