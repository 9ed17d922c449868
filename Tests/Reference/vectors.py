#!/usr/bin/env python3
"""Writes what PyTorch makes of the layers and einsums that the tests here compute too.

    python3 vectors.py                  writes vectors.safetensors beside this file
    python3 vectors.py --to FILE        writes them there (the live test does)
    python3 vectors.py --declare        writes EinsumCases.cs from einsums.txt

Everything is computed in float64, of inputs that are float32 numbers made by draws.py, and rounded once at the end: "Case/result" are
float32. "Name/f64" of an einsum are float64, of inputs that are. PyTorch's own float32 is held to the tests' bound too.
Needs PyTorch (1.13 was used) and NumPy.
"""
import sys

sys.dont_write_bytecode = True

import argparse
import json
import os
import struct

import numpy as np
import torch

import attention
import blocks
import einsums
import layers
import rotary

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {np.dtype("float32"): "F32", np.dtype("float64"): "F64"}


def write(path, results):
    """safetensors: the length of a header, the header in JSON, the data."""
    header, data, at = {"__metadata__": {"source": f"vectors.py, PyTorch {torch.__version__}"}}, [], 0
    # Wider elements first, so that each lies on a multiple of its size.
    for name, value in sorted(results.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])):
        value = np.ascontiguousarray(value) if value.ndim else value
        header[name] = {"dtype": TYPES[value.dtype], "shape": list(value.shape), "data_offsets": [at, at + value.nbytes]}
        data.append(value.tobytes())
        at += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def row_error(exact, found):
    """The largest error, over the largest magnitude of its row (the last axis); rows of zeros must be zeros."""
    if exact.size == 0:
        return 0.0
    exact, found = np.atleast_1d(exact).astype(np.float64), np.atleast_1d(found).astype(np.float64)
    assert np.array_equal(np.isnan(exact), np.isnan(found))
    exact, found = np.nan_to_num(exact), np.nan_to_num(found)
    scale, error = np.max(np.abs(exact), axis=-1, keepdims=True), np.abs(exact - found)
    return float(np.max(np.where(error == 0, 0, error / np.where(scale == 0, 1e-300, scale))))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", default=os.path.join(HERE, "vectors.safetensors"))
    options.add_argument("--declare", action="store_true")
    options = options.parse_args()
    if options.declare:
        with open(os.path.join(HERE, "EinsumCases.cs"), "w", encoding="utf-8", newline="\n") as file:
            file.write(einsums.declare())
        return

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    results, errors = {}, {}
    for name, exact, single in einsums.compute(results):
        errors[name] = row_error(exact, single)
    cases = 0
    for module in (layers, rotary, attention, blocks):
        for case in module.CASES:
            cases += 1
            singles = case(torch.float32)
            for result, value in case().items():
                name, value, single = f"{case.__name__}/{result}", value.numpy(), singles[result].numpy()
                assert value.dtype == np.float64 and single.dtype == np.float32, f"{name} is {value.dtype} and {single.dtype}"
                assert f"{case.__name__}/f32" not in results, f"{case.__name__} is an einsum too"
                errors[name] = row_error(value, single)
                results[name] = value.astype(np.float32)
    worst = sorted(errors, key=errors.get)[-3:]
    assert errors[worst[-1]] < 1e-5, f"PyTorch's own float32 of {worst[-1]} is off by {errors[worst[-1]]}"
    write(options.to, results)
    print(f"PyTorch {torch.__version__}: {len(einsums.read())} einsums, {cases} layers; {os.path.getsize(options.to)} bytes; "
          f"its own float32 is off most in {', '.join(f'{name} ({errors[name]:.1e})' for name in reversed(worst))}")


if __name__ == "__main__":
    main()
