//! Decoding in tiles: against `tiled_decode` of diffusers, and when it is chosen.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::rc::Rc;

use kinora::command::forward::read_tensors;
use kinora::format::{FileSource, Manifest, TensorFile};
use kinora::gpu::{Budget, Cancel, Gpu};
use kinora::plan::{ClipSize, Planner};
use kinora::vae::{Decoder, LatentVideo, Tiling, VaeConfig, channels_last, names};
use kinora::weights::Weights;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures")
}

async fn decoder(gpu: &Rc<Gpu>, directory: &Path) -> Decoder {
    let config = std::fs::read(directory.join("config.json")).unwrap();
    let config = VaeConfig::from_json(&serde_json::from_slice(&config).unwrap()).unwrap();
    let source = FileSource::open(directory.join("diffusion_pytorch_model.safetensors")).unwrap();
    let files = vec![TensorFile::open(Rc::new(source)).await.unwrap()];
    let canonical = |name: &str| names::canonical(name, config.num_res_blocks);
    Decoder::load(&Weights::new(gpu, files, canonical, Rc::new(|_| {})), &config).await.unwrap()
}

#[test]
fn tiles_equal_diffusers() {
    let directory = fixtures().join("vae/plain");
    let latent = &read_tensors(&directory.join("tiled-input.safetensors")).unwrap()["latent"];
    let expected = &read_tensors(&directory.join("tiled-expected.safetensors")).unwrap()["video"];
    let &[_, frames, height, width] = &expected.shape[..] else { panic!("no video") };
    let video = pollster::block_on(async {
        let gpu = Gpu::new().await.expect("install a Vulkan driver: apt-get install mesa-vulkan-drivers");
        let values = channels_last(&latent.values, latent.shape[0]);
        let latent = LatentVideo { values: &values, size: [6, 9], normalised: false };
        let mut heard = Vec::new();
        let decoder = decoder(&gpu, &directory).await;
        let progress = |done, total| heard.push((done, total));
        let tiling = Tiling { side: 4, stride: 3 };
        let video = decoder.decode_in_tiles(&gpu, &latent, tiling, progress, &Cancel::default()).await.unwrap();
        assert_eq!(heard, (1..=18).map(|done| (done, 18)).collect::<Vec<_>>(), "six tiles of three latent frames");
        video
    });
    assert_eq!((video.frames().count(), video.height, video.width), (frames, height, width));
    let pixels = channels_last(&expected.values, 3);
    for (number, (found, expected)) in video.data.chunks_exact(4).zip(pixels.chunks_exact(3)).enumerate() {
        assert_eq!(found[3], 255, "pixel {number} is not opaque");
        for (found, expected) in found.iter().zip(expected) {
            let expected = (expected + 1.0) * 127.5;
            assert!((f32::from(*found) - expected).abs() <= 0.6, "pixel {number}: {found} instead of {expected}");
        }
    }
}

#[test]
fn tiles_are_for_devices_without_the_memory_for_whole_frames() {
    let planner = Planner::new(&Manifest::from_directory(fixtures().join("pipeline/model")).unwrap()).unwrap();
    let size = ClipSize { width: 832, height: 480, frames: 9 };
    let large = Some(Tiling { side: 32, stride: 24 });
    let small = Some(Tiling { side: 16, stride: 12 });
    let plenty = Budget { bytes: 1 << 40, tensor_bytes: 1 << 40 };
    assert_eq!(planner.ways_to_decode(size, plenty).unwrap(), [None, large, small]);
    let whole = planner.plan(size, plenty).unwrap().bytes;

    let scarce = Budget { bytes: whole - 1, ..plenty };
    let plan = planner.plan(size, scarce).unwrap();
    assert!(plan.fits && plan.bytes < whole, "{plan:?}");
    assert_eq!(planner.ways_to_decode(size, scarce).unwrap(), [large, small]);
    // The largest tensor of whole frames is one of the decoder's.
    let in_pieces = Budget { tensor_bytes: 4 * 832 * 480 * 8 - 1, ..plenty };
    assert_eq!(planner.ways_to_decode(size, in_pieces).unwrap()[0], large);

    let none = Budget { bytes: 1000, ..plenty };
    assert!(!planner.plan(size, none).unwrap().fits);
    assert_eq!(planner.ways_to_decode(size, none).unwrap(), [small]);
    let within_a_tile = ClipSize { width: 128, height: 64, frames: 9 };
    assert_eq!(planner.ways_to_decode(within_a_tile, none).unwrap(), [None]);
}
