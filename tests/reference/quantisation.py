"""Quantising with the gguf package: bytes, dequantised values, and GGUF files made of them."""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type


def quantise(values: np.ndarray, kind: Type) -> np.ndarray:
    """The stored form of float32 values: an array of the type's own numbers, or bytes for block types and BF16."""
    return gguf.quants.quantize(np.ascontiguousarray(values, dtype=np.float32), kind)


def dequantise(stored: np.ndarray, kind: Type) -> np.ndarray:
    """The float32 values that a stored array means, as an array of their own."""
    return gguf.quants.dequantize(stored, kind).astype(np.float32)


def block_size(kind: Type) -> int:
    """Elements a block."""
    return gguf.GGML_QUANT_SIZES[kind][0]


def is_block_type(kind: Type) -> bool:
    """Whether values are stored in blocks with a common scale."""
    return block_size(kind) > 1


def add_tensor(writer: gguf.GGUFWriter, name: str, values: np.ndarray, kind: Type) -> np.ndarray:
    """Adds a tensor to a GGUF file in the given type and returns the values a reader will see.

    Block types store convolution weights as a matrix [out, in * taps] and note the true shape beside it.
    """
    shape = values.shape
    if is_block_type(kind) and values.ndim > 2:
        writer.add_array(f"comfy.gguf.orig_shape.{name}", list(shape))
        values = values.reshape(shape[0], -1)
    stored = quantise(values, kind)
    writer.add_tensor(name, stored, raw_dtype=kind)
    return dequantise(stored, kind).reshape(shape)


def finish(writer: gguf.GGUFWriter) -> None:
    """Writes everything that was added."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_tensors(path: Path) -> dict[str, tuple[Type, np.ndarray, tuple[int, ...]]]:
    """The tensors of a GGUF file: name -> (type, stored array, shape as torch has it)."""
    reader = gguf.GGUFReader(path)
    tensors = {}
    for tensor in reader.tensors:
        shape = tuple(int(size) for size in reversed(tensor.shape))
        original = reader.get_field(f"comfy.gguf.orig_shape.{tensor.name}")
        if original is not None:
            shape = tuple(original.contents())
        tensors[tensor.name] = (tensor.tensor_type, tensor.data, shape)
    return tensors
