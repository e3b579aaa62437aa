//! `kinora inspect`: what is in a weight file.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::format::{FileSource, TensorFile};

/// Longest metadata text in the table, in characters, and most elements of an array.
const MAX_TEXT: usize = 100;
const MAX_ELEMENTS: usize = 8;

/// Prints metadata and tensors of a GGUF or safetensors file, as a table or as JSON.
///
/// # Errors
/// [`Error::Storage`] when the file cannot be read, [`Error::BadModel`] when it is malformed.
pub fn run(path: &Path, as_json: bool) -> Result<()> {
    let file = pollster::block_on(TensorFile::open(Rc::new(FileSource::open(path)?)))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = if as_json { print_json(&mut out, &file) } else { print_table(&mut out, &file) };
    match printed.and_then(|()| out.flush()) {
        // The reader, such as `head`, has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| Error::Storage(format!("cannot print: {error}"))),
    }
}

fn print_json(out: &mut impl Write, file: &TensorFile) -> io::Result<()> {
    let tensor = |entry: &crate::format::TensorEntry| {
        json!({
            "name": entry.name,
            "type": entry.data_type.name(),
            "shape": entry.shape,
            "offset": entry.offset,
            "bytes": entry.bytes,
        })
    };
    let tensors: Vec<Value> = file.entries.iter().map(tensor).collect();
    let report = json!({ "bytes": file.source.size(), "metadata": file.metadata, "tensors": tensors });
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}

fn print_table(out: &mut impl Write, file: &TensorFile) -> io::Result<()> {
    let name_width = file.entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0).max(4);
    let shapes: Vec<String> = file.entries.iter().map(|entry| format!("{:?}", entry.shape)).collect();
    let shape_width = shapes.iter().map(String::len).max().unwrap_or(0).max(5);
    for (key, value) in &file.metadata {
        writeln!(out, "{key} = {}", shortened(value))?;
    }
    writeln!(out, "{:name_width$}  {:8}  {:shape_width$}  {:>12}", "name", "type", "shape", "bytes")?;
    for (entry, shape) in file.entries.iter().zip(&shapes) {
        let (name, data_type, bytes) = (&entry.name, entry.data_type, entry.bytes);
        writeln!(out, "{name:name_width$}  {data_type:8}  {shape:shape_width$}  {bytes:>12}")?;
    }
    let values: u64 = file.entries.iter().map(|entry| entry.elements() as u64).sum();
    writeln!(out, "{} tensors, {values} values, {} bytes", file.entries.len(), file.source.size())
}

/// A metadata value on one line.
fn shortened(value: &Value) -> String {
    let text = match value {
        Value::Array(values) if values.len() > MAX_ELEMENTS => {
            let first = Value::Array(values[..MAX_ELEMENTS].to_vec()).to_string();
            return format!("{}, … {} in all]", clipped(first.trim_end_matches(']')), values.len());
        }
        value => value.to_string(),
    };
    clipped(&text)
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
