//! Convolutions over time and space.

use super::product::{ACTIVATION, BINDINGS, EPILOGUE, WEIGHT};
use super::{Activation, Epilogue, Weight, cost, ensure, product};
use crate::error::Result;
use crate::gpu::{Dispatch, Forms, Invocations, Kernel, Recorder, Tensor, elements_of};

const CONV: &str = include_str!("../../../shaders/conv.wgsl");

static FORMS: Forms = Forms {
    together: Kernel {
        name: "conv",
        source: &[
            WEIGHT,
            ACTIVATION,
            EPILOGUE,
            CONV,
            include_str!("../../../shaders/conv_together.wgsl"),
            product::TOGETHER,
        ],
        bindings: BINDINGS,
    },
    alone: Kernel {
        name: "conv_alone",
        source: &[WEIGHT, ACTIVATION, EPILOGUE, CONV, include_str!("../../../shaders/conv_alone.wgsl"), product::ALONE],
        bindings: BINDINGS,
    },
};

/// A convolution, causal in time: nothing is read from the future.
#[derive(Clone)]
pub struct Conv {
    /// [out channels, taps × in channels]
    pub weight: Weight,
    /// [out channels]
    pub bias: Option<Tensor>,
    /// Taps over time, height, width.
    pub kernel: [usize; 3],
    /// Frames from one output frame to the next.
    pub stride_frames: usize,
    /// Pixels from one output pixel to the next.
    pub stride: usize,
    /// Frames that the kernel reaches into the past of the first input frame.
    pub pad_frames: usize,
    /// Zeros left of and above the picture.
    pub pad_before: usize,
    /// Zeros right of and below the picture.
    pub pad_after: usize,
    /// 2: the input is enlarged to nearest neighbours first. 1: it is not.
    pub upsample: usize,
}

impl Conv {
    /// Shape [T', H', W', N] that an input [T, H, W, C] gives.
    fn output_shape(&self, input: &[usize]) -> Option<[usize; 4]> {
        let span = |size: usize, padding: usize, taps: usize, stride: usize| {
            (size + padding).checked_sub(taps).map(|rest| rest / stride + 1)
        };
        let pad = self.pad_before + self.pad_after;
        Some([
            span(input[0], self.pad_frames, self.kernel[0], self.stride_frames)?,
            span(input[1] * self.upsample, pad, self.kernel[1], self.stride)?,
            span(input[2] * self.upsample, pad, self.kernel[2], self.stride)?,
            self.weight.rows,
        ])
    }
}

/// `input` [T, H, W, C] → [T', H', W', N]. `history` [P, H, W, C] holds the frames before the first; without it, or where
/// it is too short, the past is zero.
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn conv(
    recorder: &mut Recorder,
    input: &Tensor,
    history: Option<&Tensor>,
    layer: &Conv,
    activation: Activation,
    epilogue: Epilogue<'_>,
) -> Result<Tensor> {
    let &[in_frames, in_height, in_width, in_channels] = input.shape() else {
        return Err(crate::Error::BadInput(format!("conv: input of shape {:?}", input.shape())));
    };
    let taps: usize = layer.kernel.iter().product();
    ensure(taps * in_channels == layer.weight.columns, "conv", || {
        format!("{taps} taps of {in_channels} channels into a layer of {}", layer.weight.columns)
    })?;
    ensure(layer.stride > 0 && layer.stride_frames > 0, "conv", || "has a step of nothing".into())?;
    ensure(matches!(layer.upsample, 1 | 2), "conv", || format!("cannot enlarge {} times", layer.upsample))?;
    ensure(history.is_none_or(|h| h.shape().get(1..) == Some(&input.shape()[1..])), "conv", || {
        "history has another shape".into()
    })?;
    ensure(layer.bias.as_ref().is_none_or(|b| b.elements() == layer.weight.rows as u64), "conv", || {
        format!("bias is not of {} channels", layer.weight.rows)
    })?;
    let shape = layer.output_shape(input.shape());
    let [frames, height, width, channels] =
        shape.ok_or_else(|| crate::Error::BadInput("conv: the kernel is larger than its input".into()))?;
    let (epilogue, other, gate, _) = epilogue.operands();
    ensure(gate.is_none(), "conv", || "has no gate".into())?;
    let positions = frames * height * width;
    ensure(other.is_none_or(|o| o.elements() == elements_of(&[positions, channels])), "conv", || {
        "second operand has another shape".into()
    })?;
    let out = recorder.tensor(&[frames, height, width, channels])?;
    let taps_fastest = layer.weight.taps_fastest;
    let rounds = if taps_fastest { None } else { product::rounds_alone(taps, in_channels) };
    let (kernel, invocations) = recorder.form(&FORMS, rounds);
    let (side, workgroups) = product::layout(invocations, positions, channels);
    let variant = match invocations {
        // The inner dimension is walked 32 values at a time: short segments would be mostly padding.
        Invocations::Together => {
            vec![("SEGMENTED", !taps_fastest && in_channels.is_multiple_of(32)), ("TAPS_FASTEST", taps_fastest)]
        }
        Invocations::Alone => vec![("HAS_HISTORY", history.is_some())],
    };
    let constants: Vec<_> = variant
        .into_iter()
        .map(|(name, holds)| (name, f64::from(u8::from(holds))))
        .chain(side)
        .chain([("WEIGHT_FORMAT", layer.weight.shader_format())])
        .collect();
    recorder.dispatch(&Dispatch {
        kernel,
        constants: &constants,
        bindings: &[
            Some(input.storage()),
            history.map(Tensor::storage),
            Some(&layer.weight.data),
            layer.weight.scales.as_ref(),
            layer.bias.as_ref().map(Tensor::storage),
            other.map(Tensor::storage),
            Some(out.storage()),
        ],
        parameters: [
            in_frames,
            in_height,
            in_width,
            in_channels,
            frames,
            height,
            width,
            channels,
            layer.kernel[0],
            layer.kernel[1],
            layer.kernel[2],
            layer.stride_frames,
            layer.stride,
            layer.pad_frames,
            layer.pad_before,
            history.map_or(0, |h| h.shape()[0]),
            layer.upsample,
            activation as usize,
            epilogue as usize,
            usize::from(layer.bias.is_some()),
        ]
        .map(|value| value as u32),
        workgroups,
        cost: cost(&[2, positions, channels, layer.weight.columns]),
    });
    Ok(out)
}
