//! `kinora quantize`: what it writes is read back and compared with the input.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use kinora::command::quantize::run;
use kinora::format::gguf::{Header, PlannedTensor, Value, Writer};
use kinora::format::{DataType, FileSource, TensorEntry, TensorFile};
use kinora::quant::dequantize;
use kinora::table::relative_error;

fn fixture(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(path)
}

fn open(path: &Path) -> TensorFile {
    let source = FileSource::open(path).expect("the file exists");
    pollster::block_on(TensorFile::open(Rc::new(source))).expect("well formed")
}

fn values(file: &TensorFile, entry: &TensorEntry) -> Vec<f32> {
    let mut values = Vec::new();
    let bytes = pollster::block_on(file.read(entry)).expect("in the file");
    dequantize(entry.data_type, &bytes, &mut values).expect("a supported type");
    values
}

/// Quantises a fixture and opens the result.
fn quantised(input: &str, target: DataType, folder: &Path) -> (TensorFile, TensorFile) {
    let output = folder.join("out.gguf");
    run(&fixture(input), &output, target).expect("quantised");
    assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), 1, "nothing but the output is left");
    (open(&fixture(input)), open(&output))
}

#[test]
fn every_tensor_comes_back_within_the_precision_of_its_type() {
    let inputs = [
        ("dit/head64/diffusion_pytorch_model.safetensors", "wan"),
        ("text/head64/model.safetensors", "t5encoder"),
        ("vae/patched/diffusion_pytorch_model.safetensors", "wan_vae"),
        ("quantised/dit-q8_0/dit.gguf", "wan"),
    ];
    for (input, architecture) in inputs {
        for target in [
            DataType::F16,
            DataType::BF16,
            DataType::Q8_0,
            DataType::Q4_0,
            DataType::Q6_K,
            DataType::Q5_K,
            DataType::Q4_K,
        ] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let (before, after) = quantised(input, target, folder.path());
            assert_eq!(after.metadata["general.architecture"], architecture);
            assert_eq!(after.metadata["general.quantization_version"], 2);
            assert!(after.metadata["config"].as_str().expect("the configuration").starts_with('{'));
            assert_eq!(before.entries.len(), after.entries.len());
            let nearest = if target.block_elements() == 256 { DataType::Q8_0 } else { target };
            let used = |data_type| after.entries.iter().any(|entry| entry.data_type == data_type);
            assert!(used(target) || used(nearest), "{input} has {target}");
            for entry in &before.entries {
                let written = after.find(&entry.name).expect("every tensor is written");
                assert_eq!(written.shape, entry.shape, "{}", entry.name);
                let error = relative_error(&values(&after, written), &values(&before, entry));
                let bound = match written.data_type {
                    DataType::F32 => 0.0,
                    DataType::F16 => 5e-4,
                    DataType::BF16 => 4e-3,
                    DataType::Q8_0 => 1e-2,
                    DataType::Q6_K => 3e-2,
                    DataType::Q5_K => 5e-2,
                    DataType::Q4_K => 0.1,
                    DataType::Q4_0 => 0.15,
                    other => panic!("{other} was not asked for"),
                };
                assert!(error <= bound, "{input} {target} {}: {} {error}", entry.name, written.data_type);
            }
        }
    }
}

#[test]
fn rows_of_whole_blocks_become_k_quants() {
    for (target, bound) in [(DataType::Q6_K, 0.02), (DataType::Q5_K, 0.04), (DataType::Q4_K, 0.075)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (before, after) = quantised("gguf/types.gguf", target, folder.path());
        assert!(after.entries.iter().all(|entry| entry.data_type == target));
        let tensor = |file: &TensorFile| values(file, file.find("f32").expect("in the file"));
        let error = relative_error(&tensor(&after), &tensor(&before));
        assert!(error < bound, "{target}: {error}");
    }
}

#[test]
fn tensors_that_matter_much_keep_their_precision() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_, file) = quantised("dit/head64/diffusion_pytorch_model.safetensors", DataType::Q4_0, folder.path());
    let kind = |name: &str| file.find(name).unwrap_or_else(|| panic!("{name} is in the file")).data_type;
    assert_eq!(kind("blocks.0.attn1.to_q.weight"), DataType::Q4_0);
    assert_eq!(kind("blocks.0.ffn.net.2.weight"), DataType::Q4_0);
    assert_eq!(kind("blocks.0.attn1.to_q.bias"), DataType::F32);
    assert_eq!(kind("blocks.0.scale_shift_table"), DataType::F32);
    assert_eq!(kind("blocks.0.attn1.norm_q.weight"), DataType::F32);
    assert_eq!(kind("condition_embedder.time_proj.weight"), DataType::F16);
    assert_eq!(kind("condition_embedder.text_embedder.linear_1.weight"), DataType::F16);
    assert_eq!(kind("patch_embedding.weight"), DataType::F16);
}

#[test]
fn metadata_of_a_gguf_file_is_kept_with_its_types() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("out.gguf");
    run(&fixture("gguf/metadata.gguf"), &output, DataType::Q8_0).expect("quantised");
    let metadata = |path: &Path| {
        let source = FileSource::open(path).expect("the file exists");
        pollster::block_on(Header::read(&source)).expect("well formed").metadata
    };
    let mut expected = metadata(&fixture("gguf/metadata.gguf"));
    expected.insert(1, ("general.quantization_version".to_owned(), Value::U32(2)));
    assert_eq!(metadata(&output), expected);
}

#[test]
fn a_matrix_that_is_read_in_pieces_is_the_matrix() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (input, output) = (folder.path().join("in.gguf"), folder.path().join("out.gguf"));
    let (rows, columns) = (70_001, 64);
    let tensor = PlannedTensor { name: "matrix".to_owned(), data_type: DataType::F32, shape: vec![rows, columns] };
    let numbers: Vec<f32> = (0..rows * columns).map(|i| (i as u32).wrapping_mul(2_654_435_761) as f32).collect();
    let mut writer = Writer::new(std::fs::File::create(&input).expect("created"), &[], &[tensor]).expect("planned");
    writer.write(bytemuck::cast_slice(&numbers)).expect("written");
    writer.end_tensor().expect("complete");
    writer.finish().expect("complete");
    run(&input, &output, DataType::BF16).expect("quantised");
    let file = open(&output);
    let expected: Vec<f32> = numbers.iter().map(|number| half::bf16::from_f32(*number).to_f32()).collect();
    assert!(values(&file, &file.entries[0]) == expected);
}

#[test]
fn what_cannot_be_written_is_refused_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("out.gguf");
    let refused = |input: &Path, target| run(input, &output, target).expect_err("refused").to_string();
    assert!(refused(&fixture("gguf/types.gguf"), DataType::Q2_K).contains("does not write Q2_K"));
    assert!(refused(&fixture("nowhere.gguf"), DataType::Q8_0).contains("cannot be read"));
    let input = folder.path().join("in.safetensors");
    let header = r#"{"w":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]}}"#;
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 4]].concat();
    std::fs::write(&input, bytes).expect("written");
    assert!(refused(&input, DataType::Q8_0).contains("w: "));
    let nan = folder.path().join("nan.gguf");
    let tensor = PlannedTensor { name: "nan".to_owned(), data_type: DataType::F32, shape: vec![64, 32] };
    let mut writer = Writer::new(std::fs::File::create(&nan).expect("created"), &[], &[tensor]).expect("planned");
    writer.write(&[0xff; 64 * 32 * 4]).expect("written");
    writer.end_tensor().expect("complete");
    writer.finish().expect("complete");
    assert!(refused(&nan, DataType::Q8_0).contains("nan: "));
    assert!(!output.exists() && !folder.path().join("out.gguf.part").exists());
}
