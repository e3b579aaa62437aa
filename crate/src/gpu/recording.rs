//! A fixed list of dispatches, run as often as wanted with whatever is in its buffers.

use std::rc::Rc;

use super::cancel::Cancel;
use super::device::Gpu;
use super::kernel::Pipeline;
use super::recorder::{Copy, Step};
use super::tensor::Buffer;
use crate::clock::Stopwatch;
use crate::error::Result;

/// How long one submission should keep the device, in seconds; a cancel waits for its end.
const SLICE_SECONDS: f64 = 0.05;
/// Bounds of what is believed of a device, in floating-point operations per second.
const MIN_RATE: f64 = 5e8;
const MAX_RATE: f64 = 1e14;
/// What a dispatch costs even if it computes nothing.
const DISPATCH_COST: u64 = 20_000;

/// Dispatches with their bind groups, ready to run.
pub struct Recording {
    gpu: Rc<Gpu>,
    commands: Vec<Command>,
}

pub(super) enum Command {
    Dispatch {
        pipeline: Rc<Pipeline>,
        bind_group: wgpu::BindGroup,
        /// What the bind group names, which does not keep it from being destroyed.
        _buffers: Vec<Rc<Buffer>>,
        workgroups: [u32; 2],
        cost: u64,
    },
    Copy(Copy),
}

impl Command {
    pub(super) fn new(gpu: &Gpu, uniforms: &Rc<Buffer>, step: Step) -> Self {
        match step {
            Step::Copy(copy) => Self::Copy(copy),
            Step::Dispatch { kernel, constants, bindings, uniform, workgroups, cost } => {
                let pipeline = gpu.pipeline(kernel, &constants);
                let unused = gpu.unused.buffer();
                let storage = bindings.iter().filter_map(|buffer| buffer.as_ref().or(unused));
                let buffers: Vec<_> = std::iter::once(uniforms).chain(storage).map(Rc::clone).collect();
                let size = std::num::NonZeroU64::new(uniform.len() as u64);
                let uniform = wgpu::BufferBinding { buffer: uniforms, offset: uniform.start as u64, size };
                let entries: Vec<_> = std::iter::once(wgpu::BindingResource::Buffer(uniform))
                    .chain(buffers[1..].iter().map(|buffer| buffer.as_entire_binding()))
                    .enumerate()
                    .map(|(binding, resource)| wgpu::BindGroupEntry { binding: binding as u32, resource })
                    .collect();
                let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                    label: Some(kernel.name),
                    layout: &pipeline.layout,
                    entries: &entries,
                });
                Self::Dispatch { pipeline, bind_group, _buffers: buffers, workgroups, cost: cost + DISPATCH_COST }
            }
        }
    }

    fn cost(&self) -> u64 {
        match self {
            Self::Dispatch { cost, .. } => *cost,
            Self::Copy(_) => DISPATCH_COST,
        }
    }
}

impl Recording {
    pub(super) fn new(gpu: Rc<Gpu>, commands: Vec<Command>) -> Self {
        Self { gpu, commands }
    }

    /// Runs the list in submissions that each keep the device for a short time, and waits for its end.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`], or whatever the device reported.
    pub async fn run(&self, cancel: &Cancel) -> Result<()> {
        let mut rest = &self.commands[..];
        while !rest.is_empty() {
            cancel.check()?;
            let (slice, after) = rest.split_at(self.slice_length(rest));
            let stopwatch = Stopwatch::start();
            self.submit(slice);
            self.gpu.finish().await?;
            self.learn_rate(slice, stopwatch.seconds());
            rest = after;
        }
        Ok(())
    }

    /// How many commands fill one time slice at the speed measured so far.
    fn slice_length(&self, commands: &[Command]) -> usize {
        let budget = (self.gpu.rate.get() * SLICE_SECONDS) as u64;
        let mut cost = 0;
        let full = commands.iter().position(|command| {
            cost += command.cost();
            cost > budget
        });
        full.unwrap_or(commands.len()).max(1)
    }

    fn submit(&self, commands: &[Command]) {
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        let mut rest = commands;
        while let Some(first) = rest.first() {
            if let Command::Copy(Copy { source, source_offset, target, target_offset, bytes }) = first {
                encoder.copy_buffer_to_buffer(source, *source_offset, target, *target_offset, *bytes);
                rest = &rest[1..];
                continue;
            }
            let mut pass = encoder.begin_compute_pass(&Default::default());
            while let Some(Command::Dispatch { pipeline, bind_group, workgroups, .. }) = rest.first() {
                pass.set_pipeline(&pipeline.pipeline);
                pass.set_bind_group(0, bind_group, &[]);
                pass.dispatch_workgroups(workgroups[0], workgroups[1], 1);
                rest = &rest[1..];
            }
        }
        self.gpu.queue.submit([encoder.finish()]);
    }

    /// Learns the device's speed from one slice. A submission takes some time even if it computes nothing, much in a
    /// browser; taken for slowness it would make slices shorter and shorter until they are nothing but that. So the
    /// shortest slice seen stands for it, and one that was hardly longer says only that a longer one would do no harm.
    fn learn_rate(&self, commands: &[Command], seconds: f64) {
        let cost: u64 = commands.iter().map(Command::cost).sum();
        let round_trip = self.gpu.round_trip.get().min(seconds);
        self.gpu.round_trip.set(round_trip);
        let busy = seconds - round_trip;
        let rate = self.gpu.rate.get();
        let is_full = cost as f64 > 0.5 * rate * SLICE_SECONDS;
        let learned = match busy < SLICE_SECONDS / 2.0 {
            true if is_full => 1.5 * rate,
            true => rate,
            false => 0.7 * rate + 0.3 * cost as f64 / busy,
        };
        self.gpu.rate.set(learned.clamp(MIN_RATE, MAX_RATE));
    }
}
