"""Values that look random and are the same on every machine and in C# (Draws.cs): inputs need not be stored.

Element i of the operand named "Case/x" is the splitmix64 of seed + (i + 1)·γ, the seed being the FNV-1a hash of the name. Its upper 20
bits give a float32 without rounding, its upper 53 a float64 that no float32 holds.
"""
import numpy as np

MASK = (1 << 64) - 1


def seed(name):
    """FNV-1a, 64 bits, of the name's UTF-8 bytes."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def words(name, count):
    """Steele, Lea and Flood 2014: splitmix64, by counter."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed(name)) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def count_of(shape):
    return int(np.prod(shape, dtype=np.int64)) if len(shape) else 1


def floats(name, shape, low=-1.0, high=1.0):
    """float64 numbers that are float32 numbers, in [low, high)."""
    parts = (words(name, count_of(shape)) >> np.uint64(44)).astype(np.float64)
    return (low + (high - low) * (parts / 2**20)).astype(np.float32).astype(np.float64).reshape(shape)


def doubles(name, shape):
    """float64 numbers in [-1, 1)."""
    parts = (words(name, count_of(shape)) >> np.uint64(11)).astype(np.float64)
    return (-1.0 + 2.0 * (parts / 2**53)).reshape(shape)


def ints(name, shape, bound):
    """Whole numbers in [0, bound)."""
    return ((words(name, count_of(shape)) >> np.uint64(44)) * np.uint64(bound) >> np.uint64(20)).astype(np.int64).reshape(shape)


def bools(name, shape, share):
    """True for about a share of them."""
    return floats(name, shape, 0.0, 1.0) < share
