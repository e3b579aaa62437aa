//! Decoding in tiles, for devices without the memory for whole frames (`AutoencoderKLWan.tiled_decode` of diffusers).

use std::ops::Range;
use std::rc::Rc;

use super::config::VaeConfig;
use super::decoder::Decoder;
use crate::error::Result;
use crate::gpu::{Cancel, Gpu};

/// Values of a decoded pixel: red, green, blue.
const COLOURS: usize = 3;

/// Squares that overlap. Each is decoded from its first frame to its last, and fades into those left of it and above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiling {
    /// Latent positions along a side of a tile; it has fewer at the right and the lower border.
    pub side: usize,
    /// Latent positions from one tile to the next.
    pub stride: usize,
}

impl Tiling {
    /// Those that divide a latent of `height` × `width` positions, the largest tiles first: of 256 pixels, one every 192, which is
    /// diffusers' default, and of half of that.
    pub fn dividing(config: &VaeConfig, height: usize, width: usize) -> impl Iterator<Item = Self> {
        let factor = config.spatial_factor();
        let tilings = [256, 128].map(|pixels| Self { side: pixels / factor, stride: pixels * 3 / 4 / factor });
        tilings.into_iter().filter(move |tiling| tiling.stride > 0 && tiling.side < height.max(width))
    }

    /// Where the tiles are along a side of the latent; the last one ends with it.
    fn spans(self, length: usize) -> impl Iterator<Item = Range<usize>> + Clone {
        let last = length.saturating_sub(self.side).div_ceil(self.stride);
        (0..=last).map(move |number| number * self.stride..length.min(number * self.stride + self.side))
    }
}

/// Latent frames, values [frames, height, width, channels].
pub struct LatentVideo<'a> {
    /// The values.
    pub values: &'a [f32],
    /// Latent positions of a frame, from top to bottom and from left to right.
    pub size: [usize; 2],
    /// Whether the channels have mean 0 and variance 1, as the transformer makes them.
    pub normalised: bool,
}

/// Frames of R, G, B, A.
pub struct Pixels {
    /// Pixels of a frame, from top to bottom.
    pub height: usize,
    /// Pixels of a frame, from left to right.
    pub width: usize,
    /// [frames, height, width, 4]
    pub data: Vec<u8>,
}

/// Decoded values of a part of all frames, [frames, height, width, 3].
struct Tile {
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl Decoder {
    /// Decodes a whole video, tile after tile. `progress` hears how many latent frames of tiles are done, and of how many.
    ///
    /// # Errors
    /// As [`super::Decoding::next`].
    pub async fn decode_in_tiles(
        &self,
        gpu: &Rc<Gpu>,
        latent: &LatentVideo<'_>,
        tiling: Tiling,
        mut progress: impl FnMut(usize, usize),
        cancel: &Cancel,
    ) -> Result<Pixels> {
        let [height, width] = latent.size;
        let (factor, channels) = (self.config().spatial_factor(), self.config().z_dim);
        let (rows, columns) = (tiling.spans(height), tiling.spans(width));
        let (stride, overlap) = (tiling.stride * factor, (tiling.side - tiling.stride) * factor);
        let frames = latent.values.len() / (height * width * channels);
        let total = frames * rows.clone().count() * columns.clone().count();
        let mut done = 0;
        let mut video = Pixels { height: height * factor, width: width * factor, data: Vec::new() };
        // What the tiles of the row above have below their stride.
        let mut above: Vec<Tile> = Vec::new();
        for row in rows {
            let (mut left, mut below) = (None::<Tile>, Vec::new());
            for (number, column) in columns.clone().enumerate() {
                let mut decoding = self.start(gpu, row.len(), column.len(), latent.normalised)?;
                let mut tile = Tile { height: row.len() * factor, width: column.len() * factor, values: Vec::new() };
                let part = latent.part(&row, &column, channels);
                for frame in part.chunks_exact(row.len() * column.len() * channels) {
                    cancel.check()?;
                    tile.values.extend(decoding.next(frame, cancel).await?.unclamped(gpu).await?);
                    done += 1;
                    progress(done, total);
                }
                if let Some(above) = above.get(number) {
                    tile.fade(above, |_, y| y as f32 / overlap as f32);
                }
                if let Some(left) = &left {
                    tile.fade(left, |x, _| x as f32 / overlap as f32);
                }
                // The next ones write over what they overlap.
                video.paste(&tile, row.start * factor, column.start * factor);
                below.push(tile.from(stride, 0));
                left = Some(tile.from(0, stride));
            }
            above = below;
        }
        Ok(video)
    }
}

impl LatentVideo<'_> {
    /// The values of a tile, [frames, rows, columns, channels].
    fn part(&self, rows: &Range<usize>, columns: &Range<usize>, channels: usize) -> Vec<f32> {
        let [height, width] = self.size;
        let frames = self.values.chunks_exact(height * width * channels);
        let lines = frames.flat_map(|frame| frame.chunks_exact(width * channels).skip(rows.start).take(rows.len()));
        lines.flat_map(|line| &line[columns.start * channels..columns.end * channels]).copied().collect()
    }
}

impl Tile {
    fn frames(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.height * self.width * COLOURS)
    }

    /// What is below `top` and right of `left`; nothing where the tile ends before.
    fn from(&self, top: usize, left: usize) -> Self {
        let (top, left) = (top.min(self.height), left.min(self.width));
        let lines = self.frames().flat_map(|frame| frame.chunks_exact(self.width * COLOURS).skip(top));
        let values = lines.flat_map(|line| &line[left * COLOURS..]).copied().collect();
        Self { height: self.height - top, width: self.width - left, values }
    }

    /// Mixes `before`, which covers this from its upper left corner on, into it; `share` says for x and y how much of this remains.
    fn fade(&mut self, before: &Self, share: impl Fn(usize, usize) -> f32) {
        let width = self.width;
        let (rows, columns) = (before.height.min(self.height), before.width.min(width));
        for (frame, other) in self.values.chunks_exact_mut(self.height * width * COLOURS).zip(before.frames()) {
            for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
                let share = share(x, y);
                let theirs = &other[(y * before.width + x) * COLOURS..][..COLOURS];
                for (mine, theirs) in frame[(y * width + x) * COLOURS..].iter_mut().zip(theirs) {
                    *mine = *mine * share + theirs * (1.0 - share);
                }
            }
        }
    }
}

impl Pixels {
    /// Frames of these pixels.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        self.data.chunks_exact(self.height * self.width * 4)
    }

    fn paste(&mut self, tile: &Tile, top: usize, left: usize) {
        self.data.resize(tile.frames().count() * self.height * self.width * 4, u8::MAX);
        for (number, line) in tile.values.chunks_exact(tile.width * COLOURS).enumerate() {
            let (frame, y) = (number / tile.height, number % tile.height);
            let start = ((frame * self.height + top + y) * self.width + left) * 4;
            for (pixel, colours) in self.data[start..].chunks_exact_mut(4).zip(line.chunks_exact(COLOURS)) {
                for (byte, value) in pixel.iter_mut().zip(colours) {
                    *byte = ((value.clamp(-1.0, 1.0) + 1.0) * 127.5).round() as u8;
                }
            }
        }
    }
}
