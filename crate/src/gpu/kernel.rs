//! A compute shader as the host sees it.

/// How a kernel uses one of its storage bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    Write,
}

/// A WGSL kernel with the entry point `main`. Binding 0 is its uniform block, whose first member is
/// `first_workgroup: u32`; the storage bindings follow.
#[derive(Debug)]
pub struct Kernel {
    /// The operation, with its form where it has two.
    pub name: &'static str,
    /// WGSL text; parts are concatenated.
    pub source: &'static [&'static str],
    /// Storage bindings from binding 1 on.
    pub bindings: &'static [Access],
}

/// How the invocations of a workgroup divide an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invocations {
    /// They share memory and wait for each other, as graphics processors are made for.
    Together,
    /// Each computes its results without the others: where a processor plays the graphics processor, every wait costs
    /// more than what is computed between two of them.
    Alone,
}

/// The two forms of an operation for which [`Invocations`] makes a difference.
#[derive(Debug)]
pub struct Forms {
    /// For [`Invocations::Together`].
    pub together: Kernel,
    /// For [`Invocations::Alone`].
    pub alone: Kernel,
}

/// A compiled variant of a kernel.
pub(super) struct Pipeline {
    pub(super) layout: wgpu::BindGroupLayout,
    pub(super) pipeline: wgpu::ComputePipeline,
}

impl Pipeline {
    pub(super) fn new(device: &wgpu::Device, kernel: &Kernel, constants: &[(&str, f64)]) -> Self {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(kernel.name),
            source: wgpu::ShaderSource::Wgsl(kernel.source.concat().into()),
        });
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(kernel.name),
            entries: &layout_entries(kernel),
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(kernel.name),
            bind_group_layouts: &[Some(&layout)],
            ..Default::default()
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            // Every kernel writes its workgroup memory before it reads it.
            compilation_options: wgpu::PipelineCompilationOptions {
                constants,
                zero_initialize_workgroup_memory: false,
            },
            cache: None,
        });
        Self { layout, pipeline }
    }
}

fn layout_entries(kernel: &Kernel) -> Vec<wgpu::BindGroupLayoutEntry> {
    let uniform = wgpu::BufferBindingType::Uniform;
    let storage =
        kernel.bindings.iter().map(|access| wgpu::BufferBindingType::Storage { read_only: *access == Access::Read });
    std::iter::once(uniform)
        .chain(storage)
        .enumerate()
        .map(|(binding, ty)| wgpu::BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        })
        .collect()
}
