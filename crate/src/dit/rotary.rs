//! Rotary position embedding over frames, rows and columns (`WanRotaryPosEmbed`).

const THETA: f64 = 10000.0;

/// Cosine and sine of every pair of a head for every token of a grid, [tokens, head_dim / 2, 2]; the last axis of the
/// grid is the fastest.
pub(super) fn rotary_table(head_dim: usize, grid: [usize; 3]) -> Vec<f32> {
    let spatial = 2 * (head_dim / 6);
    let dims = [head_dim - 2 * spatial, spatial, spatial];
    let axes: Vec<Vec<f32>> = (0..3).map(|axis| axis_table(dims[axis], grid[axis])).collect();
    let mut table = Vec::with_capacity(grid.iter().product::<usize>() * head_dim);
    for frame in 0..grid[0] {
        for row in 0..grid[1] {
            for column in 0..grid[2] {
                for (axis, position) in [frame, row, column].into_iter().enumerate() {
                    table.extend_from_slice(&axes[axis][position * dims[axis]..(position + 1) * dims[axis]]);
                }
            }
        }
    }
    table
}

/// [positions, dim / 2, 2]
fn axis_table(dim: usize, positions: usize) -> Vec<f32> {
    let pairs = (0..positions).flat_map(|position| (0..dim / 2).map(move |i| (position, i)));
    pairs
        .flat_map(|(position, i)| {
            let angle = position as f64 * THETA.powf(-(2.0 * i as f64) / dim as f64);
            [angle.cos() as f32, angle.sin() as f32]
        })
        .collect()
}
