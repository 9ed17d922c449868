"""How a case is declared: a function of its draws that gives its results, in the draws' type."""
import functools

import torch

import draws


class Draw:
    """The operands of one case: draw("x", 2, 3) is that of C#'s draws.Tensor("x", 2, 3)."""

    def __init__(self, name, dtype):
        self.name = name
        self.dtype = dtype

    def __call__(self, operand, *shape, low=-1.0, high=1.0):
        return torch.from_numpy(draws.floats(f"{self.name}/{operand}", shape, low, high)).to(self.dtype)

    def gain(self, operand, *shape):
        return self(operand, *shape, low=0.5, high=1.5)

    def ints(self, operand, bound, *shape):
        return torch.from_numpy(draws.ints(f"{self.name}/{operand}", shape, bound))

    def bools(self, operand, share, *shape):
        return torch.from_numpy(draws.bools(f"{self.name}/{operand}", shape, share))


def collection():
    """A list of cases and the decorator that fills it."""
    cases = []

    def case(function):
        @functools.wraps(function)
        def run(dtype=torch.float64):
            return {result: torch.as_tensor(value) for result, value in function(Draw(function.__name__, dtype)).items()}
        cases.append(run)
        return run

    return cases, case
