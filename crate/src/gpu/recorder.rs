//! Turns a walk through a network into a list of dispatches.

use std::rc::Rc;

use super::arena::Arena;
use super::kernel::{Forms, Invocations, Kernel};
use super::recording::{Command, Recording};
use super::tensor::{Buffer, Storage, Tensor};
use crate::error::{Error, Result};

/// Workgroups that WebGPU allows along one dimension of a dispatch.
const MAX_WORKGROUPS: u64 = 65_535;
/// Uniform blocks start at multiples of this many bytes.
const UNIFORM_ALIGNMENT: usize = 256;
/// A dispatch that costs more is split, so that no driver takes it for a hang and a cancel need not wait for it: a fifth
/// of a second at 100 GFLOP/s, or at half a GFLOP/s on a processor.
fn max_cost(invocations: Invocations) -> u64 {
    match invocations {
        Invocations::Together => 20_000_000_000,
        Invocations::Alone => 100_000_000,
    }
}

/// Mesa's software driver leaves a shader's loops after 65,536 rounds, all of them together, and computes on with what it
/// has.
const MAX_ROUNDS: usize = 60_000;

/// One dispatch of a kernel.
pub struct Dispatch<'a, P> {
    /// The shader.
    pub kernel: &'static Kernel,
    /// Values of its `override` constants.
    pub constants: &'a [(&'static str, f64)],
    /// Storage bindings in order; `None` where this variant reads nothing.
    pub bindings: &'a [Option<&'a Rc<Storage>>],
    /// Uniform block without its first member, `first_workgroup`, which is added here.
    pub parameters: P,
    /// Number of workgroups; the kernel folds its workgroup id into one linear index below it.
    pub workgroups: u64,
    /// Estimated floating-point operations, for time slices.
    pub cost: u64,
}

/// Collects dispatches and their scratch tensors.
pub struct Recorder {
    arena: Arena,
    invocations: Invocations,
    uniforms: Vec<u8>,
    steps: Vec<Step>,
}

pub(super) enum Step {
    Dispatch {
        kernel: &'static Kernel,
        constants: Vec<(&'static str, f64)>,
        bindings: Vec<Option<Rc<Buffer>>>,
        uniform: std::ops::Range<usize>,
        workgroups: [u32; 2],
        cost: u64,
    },
    Copy(Copy),
}

/// Bytes that go from one buffer to another.
pub(super) struct Copy {
    pub(super) source: Rc<Buffer>,
    pub(super) source_offset: u64,
    pub(super) target: Rc<Buffer>,
    pub(super) target_offset: u64,
    pub(super) bytes: u64,
}

impl Recorder {
    /// Records with scratch memory from this arena; one that only counts gives a recorder that only counts. Takes the
    /// kernels' forms that suit the device.
    pub fn new(arena: &Arena) -> Self {
        let invocations = arena.gpu().map_or(Invocations::Together, |gpu| gpu.invocations());
        Self::with_invocations(arena, invocations)
    }

    /// Records with these forms of the kernels, whatever the device.
    pub fn with_invocations(arena: &Arena, invocations: Invocations) -> Self {
        Self { arena: arena.clone(), invocations, uniforms: Vec::new(), steps: Vec::new() }
    }

    /// The form of an operation that this recorder records. `rounds`: how often one invocation alone would go round its
    /// loops; `None` where it is not made for these sizes.
    pub fn form(&self, forms: &'static Forms, rounds: Option<usize>) -> (&'static Kernel, Invocations) {
        match (self.invocations, rounds) {
            (Invocations::Alone, Some(..=MAX_ROUNDS)) => (&forms.alone, Invocations::Alone),
            _ => (&forms.together, Invocations::Together),
        }
    }

    /// A scratch tensor, valid until dropped; it must be written before it is read.
    ///
    /// # Errors
    /// As [`Arena::tensor`].
    pub fn tensor(&self, shape: &[usize]) -> Result<Tensor> {
        self.arena.tensor(shape)
    }

    /// The arena behind this recorder.
    pub fn arena(&self) -> &Arena {
        &self.arena
    }

    /// Appends a dispatch, in several pieces where it is too long for one.
    pub fn dispatch<P: bytemuck::Pod>(&mut self, dispatch: &Dispatch<'_, P>) {
        if self.arena.gpu().is_none() || dispatch.workgroups == 0 {
            return;
        }
        let pieces = dispatch.cost.div_ceil(max_cost(self.invocations)).clamp(1, dispatch.workgroups);
        let length = dispatch.workgroups.div_ceil(pieces);
        for first in (0..dispatch.workgroups).step_by(length as usize) {
            let count = length.min(dispatch.workgroups - first);
            // As even as can be: what the last row has too many starts for nothing.
            let y = count.div_ceil(MAX_WORKGROUPS);
            let x = count.div_ceil(y);
            let uniform = self.push_uniform(first as u32, &dispatch.parameters);
            self.steps.push(Step::Dispatch {
                kernel: dispatch.kernel,
                constants: dispatch.constants.to_vec(),
                bindings: dispatch.bindings.iter().map(|b| b.and_then(|b| b.buffer().cloned())).collect(),
                uniform,
                workgroups: [x as u32, y as u32],
                cost: dispatch.cost / pieces,
            });
        }
    }

    /// Appends a copy of whole f32 values between tensors; offsets and length in elements.
    pub fn copy(&mut self, source: &Tensor, from: u64, target: &Tensor, to: u64, elements: u64) {
        let (Some(source), Some(target)) = (source.storage().buffer(), target.storage().buffer()) else { return };
        self.steps.push(Step::Copy(Copy {
            source: Rc::clone(source),
            source_offset: 4 * from,
            target: Rc::clone(target),
            target_offset: 4 * to,
            bytes: 4 * elements,
        }));
    }

    fn push_uniform<P: bytemuck::Pod>(&mut self, first_workgroup: u32, parameters: &P) -> std::ops::Range<usize> {
        let start = self.uniforms.len();
        self.uniforms.extend_from_slice(bytemuck::bytes_of(&first_workgroup));
        self.uniforms.extend_from_slice(bytemuck::bytes_of(parameters));
        self.uniforms.resize(self.uniforms.len().next_multiple_of(16), 0);
        let end = self.uniforms.len();
        self.uniforms.resize(end.next_multiple_of(UNIFORM_ALIGNMENT), 0);
        start..end
    }

    /// Compiles what is missing and fixes the list for replay.
    ///
    /// # Errors
    /// [`Error::Device`] when this recorder only counts, or what the device reported.
    pub fn finish(self) -> Result<Recording> {
        let Some(gpu) = self.arena.gpu().cloned() else {
            return Err(Error::Device("a plan cannot be run".into()));
        };
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let uniforms = Buffer::new(&gpu.device, "uniforms", self.uniforms.len().max(16) as u64, usage);
        gpu.queue.write_buffer(&uniforms, 0, &self.uniforms);
        let commands = self.steps.into_iter().map(|step| Command::new(&gpu, &uniforms, step)).collect();
        gpu.check()?;
        Ok(Recording::new(gpu, commands))
    }
}
