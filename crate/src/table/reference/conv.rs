//! Convolution over time and space.

/// Sizes of a convolution that is causal in time.
#[derive(Clone, Copy)]
pub(in crate::table) struct Geometry {
    /// Frames, height, width, channels.
    pub(in crate::table) input: [usize; 4],
    pub(in crate::table) outputs: usize,
    /// Taps over time, height, width.
    pub(in crate::table) kernel: [usize; 3],
    pub(in crate::table) stride_frames: usize,
    pub(in crate::table) stride: usize,
    pub(in crate::table) pad_frames: usize,
    pub(in crate::table) pad_before: usize,
    pub(in crate::table) pad_after: usize,
    /// Each pixel is repeated this many times in both directions before the convolution.
    pub(in crate::table) upsample: usize,
}

impl Geometry {
    /// Frames, height and width of the output.
    pub(in crate::table) fn output(&self) -> [usize; 3] {
        let [frames, height, width, _] = self.input;
        let [kernel_frames, kernel_height, kernel_width] = self.kernel;
        let side = |size: usize, kernel: usize| {
            (size * self.upsample + self.pad_before + self.pad_after - kernel) / self.stride + 1
        };
        let frames = (frames + self.pad_frames - kernel_frames) / self.stride_frames + 1;
        [frames, side(height, kernel_height), side(width, kernel_width)]
    }

    /// Multiplications that one output value takes.
    pub(in crate::table) fn products(&self) -> usize {
        self.kernel.iter().product::<usize>() * self.input[3]
    }
}

/// `input` [T, H, W, C], `history` [P, H, W, C] or empty, `weight` [N, C, kt, kh, kw] → [T', H', W', N]
pub(in crate::table) fn conv(input: &[f32], history: &[f32], weight: &[f32], geometry: &Geometry) -> Vec<f64> {
    let [_, _, _, channels] = geometry.input;
    let [kernel_frames, kernel_height, kernel_width] = geometry.kernel;
    let [frames, height, width] = geometry.output();
    let mut out = Vec::with_capacity(frames * height * width * geometry.outputs);
    let mut patch = Vec::with_capacity(geometry.products());
    for position in 0..frames * height * width {
        let (t, h, w) = (position / (height * width), position / width % height, position % width);
        patch.clear();
        for c in 0..channels {
            for tap in 0..kernel_frames * kernel_height * kernel_width {
                let frame = t * geometry.stride_frames + tap / (kernel_height * kernel_width);
                let row = h * geometry.stride + tap / kernel_width % kernel_height;
                let column = w * geometry.stride + tap % kernel_width;
                patch.push(padded(input, history, geometry, [frame, row, column, c]));
            }
        }
        let weights = weight.chunks_exact(patch.len());
        out.extend(weights.map(|w| w.iter().zip(&patch).map(|(&w, x)| f64::from(w) * x).sum::<f64>()));
    }
    out
}

/// A value of the enlarged, padded input, counted from the first frame and pixel of the padding.
fn padded(input: &[f32], history: &[f32], geometry: &Geometry, at: [usize; 4]) -> f64 {
    let [_, height, width, channels] = geometry.input;
    let [frame, row, column, channel] = at;
    let inside =
        |at: usize, size: usize| at >= geometry.pad_before && at < geometry.pad_before + size * geometry.upsample;
    if !inside(row, height) || !inside(column, width) {
        return 0.0;
    }
    let pixel = [row, column].map(|at| (at - geometry.pad_before) / geometry.upsample);
    let index = |frame: usize| ((frame * height + pixel[0]) * width + pixel[1]) * channels + channel;
    if frame >= geometry.pad_frames {
        return f64::from(input[index(frame - geometry.pad_frames)]);
    }
    let remembered = history.len() / (height * width * channels);
    let back = geometry.pad_frames - frame;
    if back <= remembered { f64::from(history[index(remembered - back)]) } else { 0.0 }
}
