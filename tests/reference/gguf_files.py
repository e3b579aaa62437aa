"""Fixtures of the GGUF parser, the dequantisation and the quantiser, written with the gguf package.

gguf/types.gguf: a matrix of every tensor type; types.safetensors: the values gguf dequantises from it.
gguf/shapes.gguf: one to five dimensions, a reshaped convolution, alignment 64; shapes.safetensors: the values.
gguf/metadata.gguf: every kind of metadata value; metadata.json: the values.
gguf/quantise.safetensors: float32 matrices {normal, edges} and the bytes that gguf's quantiser makes of them
{normal.q8_0, normal.q4_0, normal.f16, normal.bf16, edges.q8_0, ...}, u8.
"""

from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type

from common import FIXTURES, generator, normal, save, save_json
from quantisation import add_tensor, dequantise, finish, quantise, read_tensors

DIRECTORY = FIXTURES / "gguf"

# Types that gguf cannot quantise to: random blocks, with the float16 fields (at these byte offsets) kept finite.
RANDOM_BLOCKS = {
    Type.Q2_K: (80, 82),
    Type.Q3_K: (108,),
    Type.Q4_K: (0, 2),
    Type.Q5_K: (0, 2),
    Type.Q6_K: (208,),
}
QUANTISED = (Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1)


def random_blocks(rng: np.random.Generator, kind: Type, rows: int, blocks: int) -> np.ndarray:
    """Random bytes [rows, blocks * bytes a block] whose scales are normal float16 numbers."""
    size = gguf.GGML_QUANT_SIZES[kind][1]
    data = rng.integers(0, 256, (rows, blocks, size), dtype=np.uint8)
    for offset in RANDOM_BLOCKS[kind]:
        scales = rng.normal(0, 0.02, (rows, blocks, 1)).astype(np.float16)
        data[:, :, offset : offset + 2] = scales.view(np.uint8)
    return data.reshape(rows, -1)


def save_checked(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Saves the expected values after reading the GGUF file beside them back to the same values."""
    stored = read_tensors(path.with_suffix(".gguf"))
    assert stored.keys() == tensors.keys()
    for name, (kind, data, shape) in stored.items():
        values = dequantise(data, kind).reshape(shape)
        assert np.array_equal(values, tensors[name]), f"{path}: {name} does not read back"
    save(path, **{name: torch.from_numpy(values) for name, values in tensors.items()})


def write_types() -> None:
    rng = generator(8000)
    writer = gguf.GGUFWriter(DIRECTORY / "types.gguf", "wan")
    tensors = {}
    for kind in QUANTISED:
        tensors[kind.name.lower()] = add_tensor(writer, kind.name.lower(), normal(rng, 3, 512).numpy(), kind)
    for kind in RANDOM_BLOCKS:
        data = random_blocks(rng, kind, rows=3, blocks=2)
        writer.add_tensor(kind.name.lower(), data, raw_dtype=kind)
        tensors[kind.name.lower()] = dequantise(data, kind)
    finish(writer)
    save_checked(DIRECTORY / "types.safetensors", tensors)


def write_shapes() -> None:
    rng = generator(8001)
    writer = gguf.GGUFWriter(DIRECTORY / "shapes.gguf", "wan_vae")
    writer.add_custom_alignment(64)
    tensors = {}
    for name, shape, kind in (
        ("bias", (5,), Type.F32),
        ("matrix", (3, 7), Type.F16),
        ("modulation", (1, 6, 4), Type.F32),
        ("conv2d.weight", (3, 2, 3, 3), Type.BF16),
        ("conv3d.weight", (4, 5, 3, 2, 1), Type.F16),
        ("patch_embedding.weight", (6, 3, 1, 2, 2), Type.F32),
        ("reshaped.weight", (4, 32, 3, 3, 3), Type.Q8_0),
        ("one", (1,), Type.F32),
    ):
        tensors[name] = add_tensor(writer, name, normal(rng, *shape).numpy(), kind)
    finish(writer)
    save_checked(DIRECTORY / "shapes.safetensors", tensors)


def write_metadata() -> None:
    kinds = gguf.GGUFValueType
    values = {
        "u8": (255, kinds.UINT8),
        "i8": (-128, kinds.INT8),
        "u16": (65535, kinds.UINT16),
        "i16": (-32768, kinds.INT16),
        "u32": (4294967295, kinds.UINT32),
        "i32": (-2147483648, kinds.INT32),
        "u64": (18446744073709551615, kinds.UINT64),
        "i64": (-9223372036854775808, kinds.INT64),
        "f32": (0.15625, kinds.FLOAT32),
        "f64": (0.1, kinds.FLOAT64),
        "true": (True, kinds.BOOL),
        "false": (False, kinds.BOOL),
        "string": ("naïve 文字 🎬", kinds.STRING),
        "strings": (["▁a", "", "é"], kinds.ARRAY),
        "i32s": ([1, -2, 3], kinds.ARRAY),
        "f32s": ([0.5, -1.25], kinds.ARRAY),
        "bools": ([True, False, True], kinds.ARRAY),
        "nested": ([[1, 2], [3]], kinds.ARRAY),
        "config": ('{"dim": 4}', kinds.STRING),
    }
    writer = gguf.GGUFWriter(DIRECTORY / "metadata.gguf", "t5encoder")
    for name, (value, kind) in values.items():
        writer.add_key_value(name, value, kind)
    writer.add_tensor("tensor", np.arange(4, dtype=np.float32))
    finish(writer)
    expected = {"general.architecture": {"type": "STRING", "value": "t5encoder"}}
    expected |= {name: {"type": kind.name, "value": value} for name, (value, kind) in values.items()}
    save_json(DIRECTORY / "metadata.json", expected)


def edge_values(rng: np.random.Generator) -> torch.Tensor:
    """Rows of 64 values that sit where quantisers differ."""
    rows = [
        np.zeros(64),
        np.linspace(-1, 1, 64),  # the largest magnitude twice, with both signs
        np.arange(64) - 31.5,  # many ties between two steps
        np.arange(64) * 127 / 63,
        -np.abs(rng.standard_normal(64)) * 100,
        rng.standard_normal(64) * 1e-6,  # the scale underflows in float16
        rng.standard_normal(64) * 1e-3 + 5,  # a narrow range far from zero
        rng.standard_normal(64) * 10.0 ** rng.integers(-6, 4, 64),
        np.where(np.arange(64) % 32 == 17, -6e4, 1.0),
        np.where(rng.random(64) < 0.5, 0.5, -0.0),
    ]
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def write_quantiser() -> None:
    rng = generator(8002)
    tensors = {"normal": normal(rng, 8, 96), "edges": edge_values(rng)}
    for name in ("normal", "edges"):
        for kind in (Type.Q8_0, Type.Q4_0, Type.F16, Type.BF16):
            stored = quantise(tensors[name].numpy(), kind)
            tensors[f"{name}.{kind.name.lower()}"] = torch.from_numpy(stored.view(np.uint8).copy())
    save(DIRECTORY / "quantise.safetensors", **tensors)


def write() -> None:
    DIRECTORY.mkdir(parents=True)
    write_types()
    write_shapes()
    write_metadata()
    write_quantiser()
