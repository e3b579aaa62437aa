//! What a latent shows, without decoding it: a linear map from its channels to colours.

use crate::format::manifest::PreviewFactors;

/// A small animated picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Latent positions.
    pub width: usize,
    /// Latent positions.
    pub height: usize,
    /// Bytes R, G, B, A of every latent frame.
    pub frames: Vec<Vec<u8>>,
}

/// Colours of a normalised latent [C, F, H, W]. Without fitted factors the first three channels become the colours,
/// which shows shapes and movement but not hues.
pub fn preview(map: Option<&PreviewFactors>, latent: &[f32], [channels, frames, height, width]: [usize; 4]) -> Preview {
    let area = height * width;
    let fitted = map.filter(|map| map.factors.len() == channels);
    let colour = |frame: usize, position: usize, colour: usize| {
        let value = |channel: usize| latent[(channel * frames + frame) * area + position];
        match fitted {
            Some(map) => {
                let sum: f32 = (0..channels).map(|channel| value(channel) * map.factors[channel][colour]).sum();
                sum + map.bias[colour]
            }
            None => 0.4 * value(colour.min(channels - 1)),
        }
    };
    let byte = |value: f32| ((value.clamp(-1.0, 1.0) * 0.5 + 0.5) * 255.0).round() as u8;
    let pixel = |frame, at| [byte(colour(frame, at, 0)), byte(colour(frame, at, 1)), byte(colour(frame, at, 2)), 255];
    let frames = (0..frames).map(|frame| (0..area).flat_map(|at| pixel(frame, at)).collect()).collect();
    Preview { width, height, frames }
}
