//! Buffers, and the shapes that are seen in them.

use std::ops::Deref;
use std::rc::{Rc, Weak};

use super::arena::FreeList;

/// A buffer on the device, destroyed with its last owner. In a browser, one that is only dropped keeps its memory until the
/// garbage collector comes by, which sees nothing of that memory and may take its time. What was submitted before is still
/// carried out.
pub(super) struct Buffer(wgpu::Buffer);

impl Buffer {
    pub(super) fn new(device: &wgpu::Device, label: &str, bytes: u64, usage: wgpu::BufferUsages) -> Rc<Self> {
        let description = wgpu::BufferDescriptor { label: Some(label), size: bytes, usage, mapped_at_creation: false };
        Rc::new(Self(device.create_buffer(&description)))
    }
}

impl Deref for Buffer {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.0.destroy();
    }
}

/// A buffer on the device, or only its size while memory is being planned.
pub struct Storage {
    bytes: u64,
    buffer: Option<Rc<Buffer>>,
    /// Where the buffer goes when nobody needs it any more.
    home: Weak<FreeList>,
}

impl Storage {
    /// A zeroed buffer.
    pub(super) fn new(device: &wgpu::Device, label: &str, bytes: u64) -> Self {
        let bytes = rounded(bytes);
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let buffer = Buffer::new(device, label, bytes, usage);
        Self { bytes, buffer: Some(buffer), home: Weak::new() }
    }

    /// The size of a buffer without the buffer.
    pub fn planned(bytes: u64) -> Self {
        Self { bytes: rounded(bytes), buffer: None, home: Weak::new() }
    }

    pub(super) fn lent(bytes: u64, buffer: Option<Rc<Buffer>>, home: Weak<FreeList>) -> Self {
        Self { bytes, buffer, home }
    }

    /// Size in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn buffer(&self) -> Option<&Rc<Buffer>> {
        self.buffer.as_ref()
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            home.give_back(self.bytes, self.buffer.take());
        }
    }
}

/// Buffers hold at least one vector and whole words.
pub(super) fn rounded(bytes: u64) -> u64 {
    bytes.max(16).next_multiple_of(16)
}

/// Number of values of a tensor of this shape. In a browser `usize` has 32 bits, and what is too large must not seem small.
pub fn elements_of(shape: &[usize]) -> u64 {
    shape.iter().map(|&size| size as u64).product()
}

/// Bytes of a tensor of this shape.
pub(super) fn bytes_of(shape: &[usize]) -> u64 {
    4 * elements_of(shape)
}

/// Values in f32, row-major, in a buffer of their own. Cloning shares the buffer.
#[derive(Clone)]
pub struct Tensor {
    storage: Rc<Storage>,
    shape: Vec<usize>,
}

impl Tensor {
    /// Sees `shape` in a buffer.
    pub fn new(storage: Rc<Storage>, shape: &[usize]) -> Self {
        debug_assert!(bytes_of(shape) <= storage.bytes());
        Self { storage, shape: shape.to_vec() }
    }

    /// One that only counts.
    pub fn planned(shape: &[usize]) -> Self {
        Self::new(Rc::new(Storage::planned(bytes_of(shape))), shape)
    }

    /// Size of each dimension, slowest first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of values. One that is only planned may have more of them than any memory.
    pub fn elements(&self) -> u64 {
        elements_of(&self.shape)
    }

    /// The product of all dimensions but the last, and the last.
    pub fn rows_and_columns(&self) -> (usize, usize) {
        let (columns, rows) = self.shape.split_last().map_or((1, &[][..]), |(&columns, rows)| (columns, rows));
        (rows.iter().product(), columns)
    }

    /// The buffer.
    pub fn storage(&self) -> &Rc<Storage> {
        &self.storage
    }
}

#[cfg(test)]
mod tests {
    use super::Tensor;

    #[test]
    fn planned_tensors_may_exceed_32_bits() {
        // The hidden features of Wan 2.1 1.3B for 832 × 480 pixels with 1,741 frames.
        let tensor = Tensor::planned(&[680_160, 8960]);
        assert_eq!(tensor.elements(), 6_094_233_600_u64);
        assert_eq!(tensor.storage().bytes(), 24_376_934_400);
        assert_eq!(tensor.rows_and_columns(), (680_160, 8960));
    }
}
