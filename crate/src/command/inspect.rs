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

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> TensorFile {
        let path = format!("{}/../tests/fixtures/gguf/shapes.gguf", env!("CARGO_MANIFEST_DIR"));
        let source = FileSource::open(path).expect("the fixture exists");
        pollster::block_on(TensorFile::open(Rc::new(source))).expect("well formed")
    }

    fn printed(print: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        print(&mut out).expect("printed");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn the_table_names_every_tensor_with_type_and_shape() {
        let file = fixture();
        let table = printed(|out| print_table(out, &file));
        for entry in &file.entries {
            let row = table.lines().find(|line| line.starts_with(&format!("{} ", entry.name))).expect("a row");
            assert!(row.contains(entry.data_type.name()) && row.contains(&format!("{:?}", entry.shape)), "{row}");
        }
        assert!(table.contains("general.architecture = \"wan_vae\""));
        assert!(table.ends_with(&format!("{} bytes\n", file.source.size())));
    }

    #[test]
    fn the_json_says_the_same() {
        let file = fixture();
        let report: Value = serde_json::from_str(&printed(|out| print_json(out, &file))).expect("JSON");
        assert_eq!(report["metadata"]["general.architecture"], "wan_vae");
        let tensors = report["tensors"].as_array().expect("a list");
        assert_eq!(tensors.len(), file.entries.len());
        for (tensor, entry) in tensors.iter().zip(&file.entries) {
            assert_eq!(tensor["name"], entry.name);
            assert_eq!(tensor["shape"], json!(entry.shape));
            assert_eq!(tensor["bytes"], entry.bytes);
        }
    }

    #[test]
    fn long_metadata_is_shortened() {
        let numbers: Vec<u32> = (0..1000).collect();
        assert_eq!(shortened(&json!(numbers)), "[0,1,2,3,4,5,6,7, … 1000 in all]");
        assert_eq!(shortened(&json!([1, 2])), "[1,2]");
        assert_eq!(shortened(&json!("é".repeat(500))).chars().count(), MAX_TEXT + 1);
    }
}
