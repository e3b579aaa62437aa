//! `kinora ops`: the op table.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::gpu::{AdapterSummary, Gpu};
use crate::table::{self, OpRow};

#[derive(Serialize)]
struct Report {
    adapter: AdapterSummary,
    rows: Vec<OpRow>,
}

/// Runs the rows of the table that contain `filter` and prints them as they are done, or with `json` an object of
/// `adapter` and `rows` at the end.
///
/// # Errors
/// [`Error::WrongResult`] when a row exceeds its bound, or as [`table::run`].
pub fn run(filter: Option<&str>, json: bool) -> Result<()> {
    pollster::block_on(async {
        let gpu = Gpu::new().await?;
        let adapter = gpu.adapter();
        if !json {
            println!("{} ({})\n", adapter.name, adapter.backend);
            print_heading();
        }
        let rows = table::run(&gpu, filter, |row| {
            if !json {
                print_row(row)
            }
        })
        .await?;
        let failed = rows.iter().filter(|row| !row.ok).count();
        let count = rows.len();
        if json {
            let report = Report { adapter, rows };
            println!("{}", serde_json::to_string_pretty(&report).map_err(|e| Error::Storage(e.to_string()))?);
        } else {
            print_summary(&rows, failed);
        }
        if failed > 0 {
            return Err(Error::WrongResult(format!("{failed} of {count} rows of the op table exceed their bounds.")));
        }
        Ok(())
    })
}

fn print_heading() {
    let (op, variant, shape) = ("op", "variant", "shape");
    println!("{op:<15} {variant:<40} {shape:<36} {:>9} {:>9} {:>10} {:>8}", "error", "bound", "ms", "GFLOP/s");
}

fn print_row(row: &OpRow) {
    let OpRow { op, variant, shape, error, bound, ok, milliseconds, gflops } = row;
    let gflops = gflops.map_or(String::new(), |gflops| format!("{gflops:.2}"));
    let verdict = if *ok { "" } else { "  FAILED" };
    println!(
        "{op:<15} {variant:<40} {shape:<36} {error:>9.1e} {bound:>9.1e} {milliseconds:>10.3} {gflops:>8}{verdict}"
    );
}

fn print_summary(rows: &[OpRow], failed: usize) {
    let worst = rows.iter().max_by(|a, b| a.error.total_cmp(&b.error));
    if let Some(OpRow { op, variant, shape, error, .. }) = worst {
        println!("\nworst error {error:.1e}: {op} {variant} {shape}");
    }
    println!("{} rows, {failed} failed", rows.len());
}
