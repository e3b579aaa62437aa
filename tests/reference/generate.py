"""Writes tests/fixtures: `python tests/reference/generate.py [part ...]`. Without arguments every part is written."""

import importlib
import shutil
import sys

import diffusers
import transformers

from common import FIXTURES

PARTS = ["dit", "text", "vae", "sampler", "gguf", "quantised", "pipeline", "tokenizer"]
MODULES = {"gguf": "gguf_files"}  # a module named gguf would hide the package


def main(parts: list[str]) -> None:
    unknown = set(parts) - set(PARTS)
    if unknown:
        sys.exit(f"unknown part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
    for part in parts or PARTS:
        print(part)
        shutil.rmtree(FIXTURES / part, ignore_errors=True)
        importlib.import_module(MODULES.get(part, part)).write()
    size = sum(file.stat().st_size for file in FIXTURES.rglob("*") if file.is_file())
    print(f"tests/fixtures holds {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
