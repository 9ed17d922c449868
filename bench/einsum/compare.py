#!/usr/bin/env python3
"""Times the equations of Equations.cs by einsum-bench and by torch.einsum in turn, and prints the table of bench/README.md.

    dotnet build bench/einsum -c Release
    OMP_NUM_THREADS=2 /usr/bin/python3 bench/einsum/compare.py --program bench/einsum/bin/Release/net10.0/einsum-bench --rounds 5

Each round takes every row once with each program, one after the other, so that both see the same machine. A time is the median of a
round's calls; the table has the median of the rounds' times and of the rounds' ratios. A row that others disturbed while it was timed,
by the processor time that was neither ours nor idle, is timed again, for as long as --patience says. Why a row is below 1 is in
reasons.json beside this file, and is printed if it is.
"""
import argparse, json, os, pathlib, statistics, string, subprocess, sys, time

threads = int(os.environ.setdefault("OMP_NUM_THREADS", "2"))
os.environ["EINSUM_THREADS"] = str(threads)
import torch

torch.set_num_threads(threads)
torch.set_grad_enabled(False)


def numbers(text):
    return {name: int(value) for name, value in (pair.split("=") for pair in text.split())}


def letters(equation):
    """The equation with one letter an axis, as torch wants it."""
    names = {}
    inputs, output = equation.split("->")
    terms = [term.split() for term in inputs.split(",")]
    for axis in [axis for term in terms for axis in term] + output.split():
        names.setdefault(axis, string.ascii_letters[len(names)])
    write = lambda axes: "".join(names[axis] for axis in axes)
    return ",".join(map(write, terms)) + "->" + write(output.split())


def peer(row):
    """A call of torch.einsum on random operands; a view of the same strides where ours is one."""
    sizes, kind = numbers(row["Sizes"]), torch.float64 if row["IsDouble"] else torch.float32
    operands = [torch.rand([sizes[axis] for axis in term.split()], dtype=kind) * 2 - 1 for term in row["Text"].split("->")[0].split(",")]
    if row["Views"]:
        index, text = row["Views"].split(":")
        strides, axes = numbers(text), row["Text"].split("->")[0].split(",")[int(index)].split()
        length = 1 + sum((sizes[axis] - 1) * strides[axis] for axis in axes)
        storage = torch.rand(length, dtype=kind) * 2 - 1
        operands[int(index)] = storage.as_strided([sizes[axis] for axis in axes], [strides[axis] for axis in axes])
    equation = letters(row["Text"])
    return lambda: torch.einsum(equation, *operands).contiguous()  # a transpose alone would be a view


def times_of(call, seconds=0.15):
    start = time.perf_counter()
    while True:
        call()
        if time.perf_counter() - start > seconds / 3:
            break
    times, start = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return [statistics.median(times) * 1e6, min(times) * 1e6]


def foreign(process, run):
    """What a run returns, and the part of one core that other processes took meanwhile."""
    tick = os.sysconf("SC_CLK_TCK")

    def busy():
        user, nice, system, idle, iowait, *rest = map(int, open("/proc/stat").readline().split()[1:9])
        fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
        own = int(fields[11]) + int(fields[12])
        return (user + nice + system + sum(rest) - own) / tick - time.process_time()

    start, before = time.perf_counter(), busy()
    result = run()
    return result, (busy() - before) / (time.perf_counter() - start)


def blas():
    """The BLAS that PyTorch has loaded."""
    paths = {line.split()[-1] for line in open("/proc/self/maps") if "blas" in line}
    return ", ".join(sorted(os.path.basename(os.path.realpath(path)) for path in paths)) or "none apart from PyTorch's own"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", default="", help="numbers of rows, separated by commas; all without")
    parser.add_argument("--no-plain", action="store_true")
    parser.add_argument("--patience", type=float, default=0, help="seconds that a round of a row may be repeated for, until it is undisturbed")
    parser.add_argument("--disturbed", type=float, default=0.1, help="the part of a core that others may take")
    parser.add_argument("--least", action="store_true", help="the least time of a round in place of the median: for busy machines")
    options = parser.parse_args()
    process = subprocess.Popen([options.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(line):
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    table = json.loads(ask("list"))
    chosen = [int(row) for row in options.rows.split(",")] if options.rows else range(len(table))
    calls = {i: peer(table[i]) for i in chosen}
    ours, theirs, ratios = ({i: [] for i in chosen} for _ in range(3))
    reasons = json.loads((pathlib.Path(__file__).parent / "reasons.json").read_text())
    disturbed = set()

    def both(i):
        own = float(ask(f"run {i}").split()[options.least])
        other = times_of(calls[i])[options.least]
        time.sleep(0.03)  # their idle threads spin for a while
        return own, other

    for _ in range(options.rounds):
        for i in chosen:
            end = time.perf_counter() + options.patience
            while True:
                (own, other), others = foreign(process, lambda: both(i))
                if others <= options.disturbed or time.perf_counter() > end:
                    break
                time.sleep(0.5)
            if others > options.disturbed:
                disturbed.add(i)
            ours[i].append(own)
            theirs[i].append(other)
            ratios[i].append(other / own)
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, BLAS: {blas()}; load {os.getloadavg()[0]:.1f}; "
          f"rows with a disturbed round: {len(disturbed)} of {len(chosen)}\n", file=sys.stderr)
    print("| | equation | sizes | ours, µs | plain / ours | PyTorch, µs | PyTorch / ours | |")
    print("|---|---|---|---|---|---|---|---|")
    for i in chosen:
        middle = min if options.least else statistics.median
        own, other = middle(ours[i]), middle(theirs[i])
        ratio = other / own if options.least else statistics.median(ratios[i])
        plain = "" if options.no_plain else f"{float(ask(f'plain {i}').split()[0]) / own:.1f}"
        row, low, high = table[i], min(ratios[i]), max(ratios[i])
        name = row["Name"] + (", float64" if row["IsDouble"] else "")
        print(f"| {name} | `{row['Text']}` | {row['Sizes']} | {own:.0f} | {plain} | {other:.0f} "
              f"| {ratio:.2f} ({low:.2f} to {high:.2f}) | {reasons.get(row['Name'], '') if ratio < 1 else ''} |", flush=True)
    process.stdin.close()


main()
