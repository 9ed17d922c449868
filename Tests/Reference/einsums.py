"""The einsums of einsums.txt by torch.einsum, and their declaration in C#."""
import os
import re
import string

import torch

import draws

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "einsums.txt")


def read():
    """(name, equation, shapes) of every line."""
    cases = []
    for line in open(LIST, encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            name, equation, shapes = (part.strip() for part in line.split("|"))
            cases.append((name, equation, [[int(size) for size in shape.split()] for shape in shapes.split(",")]))
    return cases


def einsum(equation, operands):
    """torch.einsum, with names for axes. It knows 52 letters: where there are more axes, those of one operand alone are summed before."""
    left, output = equation.split("->")
    terms = [term.split() for term in left.split(",")]
    output = output.split()
    names = sorted({axis for term in terms for axis in term if axis != "..."})
    if len(names) > 52:
        for i, term in enumerate(terms):
            others = {axis for j, other in enumerate(terms) if j != i for axis in other} | set(output)
            kept = [axis for axis in term if axis in others]
            operands[i] = einsum(" ".join(term) + "->" + " ".join(kept), [operands[i]])
            terms[i] = kept
        names = sorted({axis for term in terms for axis in term})
    letters = dict(zip(names, string.ascii_letters), **{"...": "..."})
    text = ",".join("".join(letters[axis] for axis in term) for term in terms) + "->" + "".join(letters[axis] for axis in output)
    return torch.einsum(text, *operands)


def compute(results):
    """Adds "Name/f64", of float64 inputs, and "Name/f32", of float32 inputs but computed in float64."""
    for name, equation, shapes in read():
        operands = [torch.from_numpy(draws.doubles(f"{name}/{i}", shape)) for i, shape in enumerate(shapes)]
        results[f"{name}/f64"] = einsum(equation, operands).numpy()
        operands = [torch.from_numpy(draws.floats(f"{name}/{i}", shape)) for i, shape in enumerate(shapes)]
        exact = einsum(equation, list(operands)).numpy()
        results[f"{name}/f32"] = exact.astype("float32")
        single = einsum(equation, [operand.float() for operand in operands]).numpy()
        yield name, exact, single


def declare():
    """EinsumCases.cs: each einsum as a method of float and one of double, and how to call it by name."""
    text = ["// Written by `python3 Tests/Reference/vectors.py --declare` from einsums.txt; a test compares the two.", "",
            "namespace Einsharp.Tests.Reference;", ""]
    cases = read()
    for suffix, tensor, what in (("Floats", "Tensor", "float32"), ("Doubles", "Tensor<double>", "float64")):
        text += [f"/// <summary>The einsums of einsums.txt in {what}.</summary>", f"internal static partial class Einsum{suffix}", "{",
                 f"    /// <summary>The einsums by name, as functions of their operands.</summary>",
                 f"    public static readonly Dictionary<string, Func<{tensor}[], {tensor}>> ByName = new(StringComparer.Ordinal)", "    {"]
        for name, _, shapes in cases:
            arguments = ", ".join(f"o[{i}]" for i in range(len(shapes)))
            text.append(f'        ["{name}"] = o => {name}({arguments}),')
        text += ["    };"]
        for name, equation, shapes in cases:
            parameters = ", ".join(f"{tensor} {letter}" for letter in string.ascii_lowercase[:len(shapes)])
            if len(parameters) > 80:
                parameters = "\n        " + parameters
            text += ["", f"    [Einsum({literal(equation)})]", f"    public static partial {tensor} {name}({parameters});"]
        text += ["}", ""]
    return "\n".join(text)


def literal(equation):
    """A C# string, cut so that lines stay within 140 columns."""
    if len(equation) < 120:
        return f'"{equation}"'
    parts = re.findall(r".{1,100}(?:\s|$)", equation)
    return "\n        " + "\n        + ".join(f'"{part}"' for part in parts)
