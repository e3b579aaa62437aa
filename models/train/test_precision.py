"""Tests of the type that networks compute in."""

import time

import torch

from precision import call_lowered, compute_type, lowered


def test_computing_in_it_is_no_mistake():
    # Without instructions for it, bfloat16 takes hundreds of times as long as float32.
    matrix = torch.randn(512, 512, generator=torch.Generator().manual_seed(1))

    def fastest(operand):
        return min(seconds_of(lambda: operand @ operand) for _ in range(5))

    assert fastest(lowered(matrix)) < 10 * fastest(matrix)


def test_gradients_reach_the_originals():
    layer = torch.nn.Linear(8, 4)
    inputs = torch.randn(3, 8, generator=torch.Generator().manual_seed(2))
    outputs = call_lowered(layer, lowered(inputs))
    outputs.float().sum().backward()
    assert outputs.dtype == compute_type("cpu") and layer.weight.dtype == torch.float32
    expected = inputs.sum(0).expand(4, 8)
    assert torch.linalg.vector_norm(layer.weight.grad - expected) < 0.01 * torch.linalg.vector_norm(expected)


def test_other_devices_have_bfloat16():
    assert compute_type("cuda") == torch.bfloat16


def seconds_of(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
