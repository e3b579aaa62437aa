//! `kinora generate`: a prompt becomes a video file or a folder of pictures.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::{Error, Result};
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

/// Makes the clip.
///
/// # Errors
/// When the model cannot be read, the clip cannot be made, or the file cannot be written.
pub fn run(options: &GenerateOptions) -> Result<()> {
    let manifest = Manifest::from_directory(&options.model)?;
    let request = request(options, &manifest)?;
    manifest.require_frame_rate(request.fps)?;
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
    if options.out.extension().is_some_and(|kind| kind == "y4m") {
        write_y4m(&options.out, &events.frames, request.fps)
    } else {
        write_pictures(&options.out, &events.frames)
    }
}

/// The files of a model in a folder.
///
/// # Errors
/// [`Error::Storage`] when one cannot be opened.
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

fn cannot_write(path: &Path) -> impl Fn(&dyn std::fmt::Display) -> Error + '_ {
    move |error| Error::Storage(format!("cannot write {}: {error}", path.display()))
}

fn write_y4m(path: &Path, frames: &[Frame], fps: f64) -> Result<()> {
    let fail = cannot_write(path);
    let first = frames.first().ok_or_else(|| Error::Storage("there is no frame to write".into()))?;
    let file = File::create(path).map_err(|e| fail(&e))?;
    let ratio = y4m::Ratio::new((fps * 1000.0).round() as usize, 1000);
    let mut encoder = y4m::encode(first.width, first.height, ratio)
        .with_colorspace(y4m::Colorspace::C444)
        .write_header(BufWriter::new(file))
        .map_err(|e| fail(&e))?;
    for frame in frames {
        let [y, u, v] = yuv_planes(&frame.data);
        encoder.write_frame(&y4m::Frame::new([&y, &u, &v], None)).map_err(|e| fail(&e))?;
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

fn write_pictures(folder: &Path, frames: &[Frame]) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| cannot_write(folder)(&e))?;
    for frame in frames {
        let path = folder.join(format!("{:04}.png", frame.index));
        let fail = cannot_write(&path);
        let file = BufWriter::new(File::create(&path).map_err(|e| fail(&e))?);
        let mut encoder = png::Encoder::new(file, frame.width as u32, frame.height as u32);
        encoder.set_color(png::ColorType::Rgba);
        let mut writer = encoder.write_header().map_err(|e| fail(&e))?;
        writer.write_image_data(&frame.data).map_err(|e| fail(&e))?;
    }
    Ok(())
}
