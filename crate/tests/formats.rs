//! Reading of weight files and block formats, compared with files that the `gguf` and `safetensors` packages wrote.

use std::path::PathBuf;
use std::rc::Rc;

use kinora::error::{Error, Result};
use kinora::format::{DataType, FileSource, MemorySource, TensorEntry, TensorFile};
use kinora::quant::{PackedFormat, PackedRows, dequantize, pack_rows, packed_words, quantize, unpack};
use kinora::table::relative_error;

fn fixture(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(path)
}

fn open(path: &str) -> TensorFile {
    let source = FileSource::open(fixture(path)).expect("the fixture exists");
    pollster::block_on(TensorFile::open(Rc::new(source))).expect("the fixture is well formed")
}

fn open_bytes(bytes: Vec<u8>) -> Result<TensorFile> {
    pollster::block_on(TensorFile::open(Rc::new(MemorySource(bytes))))
}

fn stored(file: &TensorFile, entry: &TensorEntry) -> Vec<u8> {
    pollster::block_on(file.read(entry)).expect("the tensor is in the file")
}

fn values(file: &TensorFile, name: &str) -> Vec<f32> {
    let entry = file.find(name).unwrap_or_else(|| panic!("{name} is in the file"));
    let mut values = Vec::new();
    dequantize(entry.data_type, &stored(file, entry), &mut values).expect("a supported type");
    assert_eq!(values.len(), entry.elements());
    values
}

#[test]
fn every_tensor_type_decodes_to_the_values_of_gguf() {
    let (file, expected) = (open("gguf/types.gguf"), open("gguf/types.safetensors"));
    assert_eq!(file.entries.len(), 13);
    for entry in &file.entries {
        assert_eq!(entry.data_type, entry.name.parse().expect("tensors are named after their types"));
        assert_eq!(entry.shape, expected.find(&entry.name).expect("in both files").shape);
        assert_eq!(values(&file, &entry.name), values(&expected, &entry.name), "{}", entry.name);
    }
}

#[test]
fn tensors_of_one_to_five_dimensions_have_their_shapes_and_values() {
    let (file, expected) = (open("gguf/shapes.gguf"), open("gguf/shapes.safetensors"));
    assert_eq!(file.entries.len(), expected.entries.len());
    for entry in &file.entries {
        assert_eq!(entry.shape, expected.find(&entry.name).expect("in both files").shape, "{}", entry.name);
        assert_eq!(values(&file, &entry.name), values(&expected, &entry.name), "{}", entry.name);
    }
}

#[test]
fn metadata_of_every_kind_is_read() {
    let file = open("gguf/metadata.gguf");
    let expected = std::fs::read_to_string(fixture("gguf/metadata.json")).expect("the fixture exists");
    let expected: serde_json::Value = serde_json::from_str(&expected).expect("JSON");
    for (key, expected) in expected.as_object().expect("an object") {
        assert_eq!(file.metadata.get(key), expected.get("value"), "{key}");
    }
}

#[test]
fn the_quantiser_writes_the_bytes_of_gguf() {
    let file = open("gguf/quantise.safetensors");
    for matrix in ["normal", "edges"] {
        for data_type in [DataType::Q8_0, DataType::Q4_0, DataType::F16, DataType::BF16] {
            let name = format!("{matrix}.{}", data_type.name().to_lowercase());
            let expected = stored(&file, file.find(&name).expect("in the fixture"));
            assert_eq!(quantize(data_type, &values(&file, matrix)).expect("whole blocks"), expected, "{name}");
        }
    }
}

#[test]
fn k_quants_are_closer_to_the_weights_than_the_plain_blocks_of_their_size() {
    let weights = normal_values(64 * 256);
    let error = |data_type| {
        let bytes = quantize(data_type, &weights).expect("whole blocks");
        let mut decoded = Vec::new();
        dequantize(data_type, &bytes, &mut decoded).expect("whole blocks");
        relative_error(&decoded, &weights)
    };
    let errors = [DataType::Q8_0, DataType::Q6_K, DataType::Q5_K, DataType::Q4_K, DataType::Q4_0].map(error);
    assert!(errors.is_sorted_by(|finer, coarser| finer < coarser), "{errors:?}");
    let [_, q6_k, q5_k, q4_k, _] = errors;
    assert!(q6_k < 0.02 && q5_k < 0.04 && q4_k < 0.075, "{errors:?}");
}

#[test]
fn k_quants_keep_constant_and_one_sided_blocks() {
    for block in [[0.0; 256], [0.75; 256], [-0.75; 256], std::array::from_fn(|i| i as f32 + 1000.0)] {
        for data_type in [DataType::Q4_K, DataType::Q5_K, DataType::Q6_K] {
            let mut decoded = Vec::new();
            let bytes = quantize(data_type, &block).expect("a whole block");
            dequantize(data_type, &bytes, &mut decoded).expect("a whole block");
            let error = relative_error(&decoded, &block);
            assert!(error < 0.04, "{data_type} of {}…: {error}", block[0]);
        }
    }
}

#[test]
fn values_without_a_stored_form_are_refused() {
    assert!(matches!(quantize(DataType::F16, &[1e6]), Err(Error::BadInput(_))));
    assert!(matches!(quantize(DataType::Q8_0, &[f32::NAN; 32]), Err(Error::BadInput(_))));
    assert!(matches!(quantize(DataType::Q8_0, &[0.0; 31]), Err(Error::BadInput(_))));
    assert!(matches!(quantize(DataType::Q2_K, &[0.0; 256]), Err(Error::BadInput(_))));
}

#[test]
fn packed_rows_mean_the_same_values() {
    let file = open("gguf/types.gguf");
    for entry in &file.entries {
        let format = PackedFormat::of(entry.data_type);
        let packed = pack_rows(entry.data_type, &stored(&file, entry), 512).expect("whole rows");
        assert_eq!((packed.data.len(), packed.scales.len()), packed_words(format, 3, 512));
        let (unpacked, stored) = (unpack(format, &packed, 3, 512), values(&file, &entry.name));
        if entry.data_type.block_elements() == 256 && format != PackedFormat::F32 {
            // Products of two scales are rounded to 11 bits.
            let error = relative_error(&unpacked, &stored);
            assert!(error > 0.0 && error < 5e-4, "{}: {error}", entry.name);
        } else {
            assert_eq!(unpacked, stored, "{}", entry.name);
        }
    }
}

#[test]
fn rows_packed_in_runs_are_the_matrix_packed_at_once() {
    for (data_type, columns, run) in [
        (DataType::Q8_0, 96, 2),
        (DataType::Q4_0, 96, 4),
        (DataType::F16, 7, 1),
        (DataType::Q4_K, 256, 1),
        (DataType::Q5_K, 512, 3),
        (DataType::Q6_K, 256, 1),
    ] {
        let bytes = quantize(data_type, &normal_values(9 * columns)).expect("whole blocks");
        let row_bytes = bytes.len() / 9;
        let mut appended = PackedRows::default();
        for rows in bytes.chunks(run * row_bytes) {
            let packed = pack_rows(data_type, rows, columns).expect("whole rows");
            appended.data.extend(packed.data);
            appended.scales.extend(packed.scales);
        }
        assert_eq!(appended, pack_rows(data_type, &bytes, columns).expect("whole rows"), "{data_type}");
    }
}

#[test]
fn odd_columns_are_padded_with_zeros() {
    for data_type in [DataType::F32, DataType::F16, DataType::BF16] {
        for columns in [1, 2, 3, 5, 6, 8] {
            let bytes = quantize(data_type, &normal_values(3 * columns)).expect("plain values");
            let mut expected = Vec::new();
            dequantize(data_type, &bytes, &mut expected).expect("plain values");
            let format = PackedFormat::of(data_type);
            let packed = pack_rows(data_type, &bytes, columns).expect("whole rows");
            assert_eq!(packed.data.len(), packed_words(format, 3, columns).0);
            assert_eq!(unpack(format, &packed, 3, columns), expected);
            let padded = columns.next_multiple_of(4);
            let padded_values = unpack(format, &packed, 3, padded);
            assert!(padded_values.chunks(padded).all(|row| row[columns..].iter().all(|value| *value == 0.0)));
        }
    }
}

#[test]
fn rows_are_read_by_range() {
    let file = open("gguf/shapes.gguf");
    for entry in &file.entries {
        let all = stored(&file, entry);
        let read = |first, rows| pollster::block_on(file.read_rows(entry, first, rows));
        let row_bytes = all.len() / entry.rows();
        for row in 0..entry.rows() {
            assert_eq!(read(row, 1).expect("in the tensor"), all[row * row_bytes..][..row_bytes], "{}", entry.name);
        }
        assert!(matches!(read(entry.rows(), 1), Err(Error::BadInput(_))));
        assert!(matches!(read(1, usize::MAX), Err(Error::BadInput(_))));
    }
}

#[test]
fn files_of_other_kinds_are_refused_with_a_reason() {
    let gguf = std::fs::read(fixture("gguf/types.gguf")).expect("the fixture exists");
    let with_version = |version: [u8; 4]| [&gguf[..4], &version, &gguf[8..]].concat();
    for (bytes, reason) in [
        (with_version([1, 0, 0, 0]), "version 1"),
        (with_version([0, 0, 0, 3]), "big-endian"),
        (with_version([4, 0, 0, 0]), "version 4"),
        (gguf[..gguf.len() - 40].to_vec(), "download it again"),
        (gguf[..200].to_vec(), "download it again"),
        (b"PK\x03\x04 a zip archive of some kind".to_vec(), "PyTorch archive"),
        (b"<!DOCTYPE html><title>Not found</title>".to_vec(), "neither a GGUF nor a safetensors file"),
        (Vec::new(), "empty"),
    ] {
        match open_bytes(bytes) {
            Err(Error::BadModel(message)) => assert!(message.contains(reason), "{message}"),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("a file that should be refused for: {reason}"),
        }
    }
}

#[test]
fn a_type_that_is_not_supported_fails_only_when_it_is_used() {
    let header = r#"{"w":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]}}"#;
    let file = open_bytes(safetensors_file(header, 4)).expect("well formed");
    let result = dequantize(file.entries[0].data_type, &[0; 4], &mut Vec::new());
    assert!(result.is_err_and(|error| error.to_string().contains("F8_E4M3 are not supported yet")));
}

#[test]
fn a_safetensors_header_must_describe_every_byte_once() {
    let tensor = |start, end| format!(r#"{{"dtype":"U8","shape":[4],"data_offsets":[{start},{end}]}}"#);
    for (header, accepted) in [
        (format!(r#"{{"a":{},"b":{}}}"#, tensor(0, 4), tensor(4, 8)), true),
        (format!(r#"{{"__metadata__":{{"k":"v"}},"a":{},"b":{}}}   "#, tensor(4, 8), tensor(0, 4)), true),
        (format!(r#"{{"a":{},"b":{}}}"#, tensor(0, 4), tensor(0, 4)), false),
        (format!(r#"{{"a":{},"b":{}}}"#, tensor(0, 4), tensor(2, 6)), false),
        (format!(r#"{{"a":{}}}"#, tensor(4, 8)), false),
        (format!(r#"{{"a":{}}}"#, tensor(0, 4)), false),
        (format!(r#"{{"a":{},"b":{}}}"#, tensor(0, 4), tensor(8, 12)), false),
        (format!(r#"{{"a":{}}}"#, tensor(0, 5)), false),
    ] {
        let bytes = safetensors_file(&header, 8);
        assert_eq!(open_bytes(bytes.clone()).is_ok(), accepted, "{header}");
        assert_eq!(safetensors::SafeTensors::deserialize(&bytes).is_ok(), accepted, "{header}");
    }
}

#[test]
fn a_tensor_that_occurs_twice_is_refused() {
    let header =
        r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#;
    assert!(open_bytes(safetensors_file(header, 8)).is_err_and(|error| error.to_string().contains("occurs twice")));
}

fn safetensors_file(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![7; data]].concat()
}

fn normal_values(count: usize) -> Vec<f32> {
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    let mut generator = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    (0..count).map(|_| StandardNormal.sample(&mut generator)).collect()
}
