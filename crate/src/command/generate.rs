//! `kinora generate`: a prompt becomes a video file or a folder of pictures.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::{cannot_write, require_writable, write_whole};
use crate::error::Result;
use crate::format::{ByteSource, FileSource, Manifest};
use crate::generate::{Events, Frame, Phase, Request, generate};
use crate::gpu::{Cancel, Gpu};
use crate::model::Model;
use crate::preview::Preview;
use crate::sampler::SamplerKind;

/// What to make and where to put it; what is left out has the model's default.
#[derive(Debug, clap::Args)]
pub struct GenerateOptions {
    /// Folder of the model: model.json, or diffusers' model_index.json
    #[arg(long)]
    pub model: PathBuf,
    /// What the clip should show
    #[arg(long)]
    pub prompt: String,
    /// What the clip should not show
    #[arg(long)]
    pub negative: Option<String>,
    /// Width in pixels
    #[arg(long)]
    pub width: Option<usize>,
    /// Height in pixels
    #[arg(long)]
    pub height: Option<usize>,
    /// Number of frames
    #[arg(long)]
    pub frames: Option<usize>,
    /// Frames per second
    #[arg(long)]
    pub fps: Option<f64>,
    /// Denoising steps
    #[arg(long)]
    pub steps: Option<usize>,
    /// Scale of classifier-free guidance; 1 is none
    #[arg(long)]
    pub guidance: Option<f32>,
    /// Shift of the noise schedule; 1 is none
    #[arg(long)]
    pub shift: Option<f64>,
    /// Sampler
    #[arg(long, value_enum)]
    pub sampler: Option<SamplerKind>,
    /// Seed of the noise
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// A file ending in .y4m, or a folder for PNG pictures
    #[arg(long)]
    pub out: PathBuf,
}

/// Makes the clip, if what it becomes can be written.
///
/// # Errors
/// When the model cannot be read, the clip cannot be made, or the file cannot be written.
pub fn run(options: &GenerateOptions) -> Result<()> {
    let manifest = Manifest::from_directory(&options.model)?;
    let request = request(options, &manifest)?;
    manifest.require_frame_rate(request.fps)?;
    if is_video(&options.out) {
        require_writable(&options.out)?;
    } else {
        std::fs::create_dir_all(&options.out).map_err(|error| cannot_write(&options.out, error))?;
        require_writable(&picture_path(&options.out, 0))?;
    }
    let mut events = Collector { frames: Vec::new(), bar: None, phase: None };
    pollster::block_on(async {
        let gpu = Gpu::new().await?;
        let adapter = gpu.adapter();
        eprintln!("{} ({})", adapter.name, adapter.backend);
        let sources = sources(&options.model, &manifest)?;
        let model = Model::open(&gpu, manifest, sources, Rc::new(|_, _| {})).await?;
        generate(&model, &request, None, &mut events, &Cancel::default()).await
    })?;
    if let Some(bar) = events.bar.take() {
        bar.finish();
    }
    if is_video(&options.out) {
        write_video(&options.out, &events.frames, request.fps)
    } else {
        write_pictures(&options.out, &events.frames)
    }
}

fn is_video(out: &Path) -> bool {
    out.extension().is_some_and(|kind| kind == "y4m")
}

/// The files of a model in a folder.
///
/// # Errors
/// [`crate::Error::Storage`] when one cannot be opened.
pub fn sources(directory: &Path, manifest: &Manifest) -> Result<HashMap<String, Rc<dyn ByteSource>>> {
    let open = |path: &String| -> Result<(String, Rc<dyn ByteSource>)> {
        Ok((path.clone(), Rc::new(FileSource::open(directory.join(path))?)))
    };
    manifest.files.iter().map(|file| open(&file.path)).collect()
}

fn request(options: &GenerateOptions, manifest: &Manifest) -> Result<Request> {
    let (size, frames) = manifest.default_clip()?;
    let defaults = &manifest.sampler;
    Ok(Request {
        prompt: options.prompt.clone(),
        negative_prompt: options.negative.clone().unwrap_or_else(|| defaults.negative_prompt.clone()),
        width: options.width.unwrap_or(size.width),
        height: options.height.unwrap_or(size.height),
        frames: options.frames.unwrap_or(frames),
        fps: options.fps.unwrap_or(manifest.fps),
        steps: options.steps.unwrap_or(defaults.steps),
        guidance: options.guidance.unwrap_or(defaults.guidance),
        shift: options.shift.unwrap_or(f64::from(defaults.shift)),
        sampler: match options.sampler {
            Some(sampler) => sampler,
            None => SamplerKind::from_name(&defaults.name)?,
        },
        seed: options.seed,
    })
}

struct Collector {
    frames: Vec<Frame>,
    bar: Option<ProgressBar>,
    phase: Option<Phase>,
}

impl Events for Collector {
    fn progress(&mut self, phase: Phase, done: usize, total: usize) {
        if self.phase != Some(phase) {
            if let Some(bar) = self.bar.take() {
                bar.finish();
            }
            let bar = ProgressBar::new(total as u64);
            if let Ok(style) = ProgressStyle::with_template("{msg:>8} {bar:40} {pos}/{len} {eta}") {
                bar.set_style(style);
            }
            bar.set_message(match phase {
                Phase::Text => "text",
                Phase::Denoise => "denoise",
                Phase::Decode => "decode",
            });
            self.bar = Some(bar);
            self.phase = Some(phase);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        }
    }

    fn latent(&mut self, _: &[f32]) {}

    fn preview(&mut self, _: &Preview) {}

    fn frame(&mut self, frame: Frame) {
        self.frames.push(frame);
    }
}

fn write_video(path: &Path, frames: &[Frame], fps: f64) -> Result<()> {
    write_whole(path, |out| write_y4m(out, frames, fps).map_err(|error| cannot_write(path, error)))
}

fn write_y4m(out: impl Write, frames: &[Frame], fps: f64) -> std::result::Result<(), y4m::Error> {
    let Some(first) = frames.first() else { return Err(y4m::Error::BadInput) };
    let ratio = y4m::Ratio::new((fps * 1000.0).round() as usize, 1000);
    let mut encoder =
        y4m::encode(first.width, first.height, ratio).with_colorspace(y4m::Colorspace::C444).write_header(out)?;
    for frame in frames {
        let [y, u, v] = yuv_planes(&frame.data);
        encoder.write_frame(&y4m::Frame::new([&y, &u, &v], None))?;
    }
    Ok(())
}

/// Planes of ITU-R BT.601 in studio range, which players assume of small Y4M files.
fn yuv_planes(rgba: &[u8]) -> [Vec<u8>; 3] {
    let plane = |offset: f32, weights: [f32; 3]| {
        let value = |pixel: &[u8]| {
            let sum: f32 = (0..3).map(|colour| weights[colour] * f32::from(pixel[colour]) / 255.0).sum();
            (offset + sum).round() as u8
        };
        rgba.chunks_exact(4).map(value).collect()
    };
    [
        plane(16.0, [65.481, 128.553, 24.966]),
        plane(128.0, [-37.797, -74.203, 112.0]),
        plane(128.0, [112.0, -93.786, -18.214]),
    ]
}

fn picture_path(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("{index:04}.png"))
}

fn write_pictures(folder: &Path, frames: &[Frame]) -> Result<()> {
    for frame in frames {
        let path = picture_path(folder, frame.index);
        write_whole(&path, |out| write_png(out, frame).map_err(|error| cannot_write(&path, error)))?;
    }
    Ok(())
}

fn write_png(out: impl Write, frame: &Frame) -> std::result::Result<(), png::EncodingError> {
    let mut encoder = png::Encoder::new(out, frame.width as u32, frame.height as u32);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&frame.data)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::{GenerateOptions, run, write_png, write_y4m};
    use crate::Error;
    use crate::generate::Frame;

    fn options(out: std::path::PathBuf) -> GenerateOptions {
        GenerateOptions {
            model: std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/pipeline/model"),
            // Generating would end with another error.
            prompt: String::new(),
            negative: None,
            width: Some(32),
            height: Some(32),
            frames: Some(1),
            fps: None,
            steps: Some(1),
            guidance: None,
            shift: None,
            sampler: None,
            seed: 0,
            out,
        }
    }

    #[test]
    fn what_cannot_be_written_is_refused_before_the_clip_is_made() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("written");
        for out in [folder.path().join("missing/clip.y4m"), file] {
            let error = run(&options(out.clone())).expect_err("no place for it");
            assert!(matches!(&error, Error::Storage(what) if what.contains("cannot be written")), "{error}");
        }
        let error = run(&options(folder.path().join("new/pictures"))).expect_err("no prompt");
        assert!(matches!(error, Error::EmptyPrompt), "{error}");
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let frame = Frame { index: 0, width: 2, height: 1, data: vec![9; 8] };
        let (mut png, mut y4m) = (Vec::new(), Vec::new());
        write_png(&mut png, &frame).expect("written");
        write_y4m(&mut y4m, std::slice::from_ref(&frame), 8.0).expect("written");
        for length in 0..png.len() {
            assert!(write_png(&mut vec![0_u8; length][..], &frame).is_err(), "{length} of {} bytes", png.len());
        }
        for length in 0..y4m.len() {
            let written = write_y4m(&mut vec![0_u8; length][..], std::slice::from_ref(&frame), 8.0);
            assert!(written.is_err(), "{length} of {} bytes", y4m.len());
        }
    }
}
