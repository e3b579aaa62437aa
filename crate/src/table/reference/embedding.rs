//! Rows of a table.

/// `table[ids]`
pub(in crate::table) fn embedding(table: &[f32], columns: usize, ids: &[u32]) -> Vec<f64> {
    let row = |&id: &u32| &table[id as usize * columns..(id as usize + 1) * columns];
    ids.iter().flat_map(row).copied().map(f64::from).collect()
}
