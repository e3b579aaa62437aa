//! `kinora quantize`: a GGUF file of smaller weights.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value as Json;

use super::output::{cannot_write, write_whole};
use crate::error::{Error, Result};
use crate::format::gguf::{self, Array, PlannedTensor, Value, Writer};
use crate::format::{ByteSource, DataType, FileSource, TensorEntry, TensorFile};
use crate::quant::{dequantize, quantize};
use crate::{dit, text, vae};

/// Values that are in memory at once.
const CHUNK_VALUES: usize = 4 << 20;

/// Tensors of at most this many values stay as they are: they cost nothing and matter much.
const SMALL: usize = 1024;

/// Reads a safetensors or GGUF file and writes a GGUF file whose matrices and convolutions have the type `target`.
/// Vectors, small tensors and modulation are written as F32; embeddings of time and image, the embedding of text in the
/// transformer, patch embedding and head, and rows that are no whole number of blocks as F16 or BF16. Weights pass
/// through memory in pieces.
///
/// # Errors
/// [`Error::Storage`] when a file cannot be read or written, [`Error::BadModel`] when the input is malformed,
/// [`Error::BadInput`] when Kinora does not write the type.
pub fn run(input: &Path, output: &Path, target: DataType) -> Result<()> {
    quantize(target, &[])?;
    let source: Rc<dyn ByteSource> = Rc::new(FileSource::open(input)?);
    let file = pollster::block_on(TensorFile::open(Rc::clone(&source)))?;
    let architecture = architecture(&file);
    let plans = file.entries.iter().map(|entry| plan(entry, architecture.as_deref(), target));
    let plan = plans.collect::<Result<Vec<PlannedTensor>>>()?;
    let mut metadata = pollster::block_on(kept_metadata(&file, input))?;
    add_own_metadata(&mut metadata, architecture, &file, &plan);
    write_whole(output, |out| write(&file, &plan, &metadata, output, out))
}

/// What the file is, in the words of `general.architecture`: what it says itself, or what its names give away.
fn architecture(file: &TensorFile) -> Option<String> {
    if let Some(architecture) = file.metadata.get("general.architecture").and_then(Json::as_str) {
        return Some(architecture.to_owned());
    }
    let any = |canonical: &dyn Fn(&str) -> String, name: &str| {
        file.entries.iter().any(|entry| canonical(&entry.name) == name)
    };
    if any(&dit::names::canonical, "condition_embedder.time_proj.weight") {
        Some("wan".to_owned())
    } else if any(&|name| vae::names::canonical(name, 2), "decoder.conv_in.weight") {
        Some("wan_vae".to_owned())
    } else if any(&|name| text::names::canonical(name, true), "shared.weight") {
        Some("t5encoder".to_owned())
    } else {
        None
    }
}

/// The type and stored shape of a tensor.
fn plan(entry: &TensorEntry, architecture: Option<&str>, target: DataType) -> Result<PlannedTensor> {
    let is_weight = !matches!(entry.data_type, DataType::I8 | DataType::I16 | DataType::I32 | DataType::I64);
    if is_weight {
        dequantize(entry.data_type, &[], &mut Vec::new())
            .map_err(|error| Error::bad_model(format!("{}: {error}", entry.name)))?;
    }
    let data_type = if !is_weight {
        entry.data_type
    } else if entry.shape.len() < 2 || entry.elements() <= SMALL || is_modulation(&entry.name) {
        DataType::F32
    } else if is_sensitive(&entry.name, architecture) {
        unquantised(entry.data_type)
    } else {
        fitting(target, entry)
    };
    let is_reshaped = data_type.block_elements() > 1 && entry.shape.len() > 2;
    let shape = if is_reshaped { vec![entry.rows(), entry.row_elements()] } else { entry.shape.clone() };
    Ok(PlannedTensor { name: entry.name.clone(), data_type, shape })
}

fn is_modulation(name: &str) -> bool {
    name.ends_with("modulation") || name.ends_with("scale_shift_table")
}

/// Whether quantising this matrix costs more than it saves, by the rules of ComfyUI-GGUF.
fn is_sensitive(name: &str, architecture: Option<&str>) -> bool {
    match architecture {
        Some("wan") => {
            let name = dit::names::canonical(name);
            ["condition_embedder.", "patch_embedding.", "vace_patch_embedding.", "proj_out."]
                .iter()
                .any(|start| name.starts_with(start))
        }
        Some("t5encoder") => text::names::canonical(name, true).contains("relative_attention_bias"),
        _ => false,
    }
}

fn unquantised(stored: DataType) -> DataType {
    if stored == DataType::BF16 { DataType::BF16 } else { DataType::F16 }
}

/// The target type, or the nearest that rows of this length can have.
fn fitting(target: DataType, entry: &TensorEntry) -> DataType {
    let columns = entry.row_elements() as u64;
    let larger = if target.block_elements() > 32 { DataType::Q8_0 } else { target };
    [target, larger]
        .into_iter()
        .find(|data_type| data_type.bytes_of(columns).is_some())
        .unwrap_or_else(|| unquantised(entry.data_type))
}

/// The input's metadata, and the configuration that lies beside it.
async fn kept_metadata(file: &TensorFile, input: &Path) -> Result<Vec<(String, Value)>> {
    let mut metadata: Vec<(String, Value)> = if file.source.read(0, 4).await? == gguf::MAGIC {
        gguf::Header::read(file.source.as_ref()).await?.metadata
    } else {
        let texts = file.metadata.iter().filter(|(key, _)| *key != "format");
        texts.filter_map(|(key, value)| Some((key.clone(), Value::String(value.as_str()?.to_owned())))).collect()
    };
    let replaced = ["general.architecture", "general.quantization_version", "general.alignment", "general.file_type"];
    metadata.retain(|(key, _)| !replaced.contains(&key.as_str()) && !key.starts_with(gguf::ORIGINAL_SHAPE));
    let beside = input.with_file_name("config.json");
    if !metadata.iter().any(|(key, _)| key == "config") && beside.is_file() {
        let config = fs::read_to_string(&beside);
        let config = config.map_err(|e| Error::Storage(format!("{} cannot be read: {e}", beside.display())))?;
        metadata.push(("config".to_owned(), Value::String(config)));
    }
    Ok(metadata)
}

fn add_own_metadata(
    metadata: &mut Vec<(String, Value)>,
    architecture: Option<String>,
    file: &TensorFile,
    plan: &[PlannedTensor],
) {
    let architecture = architecture.unwrap_or_else(|| "unknown".to_owned());
    metadata.insert(0, ("general.architecture".to_owned(), Value::String(architecture)));
    metadata.insert(1, ("general.quantization_version".to_owned(), Value::U32(2)));
    for (entry, planned) in file.entries.iter().zip(plan) {
        if planned.shape != entry.shape {
            let shape = entry.shape.iter().map(|dimension| *dimension as i32).collect();
            metadata.push((format!("{}{}", gguf::ORIGINAL_SHAPE, entry.name), Value::Array(Array::I32(shape))));
        }
    }
}

/// Writes to `out`, which is for `path`.
fn write(
    file: &TensorFile,
    plan: &[PlannedTensor],
    metadata: &[(String, Value)],
    path: &Path,
    out: impl Write,
) -> Result<()> {
    let failed = |error: io::Error| cannot_write(path, error);
    let mut writer = Writer::new(out, metadata, plan).map_err(failed)?;
    let progress = progress_bar(file.entries.iter().map(|entry| entry.bytes).sum());
    for (entry, planned) in file.entries.iter().zip(plan) {
        progress.set_message(entry.name.clone());
        let row_elements = entry.row_elements().max(1);
        let chunk_rows = (CHUNK_VALUES / row_elements).max(1);
        for first in (0..entry.rows()).step_by(chunk_rows) {
            let rows = chunk_rows.min(entry.rows() - first);
            let stored = pollster::block_on(file.read_rows(entry, first, rows))?;
            let bytes = converted(entry, planned.data_type, &stored);
            let bytes = bytes.map_err(|error| Error::bad_input(format!("{}: {error}", entry.name)))?;
            writer.write(&bytes).map_err(failed)?;
            progress.inc(stored.len() as u64);
        }
        writer.end_tensor().map_err(failed)?;
    }
    progress.finish_and_clear();
    writer.finish().map_err(failed)?;
    Ok(())
}

fn progress_bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {eta} left  {wide_msg}");
    let bar = ProgressBar::new(bytes);
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
}

/// Stored values in another type; those that keep theirs byte for byte.
fn converted(entry: &TensorEntry, data_type: DataType, stored: &[u8]) -> Result<Vec<u8>> {
    if data_type == entry.data_type {
        return Ok(stored.to_vec());
    }
    let mut values = Vec::new();
    dequantize(entry.data_type, stored, &mut values)?;
    quantize(data_type, &values)
}
