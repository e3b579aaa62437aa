//! Scratch memory of recordings: buffers that are used again as soon as the tensor in them is dropped.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::device::Gpu;
use super::tensor::{Buffer, Storage, Tensor, bytes_of, rounded};
use crate::error::{Error, Result};

/// Hands out scratch tensors while a recording is made. Dispatches run in the order in which they were recorded, so a
/// buffer whose tensor was dropped can serve the next one. Recordings that share an arena share its buffers, so nothing
/// in it outlives one run.
#[derive(Clone)]
pub struct Arena {
    gpu: Option<Rc<Gpu>>,
    free: Rc<FreeList>,
}

#[derive(Default)]
pub(super) struct FreeList {
    buffers: RefCell<Vec<(u64, Option<Rc<Buffer>>)>>,
    reserved: Cell<u64>,
    largest: Cell<u64>,
}

impl FreeList {
    pub(super) fn give_back(&self, bytes: u64, buffer: Option<Rc<Buffer>>) {
        self.buffers.borrow_mut().push((bytes, buffer));
    }

    /// Smallest free buffer that holds `bytes` without wasting more than it uses.
    fn take(&self, bytes: u64) -> Option<(u64, Option<Rc<Buffer>>)> {
        let mut buffers = self.buffers.borrow_mut();
        let fits = |size: u64| size >= bytes && size <= 2 * bytes;
        let best = (0..buffers.len()).filter(|&i| fits(buffers[i].0)).min_by_key(|&i| buffers[i].0)?;
        Some(buffers.swap_remove(best))
    }
}

impl Arena {
    /// An arena on the device.
    pub fn new(gpu: &Rc<Gpu>) -> Self {
        Self { gpu: Some(Rc::clone(gpu)), free: Rc::default() }
    }

    /// An arena that only counts.
    pub fn planning() -> Self {
        Self { gpu: None, free: Rc::default() }
    }

    /// The device, unless the arena only counts.
    pub fn gpu(&self) -> Option<&Rc<Gpu>> {
        self.gpu.as_ref()
    }

    /// A scratch tensor; its values are whatever was there.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] when it is larger than a shader can see.
    pub fn tensor(&self, shape: &[usize]) -> Result<Tensor> {
        let bytes = rounded(bytes_of(shape));
        self.free.largest.set(self.free.largest.get().max(bytes));
        let (bytes, buffer) = match self.free.take(bytes) {
            Some(free) => free,
            None => {
                self.free.reserved.set(self.free.reserved.get() + bytes);
                (bytes, self.allocate(bytes)?)
            }
        };
        Ok(Tensor::new(Rc::new(Storage::lent(bytes, buffer, Rc::downgrade(&self.free))), shape))
    }

    fn allocate(&self, bytes: u64) -> Result<Option<Rc<Buffer>>> {
        let Some(gpu) = &self.gpu else { return Ok(None) };
        let storage = gpu.allocate("activation", bytes)?;
        storage.buffer().cloned().map(Some).ok_or_else(|| Error::Device("no buffer was made".into()))
    }

    /// Bytes of all buffers made so far: the peak of everything recorded with this arena.
    pub fn reserved_bytes(&self) -> u64 {
        self.free.reserved.get()
    }

    /// Bytes of the largest tensor asked for.
    pub fn largest_bytes(&self) -> u64 {
        self.free.largest.get()
    }
}
