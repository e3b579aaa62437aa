"""Checks a GGUF file against the float32 weights it was made from: `check_gguf.py FILE.gguf EXPECTED.safetensors`.

Every tensor of the file must hold, byte for byte, what the gguf package makes of the expected values in the type that
the file chose, and every expected tensor must be there. Expected names may be those of the file (original Wan names,
llama.cpp's t5encoder) or those of diffusers and transformers. Exits with 1 and a list of the tensors that differ.
Needs no more than `pip install -r tests/reference/requirements-check.txt`.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

from names import dit_original, text_llama, vae_original
from quantisation import dequantise, quantise, read_tensors


def file_names(path: Path, expected: list[str]) -> dict[str, str]:
    """Each expected tensor's name in the file."""
    reader = gguf.GGUFReader(path)
    architecture = reader.get_field("general.architecture").contents()
    config = reader.get_field("config")
    config = json.loads(config.contents()) if config else {}
    rename = {
        "wan": dit_original,
        "wan_vae": lambda name: vae_original(name, config),
        "t5encoder": text_llama,
    }.get(architecture)
    if rename is None:
        sys.exit(f"{path}: general.architecture is {architecture!r}; expected wan, wan_vae or t5encoder")
    present = {tensor.name for tensor in reader.tensors}
    return {name: name if name in present else rename(name) for name in expected}


def difference(stored: np.ndarray, kind: gguf.GGMLQuantizationType, shape: tuple[int, ...], expected: np.ndarray) -> str:
    """What is wrong with a tensor, or an empty string."""
    if shape != expected.shape:
        return f"shape {list(shape)} instead of {list(expected.shape)}"
    reference = quantise(expected.reshape(dequantise(stored, kind).shape), kind)
    if np.array_equal(stored.view(np.uint8), reference.view(np.uint8)):
        return ""
    values, wanted = dequantise(stored, kind), dequantise(reference, kind)
    error = np.linalg.norm(values - wanted) / max(np.linalg.norm(wanted), 1e-30)
    return f"{kind.name}: {np.mean(values != wanted):.2%} of the values differ, relative error {error:.2e}"


def check(path: Path, expected_path: Path) -> list[str]:
    """The complaints about a file; none if it is right."""
    stored = read_tensors(path)
    expected = load_file(expected_path)
    names = file_names(path, list(expected))
    complaints = [f"{name} is missing" for name in names.values() if name not in stored]
    complaints += [f"{name} is not expected" for name in stored.keys() - set(names.values())]
    for expected_name, name in names.items():
        if name in stored:
            kind, data, shape = stored[name]
            wrong = difference(data, kind, shape, expected[expected_name])
            complaints += [f"{name}: {wrong}"] if wrong else []
    kinds = Counter(kind.name for kind, _, _ in stored.values())
    print(f"{path}: {len(stored)} tensors ({', '.join(f'{count} {kind}' for kind, count in kinds.most_common())})")
    return complaints


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    problems = check(Path(sys.argv[1]), Path(sys.argv[2]))
    print("\n".join(problems) or "every tensor holds the expected values")
    sys.exit(bool(problems))
