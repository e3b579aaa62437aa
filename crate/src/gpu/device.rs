//! The adapter and device, and what they report back.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use futures::channel::oneshot;
use serde::Serialize;

use super::kernel::{Invocations, Kernel, Pipeline};
use super::tensor::{Buffer, Storage, Tensor, bytes_of};
use crate::error::{Error, Result};

/// Floating-point operations per second assumed until submissions have been timed: those of a slow software device, so
/// that the first submissions are short everywhere.
const INITIAL_RATE: f64 = 1e9;

const MIN_BUDGET: u64 = 1 << 30;
const MAX_BUDGET: u64 = 16 << 30;

/// What a device offers, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// In all.
    pub bytes: u64,
    /// To one tensor.
    pub tensor_bytes: u64,
}

/// The graphics device. Lives on one thread; everything on it is ordered by submission.
pub struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    adapter: wgpu::AdapterInfo,
    limits: wgpu::Limits,
    faults: Arc<Mutex<Faults>>,
    pub(super) pipelines: RefCell<HashMap<String, Rc<Pipeline>>>,
    /// Bound where a kernel declares a binding that a variant does not read.
    pub(super) unused: Rc<Storage>,
    /// Measured speed in the recorder's cost units (floating-point operations) per second.
    pub(super) rate: Cell<f64>,
    /// Shortest time from a submission to its end seen so far, in seconds.
    pub(super) round_trip: Cell<f64>,
}

/// What the device reported since the last check.
#[derive(Default)]
struct Faults {
    lost: Option<String>,
    error: Option<Error>,
}

/// What a person wants to know about the adapter.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdapterSummary {
    /// Name as the driver gives it; browsers may hide it.
    pub name: String,
    /// `Vulkan`, `Metal`, `Dx12`, `BrowserWebGpu`.
    pub backend: String,
    /// Whether the processor draws instead of a graphics card.
    pub software: bool,
    /// Largest buffer, bytes.
    pub max_buffer_size: u64,
    /// Largest part of a buffer that one shader can see, bytes.
    pub max_storage_buffer_binding_size: u64,
}

impl Gpu {
    /// Requests the fastest adapter, with the limits that it offers rather than the specification's defaults.
    ///
    /// # Errors
    /// [`Error::NoDevice`] when there is no adapter or it gives no device.
    pub async fn new() -> Result<Rc<Self>> {
        Self::with_limits(wgpu::Adapter::limits).await
    }

    /// As [`Gpu::new`], with nothing beyond what WebGPU promises everywhere: what it runs, every device runs.
    ///
    /// # Errors
    /// As [`Gpu::new`].
    pub async fn with_least_limits() -> Result<Rc<Self>> {
        Self::with_limits(|_| wgpu::Limits::default()).await
    }

    async fn with_limits(choose: impl Fn(&wgpu::Adapter) -> wgpu::Limits) -> Result<Rc<Self>> {
        let mut description = wgpu::InstanceDescriptor::new_without_display_handle();
        description.backends = wgpu::Backends::PRIMARY | wgpu::Backends::BROWSER_WEBGPU;
        let instance = wgpu::Instance::new(description);
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance.request_adapter(&options).await.map_err(|e| Error::NoDevice(e.to_string()))?;
        let limits = choose(&adapter);
        let description = wgpu::DeviceDescriptor {
            label: Some("kinora"),
            required_limits: limits.clone(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) = adapter.request_device(&description).await.map_err(|e| Error::NoDevice(e.to_string()))?;
        let faults = watch(&device);
        let unused = Rc::new(Storage::new(&device, "unused", 16));
        Ok(Rc::new(Self {
            device,
            queue,
            adapter: adapter.get_info(),
            limits,
            faults,
            pipelines: RefCell::default(),
            unused,
            rate: Cell::new(INITIAL_RATE),
            round_trip: Cell::new(f64::INFINITY),
        }))
    }

    /// The forms of kernels that suit the device.
    pub fn invocations(&self) -> Invocations {
        if self.is_software() { Invocations::Alone } else { Invocations::Together }
    }

    fn name(&self) -> String {
        [&self.adapter.name, &self.adapter.driver_info].map(String::as_str).join(" ").trim().to_owned()
    }

    /// Whether the processor computes instead of a graphics processor.
    fn is_software(&self) -> bool {
        let name = self.name().to_lowercase();
        self.adapter.device_type == wgpu::DeviceType::Cpu
            || ["swiftshader", "llvmpipe", "lavapipe"].iter().any(|known| name.contains(known))
    }

    /// Name, kind and limits of the adapter.
    pub fn adapter(&self) -> AdapterSummary {
        AdapterSummary {
            name: self.name(),
            backend: format!("{:?}", self.adapter.backend),
            software: self.is_software(),
            max_buffer_size: self.limits.max_buffer_size,
            max_storage_buffer_binding_size: self.limits.max_storage_buffer_binding_size,
        }
    }

    /// What a clip may use. WebGPU does not tell how much memory there is; drivers cap the size of one buffer at a
    /// quarter to all of it, so four of the largest buffers are taken for the device's memory, within bounds.
    pub fn budget(&self) -> Budget {
        let bytes = self.limits.max_buffer_size.saturating_mul(4).clamp(MIN_BUDGET, MAX_BUDGET);
        Budget { bytes, tensor_bytes: self.max_tensor_bytes() }
    }

    /// Largest tensor in bytes that one shader can see.
    pub fn max_tensor_bytes(&self) -> u64 {
        self.limits.max_storage_buffer_binding_size.min(self.limits.max_buffer_size)
    }

    /// # Errors
    /// What the device reported since the last check: a loss (for good), a failed allocation or a refused command.
    pub fn check(&self) -> Result<()> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = &faults.lost {
            return Err(Error::DeviceLost(reason.clone()));
        }
        faults.error.take().map_or(Ok(()), Err)
    }

    /// A zeroed tensor that stays until dropped.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] when it is larger than a shader can see.
    pub fn zeros(&self, label: &str, shape: &[usize]) -> Result<Tensor> {
        Ok(Tensor::new(Rc::new(self.allocate(label, bytes_of(shape))?), shape))
    }

    /// A tensor with these values, row-major.
    ///
    /// # Errors
    /// As [`Gpu::zeros`].
    pub fn upload(&self, label: &str, shape: &[usize], values: &[f32]) -> Result<Tensor> {
        let tensor = self.zeros(label, shape)?;
        self.write(&tensor, values)?;
        Ok(tensor)
    }

    /// Overwrites a tensor.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the number of values is another.
    pub fn write(&self, tensor: &Tensor, values: &[f32]) -> Result<()> {
        if values.len() as u64 != tensor.elements() {
            let message = format!("a tensor of shape {:?} was given {} values", tensor.shape(), values.len());
            return Err(Error::BadInput(message));
        }
        self.write_bytes(tensor.storage(), 0, bytemuck::cast_slice(values));
        Ok(())
    }

    /// Overwrites bytes of a buffer; offset and length are multiples of 4.
    pub fn write_bytes(&self, storage: &Storage, offset: u64, bytes: &[u8]) {
        if let Some(buffer) = storage.buffer() {
            self.queue.write_buffer(buffer, offset, bytes);
        }
    }

    /// A zeroed buffer of at least `bytes` bytes.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] when it is larger than a shader can see.
    pub fn allocate(&self, label: &str, bytes: u64) -> Result<Storage> {
        self.require_one_piece(label, bytes, "Choose a smaller or shorter clip.")?;
        Ok(Storage::new(&self.device, label, bytes))
    }

    /// Checks that a shader can see so many bytes in one piece; `advice` says what to do where it cannot.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] where it cannot.
    pub fn require_one_piece(&self, what: &str, bytes: u64, advice: &str) -> Result<()> {
        let allowed = self.max_tensor_bytes();
        if bytes <= allowed {
            return Ok(());
        }
        let message = format!("{what} needs {bytes} bytes in one piece, and this device allows {allowed}. {advice}");
        Err(Error::DoesNotFit(message))
    }

    /// Reads a tensor back, row-major.
    ///
    /// # Errors
    /// Whatever the device reported.
    pub async fn read(&self, tensor: &Tensor) -> Result<Vec<f32>> {
        let bytes = self.read_bytes(tensor.storage(), 4 * tensor.elements()).await?;
        Ok(bytemuck::pod_collect_to_vec(&bytes))
    }

    /// Reads the first `bytes` bytes of a buffer, a multiple of 4.
    ///
    /// # Errors
    /// Whatever the device reported.
    pub async fn read_bytes(&self, storage: &Storage, bytes: u64) -> Result<Vec<u8>> {
        let Some(source) = storage.buffer() else {
            return Err(Error::Device("read of a planned buffer".into()));
        };
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
        let staging = Buffer::new(&self.device, "read back", bytes, usage);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(source, 0, &staging, 0, bytes);
        self.queue.submit([encoder.finish()]);
        let (sender, receiver) = oneshot::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            let _ = sender.send(result);
        });
        self.poll();
        let mapped = receiver.await;
        self.check()?;
        match mapped {
            Ok(Ok(())) => {}
            _ => return Err(Error::DeviceLost("reading a result back failed".into())),
        }
        let view = staging.get_mapped_range(..).map_err(|e| Error::Device(e.to_string()))?;
        let result = view.to_vec();
        drop(view);
        staging.unmap();
        Ok(result)
    }

    /// Waits until everything submitted so far is done.
    ///
    /// # Errors
    /// Whatever the device reported.
    pub async fn finish(&self) -> Result<()> {
        let (sender, receiver) = oneshot::channel();
        self.queue.on_submitted_work_done(move || {
            let _ = sender.send(());
        });
        self.poll();
        // The sender is dropped without a word only when the device is gone, which `check` reports.
        let _ = receiver.await;
        self.check()
    }

    /// Natively, callbacks run only while the device is polled; in a browser the event loop runs them.
    fn poll(&self) {
        if let Err(error) = self.device.poll(wgpu::PollType::wait_indefinitely()) {
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            faults.error.get_or_insert(Error::Device(error.to_string()));
        }
    }

    /// Compiles a kernel variant, or finds it compiled.
    pub(super) fn pipeline(&self, kernel: &'static Kernel, constants: &[(&'static str, f64)]) -> Rc<Pipeline> {
        let key = format!("{} {constants:?}", kernel.name);
        let mut pipelines = self.pipelines.borrow_mut();
        Rc::clone(pipelines.entry(key).or_insert_with(|| Rc::new(Pipeline::new(&self.device, kernel, constants))))
    }

    /// Gives the device and all of its memory back.
    pub fn destroy(&self) {
        self.device.destroy();
    }
}

fn watch(device: &wgpu::Device) -> Arc<Mutex<Faults>> {
    let faults = Arc::<Mutex<Faults>>::default();
    let on_lost = Arc::clone(&faults);
    device.set_device_lost_callback(move |reason, message| {
        let text = if message.is_empty() { format!("{reason:?}") } else { message };
        on_lost.lock().unwrap_or_else(PoisonError::into_inner).lost.get_or_insert(text);
    });
    let on_error = Arc::clone(&faults);
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        let error = match error {
            wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory("an allocation failed".into()),
            other => Error::Device(other.to_string()),
        };
        on_error.lock().unwrap_or_else(PoisonError::into_inner).error.get_or_insert(error);
    }));
    faults
}
