//! Shortcuts of the residual VAE, after `AvgDown3D` and `DupUp3D` of diffusers.

/// x [T, H, W, C] → [T', H', W', N]: zero frames in front up to a whole number of blocks; a block's values become
/// channels (of one channel: by frame, row, column), and each N-th of all channels is averaged.
pub(in crate::table) fn average_down(x: &[f32], shape: [usize; 4], out: [usize; 4], factors: [usize; 2]) -> Vec<f64> {
    let [frames, height, width, channels] = shape;
    let [factor_frames, factor] = factors;
    let missing = out[0] * factor_frames - frames;
    let group = channels * factor_frames * factor * factor / out[3];
    let mut values = vec![0.0; out.iter().product()];
    for t in 0..frames {
        for h in 0..height {
            for w in 0..width {
                for c in 0..channels {
                    let frame = t + missing;
                    let place = (frame % factor_frames * factor + h % factor) * factor + w % factor;
                    let channel = (c * factor_frames * factor * factor + place) / group;
                    let position = (frame / factor_frames * out[1] + h / factor) * out[2] + w / factor;
                    let value = f64::from(x[((t * height + h) * width + w) * channels + c]);
                    values[position * out[3] + channel] += value / group as f64;
                }
            }
        }
    }
    values
}

/// x [T, H, W, C] → [T', H', W', N]: channels repeated to N for each place of a block, then spread over the block; the
/// first frames are left out where `out` has fewer.
pub(in crate::table) fn duplicate_up(x: &[f32], shape: [usize; 4], out: [usize; 4], factors: [usize; 2]) -> Vec<f64> {
    let [frames, height, width, channels] = shape;
    let [factor_frames, factor] = factors;
    let left_out = frames * factor_frames - out[0];
    let places = factor_frames * factor * factor;
    let repeats = out[3] * places / channels;
    let value = |i: usize| {
        let (n, w, h) = (i % out[3], i / out[3] % out[2], i / out[3] / out[2] % out[1]);
        let t = i / out[3] / out[2] / out[1] + left_out;
        let place = (t % factor_frames * factor + h % factor) * factor + w % factor;
        let channel = (n * places + place) / repeats;
        let position = (t / factor_frames * height + h / factor) * width + w / factor;
        f64::from(x[position * channels + channel])
    };
    (0..out.iter().product()).map(value).collect()
}
