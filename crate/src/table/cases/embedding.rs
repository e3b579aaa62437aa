//! Rows of a table.

use super::{FORMATS, shape_text};
use crate::error::Result;
use crate::format::DataType;
use crate::ops::embedding;
use crate::table::bench::Bench;
use crate::table::case::{Case, Check};
use crate::table::reference;

pub(super) fn cases() -> Vec<Case> {
    let shapes = |format: DataType| match format.block_elements() {
        1 => [[1, 1, 1], [7, 5, 33], [100, 300, 514]],
        32 => [[1, 1, 32], [7, 5, 96], [100, 300, 512]],
        _ => [[1, 1, 256], [7, 5, 768], [100, 300, 512]],
    };
    FORMATS.into_iter().flat_map(|format| shapes(format).map(|shape| case(format, shape))).collect()
}

/// Shape: tokens, rows of the table, columns.
fn case(format: DataType, shape: [usize; 3]) -> Case {
    let [tokens, rows, columns] = shape;
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let (table, values) = bench.weight(format, rows, columns)?;
        let numbers = bench.numbers(tokens, rows)?;
        let ids = bench.words(&numbers)?;
        bench.poison(tokens * columns)?;
        let out = embedding(&mut bench.recorder, &ids, tokens, &table)?;
        Ok(Check::values(out, reference::embedding(&values, columns, &numbers)))
    };
    Case::new("embedding", format.name(), shape_text(&shape), prepare).exact()
}
