//! Pixels.

/// [.., 3] in [−1, 1] → R, G, B, A bytes
pub(in crate::table) fn rgba(video: &[f32]) -> Vec<u8> {
    let byte = |&x: &f32| (127.5 * (f64::from(x).clamp(-1.0, 1.0) + 1.0)).round() as u8;
    video.chunks_exact(3).flat_map(|pixel| pixel.iter().map(byte).chain([255])).collect()
}
