"""Rotary position embeddings: frequencies by the published formulas, as Hugging Face's modeling_rope_utils has them, in NumPy's float64."""
import math

import numpy as np

from cases import collection

CASES, case = collection()


def default(size, base=10_000.0):
    """Su et al. 2021."""
    return base ** -(np.arange(0, size, 2) / size)


def linear(size, factor, base=10_000.0):
    """Chen et al. 2023: positions, and so frequencies, are divided."""
    return default(size, base) / factor


def dynamic(size, factor, trained, length, base=10_000.0):
    """NTK-aware, by the length of the sequence: the base grows once a sequence is longer than the trained context."""
    length = max(length, trained)
    return default(size, base * (factor * length / trained - (factor - 1)) ** (size / (size - 2)))


def yarn_magnitude(factor, scale=1.0):
    return 0.1 * scale * math.log(factor) + 1.0 if factor > 1 else 1.0


def yarn(size, factor, trained, base=10_000.0, fast=32.0, slow=1.0):
    """Peng et al. 2023: fast pairs as they are, slow ones interpolated, a ramp between."""
    def pair_that_turns(times):
        return size * math.log(trained / (times * 2 * math.pi)) / (2 * math.log(base))

    low, high = max(math.floor(pair_that_turns(fast)), 0), min(math.ceil(pair_that_turns(slow)), size - 1)
    if low == high:
        high += 0.001
    interpolated = np.clip((np.arange(size // 2) - low) / (high - low), 0, 1)
    whole = default(size, base)
    return whole / factor * interpolated + whole * (1 - interpolated)


def llama3(size, factor, low, high, trained, base=10_000.0):
    """Llama 3.1: by wavelength, a ramp between two of them."""
    whole = default(size, base)
    wavelength = 2 * math.pi / whole
    smooth = (trained / wavelength - low) / (high - low)
    ramp = (1 - smooth) * whole / factor + smooth * whole
    return np.where(wavelength < trained / high, whole, np.where(wavelength > trained / low, whole / factor, ramp))


def rotate(x, frequencies, layout="halves", magnitude=1.0):
    """Turns the first 2·len(frequencies) values of the last axis by the positions along axis 1; the others stay."""
    x = np.asarray(x)
    half, rest = len(frequencies), x[..., 2 * len(frequencies):]
    angles = np.arange(x.shape[1])[:, None] * frequencies
    shape = (1, x.shape[1]) + (1,) * (x.ndim - 3) + (half,)
    cos, sin = (np.cos(angles) * magnitude).reshape(shape), (np.sin(angles) * magnitude).reshape(shape)
    if layout == "halves":
        first, second = x[..., :half], x[..., half:2 * half]
        turned = np.concatenate((first * cos - second * sin, second * cos + first * sin), -1)
    else:
        first, second = x[..., 0:2 * half:2], x[..., 1:2 * half:2]
        turned = np.stack((first * cos - second * sin, second * cos + first * sin), -1).reshape(x.shape[:-1] + (2 * half,))
    return np.concatenate((turned, rest), -1).astype(x.dtype)


def both(draw, frequencies, magnitude=1.0, length=24):
    x = draw("x", 2, length, 2, 16)
    return {layout: rotate(x, frequencies, layout, magnitude) for layout in ("halves", "neighbours")}


@case
def Rope(draw):
    return both(draw, default(16))


@case
def RopeBase(draw):
    return both(draw, default(16, 500_000.0))


@case
def RopePartial(draw):
    """Half of each head is turned, as by partial_rotary_factor = 0.5."""
    return both(draw, default(8))


@case
def RopeLinear(draw):
    return both(draw, linear(16, 4.0))


@case
def RopeDynamic(draw):
    return both(draw, dynamic(16, 2.0, 8, 24))


@case
def RopeDynamicShort(draw):
    return both(draw, dynamic(16, 2.0, 8, 6), length=6)


@case
def RopeYarn(draw):
    return both(draw, yarn(16, 4.0, 64), yarn_magnitude(4.0))


@case
def RopeYarnBetas(draw):
    """Another ramp, and the magnitude as DeepSeek has it."""
    return both(draw, yarn(16, 8.0, 128, fast=16.0, slow=2.0), yarn_magnitude(8.0, 0.7) / yarn_magnitude(8.0, 0.4))


@case
def RopeYarnPartial(draw):
    return both(draw, yarn(8, 4.0, 64), yarn_magnitude(4.0))


@case
def RopeLlama3(draw):
    return both(draw, llama3(16, 8.0, 1.0, 4.0, 64))
