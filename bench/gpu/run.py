#!/usr/bin/env python3
"""
Everything to be known of Einsharp on one GPU machine, in one call: the machine's ceilings, the text and logits beside the CPU's, decode and
prefill beside PyTorch's, the test suite. Needs python3 and the archive that bench/gpu/publish.sh makes; no SDK.

    python3 bench/gpu/run.py --publish artifacts/gpu.tar.xz --out result.json

prints tables and, last, one line of JSON, which FILE holds too and holds after every step, should the call be cut short. What could not be
run (no PyTorch, no GPU, no time) stands under `missing`. The exit code is 1 if a check or a test failed, or if nothing of ours ran.

To try it where there is no GPU: --device ilgpu-cpu --torch-device cpu --shape tiny --dtype f32 --prompt 8 --short 0 --tokens 2 --repeats 1
--check-tokens 4 (minutes), or --device cpu with any shape.
"""

import argparse
import glob
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

from shapes import SHAPES

HERE = os.path.dirname(os.path.abspath(__file__))
BYTES = {"f32": 4, "bf16": 2, "f16": 2}
PROMPT = "First Citizen:"
MOST_DIFFERENCE = 1e-3


class Failure(Exception):
    """Why a step could not be run; `output` is what a program had printed when its time was over."""

    output = ""


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.deadline = time.monotonic() + arguments.seconds
        self.result = {"arguments": vars(arguments), "missing": []}
        self.failed = False

    # Steps and processes

    def step(self, name: str, work):
        """Runs a step; what keeps it from running is noted, and the next one runs."""
        print(f"\n## {name}", flush=True)
        start = time.monotonic()
        try:
            work()
        except Failure as failure:
            print(f"missing: {failure}", flush=True)
            self.result["missing"].append(f"{name}: {failure}")
        self.result.setdefault("seconds", {})[name] = round(time.monotonic() - start, 1)
        self.write()

    def write(self):
        if self.arguments.out:
            with open(self.arguments.out + ".new", "w", encoding="utf-8") as file:
                file.write(json.dumps(self.result) + "\n")
            os.replace(self.arguments.out + ".new", self.arguments.out)

    def run(self, command: list[str], limit: float = 600, check: bool = True) -> tuple[int, str, str]:
        """Exit code, output and errors of a program, which is ended when its time or the call's is over."""
        left = min(limit, self.deadline - time.monotonic())
        if left < 1:
            raise Failure("no time left")
        # Errors go to a file: a pipe that nobody reads would fill.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            try:
                process = subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=errors, text=True, errors="replace", start_new_session=True)
            except OSError as error:
                raise Failure(f"{command[0]} does not start: {error.strerror}") from None
            try:
                output, _ = process.communicate(timeout=left)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, _ = process.communicate()
                failure = Failure(f"{shown(command)} took more than {left:.0f} s; it had printed: {tail(output)}")
                failure.output = output
                raise failure from None
            errors.seek(0)
            said = errors.read()
        if check and process.returncode != 0:
            raise Failure(f"{shown(command)} ended with {process.returncode}: {tail(said or output)}")
        return process.returncode, output, said

    def ours(self, *arguments: str, check: bool = True) -> str:
        return self.run([os.path.join(self.publish, "llama-gpu"), *arguments], check=check)[1]

    def torch(self, *arguments: str) -> dict:
        if self.torch_missing:
            raise Failure(self.torch_missing)
        return last_json(self.run([sys.executable, os.path.join(HERE, "llama_torch.py"), *arguments])[1])

    # The steps

    def machine(self):
        machine = {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
        self.result["machine"] = machine
        query = "name,driver_version,memory.total,clocks.sm,clocks.mem,clocks.max.sm,power.limit"
        self.torch_missing = None
        device = self.arguments.torch_device
        code, output, said = self.run(
            [sys.executable, "-c", "import torch; print(torch.__version__, torch.cuda.is_available())"], limit=120, check=False)
        if code != 0:
            self.torch_missing = "no PyTorch: " + (said.strip().splitlines() or ["nothing said"])[-1]
        else:
            version, has_cuda = output.split()
            machine["torch"] = version
            if device == "cuda" and has_cuda != "True":
                self.torch_missing = f"PyTorch {version} sees no GPU"
        if self.torch_missing:
            self.result["missing"].append(self.torch_missing)
        print(json.dumps(machine))
        if shutil.which("nvidia-smi") is None:
            raise Failure("no nvidia-smi")
        machine["gpu"] = self.run(["nvidia-smi", "--query-gpu=" + query, "--format=csv,noheader"], limit=60)[1].strip()
        print(f"{query}: {machine['gpu']}")

    def unpack(self):
        path = self.arguments.publish
        if os.path.isdir(path):
            self.publish = os.path.abspath(path)
        elif os.path.isfile(path):
            self.publish = self.temporary
            with tarfile.open(path) as archive:
                if hasattr(tarfile, "data_filter"):
                    archive.extractall(self.publish, filter="data")
                else:
                    archive.extractall(self.publish)
        else:
            raise Failure(f"there is no {path}; bench/gpu/publish.sh makes it")
        if not os.path.isfile(os.path.join(self.publish, "llama-gpu")):
            raise Failure(f"{path} holds no llama-gpu")
        self.has_ours = True

    def devices(self):
        self.need_ours()
        listed = self.ours("devices").strip()
        self.result["devices"] = listed.splitlines()
        print(listed)

    def ceilings(self):
        arguments = ["ceilings", "--device", self.arguments.torch_device, "--copy-mib", str(self.arguments.copy_mib)]
        self.result["ceilings"] = ceilings = self.torch(*arguments, "--sizes", *map(str, self.arguments.matmul))
        print(f"copy on the device, read and written: {ceilings['copy_bytes_per_s'] / 1e9:,.0f} GB/s")
        for size, rate in ceilings["matmul_flops"].items():
            print(f"bf16 product of {size}: {rate / 1e12:,.2f} TFLOP/s")

    def checks(self):
        self.need_ours()
        for model in [os.path.join(self.publish, "model"), *self.arguments.model]:
            self.check(model)

    def check(self, model: str):
        tokens = str(self.arguments.check_tokens)
        greedy = ["generate", "--model", model, "--prompt", PROMPT, "--temperature", "0", "--tokens", tokens, "--raw", "--dtype", "f32"]
        # All ids are in any vocabulary, and differ.
        ids = ",".join(str(1 + i * 37 % 200) for i in range(self.arguments.check_tokens))
        logits = ["logits", "--model", model, "--ids", ids, "--dtype", "f32", "--device"]
        text, other = (self.ours(*greedy, "--device", device) for device in ("cpu", self.arguments.device))
        rows, others = (
            [[float(value) for value in line.split()] for line in self.ours(*logits, device).splitlines()]
            for device in ("cpu", self.arguments.device))
        differences = [abs(a - b) for row, beside in zip(rows, others) for a, b in zip(row, beside)]
        difference = max(differences, default=0)
        same_shape = [len(row) for row in rows] == [len(row) for row in others]
        # One by one: what is no number is not within it, but need not be the largest.
        passed = text == other and same_shape and all(one <= MOST_DIFFERENCE for one in differences)
        self.failed |= not passed
        self.result.setdefault("checks", []).append(
            {"model": os.path.basename(model), "same_text": text == other, "logits_difference": difference, "passed": passed})
        print(f"{os.path.basename(model)}: greedy text {'the same' if text == other else 'DIFFERS'} as on the CPU ({tokens} tokens); "
              f"logits differ by at most {difference:.2g} ({len(rows)} positions): {'passed' if passed else 'FAILED'}")
        if text != other:
            print(f"cpu: {text}\n{self.arguments.device}: {other}")

    def rates(self, prompt: int, repeats: int):
        options = ["--shape", self.arguments.shape, "--dtype", self.arguments.dtype, "--prompt", str(prompt)]
        options += ["--tokens", str(self.arguments.tokens)]
        pair = self.result.setdefault("rates", {}).setdefault(str(prompt), {"ours": [], "torch": []})
        failures = {}
        for _ in range(repeats):
            # Turn and turn about, so that both meet the same clocks; one that fails once is not tried again.
            for name in ("ours", "torch"):
                try:
                    if name not in failures:
                        pair[name].append(self.rate(name, options))
                except Failure as failure:
                    failures[name] = failure
            self.write()
        if failures:
            raise Failure("; ".join(f"{name}: {failure}" for name, failure in failures.items()))

    def rate(self, name: str, options: list[str]) -> dict:
        if name == "torch":
            return self.torch("bench", *options, "--device", self.arguments.torch_device)
        self.need_ours()
        return last_json(self.ours("bench", *options, "--device", self.arguments.device, "--json"))

    def tests(self):
        self.need_ours()
        programs = [path[:-len(".runtimeconfig.json")] for path in glob.glob(os.path.join(self.publish, "*Tests*.runtimeconfig.json"))]
        programs = [path for path in programs if os.access(path, os.X_OK)]
        if not programs:
            raise Failure("the publish has no test program (see bench/README.md); the checks above are all that was tested")
        for program in programs:
            # --serial: tests that share one device take turns. A test of a device has its name in its own.
            wanted = self.arguments.test_filter or self.arguments.device
            command = [program, "--serial", *([] if wanted == "all" else ["--filter", wanted])]
            cut = None
            try:
                code, output, said = self.run(command, check=False)
            except Failure as failure:
                code, output, said, cut = None, failure.output, "", failure
            lines = output.strip().splitlines()
            counts = {word: sum(line.startswith(word + " ") for line in lines) for word in ("passed", "skipped", "FAILED")}
            self.failed |= code not in (0, None) or counts["FAILED"] > 0
            self.result.setdefault("tests", []).append(
                {"command": shown(command), "exit": code, **counts, "failed": [line for line in lines if line.startswith("FAILED")]})
            print("\n".join(line for line in lines if not line.startswith("passed ")))
            print(f"{shown(command)}: {counts['passed']} passed, {counts['FAILED']} failed, {counts['skipped']} skipped", flush=True)
            if code:
                print(said, flush=True)

            # Tests whose data is not there say so and pass.
            self.result["missing"] += [f"tests: {line}" for line in said.splitlines() if line.startswith("skipped")]
            if cut:
                raise cut

    def need_ours(self):
        if not self.has_ours:
            raise Failure("there is no publish")

    # The report

    def summary(self):
        """Medians, spread and shares, into the result and as tables."""
        shape, width = SHAPES[self.arguments.shape], BYTES[self.arguments.dtype]
        ceilings = self.result.get("ceilings", {})
        copy, matmul = ceilings.get("copy_bytes_per_s"), max(ceilings.get("matmul_flops", {}).values(), default=None)
        summary = self.result["summary"] = {}
        for prompt, pair in self.result.get("rates", {}).items():
            here = summary[prompt] = {}
            # Of a step in the middle of what is decoded. Our cache holds f32; PyTorch's, the type of its weights.
            seen = int(prompt) + self.arguments.tokens / 2
            flops = shape.prefill_flops(int(prompt))
            for name, runs in pair.items():
                if not runs:
                    continue
                decode, prefill = spread(runs, "decode_tps"), spread(runs, "prefill_tps")
                step = runs[0].get("weight_bytes", shape.decode_bytes(width))
                cache = shape.cache_bytes(seen, 4 if name == "ours" else width)
                here[name] = {"decode_tps": decode, "prefill_tps": prefill, "weight_bytes": step}
                if copy:
                    here[name]["decode_share_of_copy"] = decode[0] * step / copy
                    here[name]["decode_share_of_copy_with_cache"] = decode[0] * (step + cache) / copy
                if matmul:
                    here[name]["prefill_share_of_matmul"] = prefill[0] * flops / int(prompt) / matmul
                if "decode_graph_tps" in runs[0]:
                    here[name]["decode_graph_tps"] = spread([run for run in runs if "decode_graph_tps" in run], "decode_graph_tps")
            pairs = list(zip(pair["ours"], pair["torch"]))
            if pairs:
                for key in ("decode_tps", "prefill_tps"):
                    here["ratio_" + key] = spread([{key: ours[key] / other[key]} for ours, other in pairs], key)
            if here:
                self.table(prompt, here)

    def table(self, prompt: str, here: dict):
        ours, torch = here.get("ours", {}), here.get("torch", {})

        def row(name: str, key: str, form, ratio: str = ""):
            cells = [form(side[key]) if key in side else "-" for side in (ours, torch)]
            print(f"| {name} | {cells[0]} | {cells[1]} | {ratio} |")

        def rate(values) -> str:
            return f"{values[0]:,.1f} ({values[1]:,.1f} to {values[2]:,.1f})"

        def ratio(key: str) -> str:
            return "{:.2f} ({:.2f} to {:.2f})".format(*here[key]) if key in here else "-"

        def share(value: float) -> str:
            return f"{100 * value:.1f} %"

        arguments = self.arguments
        print(f"\n{arguments.shape} {arguments.dtype}, prompt of {prompt}, {arguments.tokens} tokens decoded at batch 1, "
              f"median (least to most) of {max(len(runs) for runs in self.result['rates'][prompt].values())}:\n")
        print("| | Einsharp | PyTorch eager | ratio |\n|---|---|---|---|")
        row("decode, tokens/s", "decode_tps", rate, ratio("ratio_decode_tps"))
        row("… of copy bandwidth, weights alone", "decode_share_of_copy", share)
        row("… with the cache", "decode_share_of_copy_with_cache", share)
        row("… in a CUDA graph, tokens/s", "decode_graph_tps", rate)
        row("prefill, tokens/s", "prefill_tps", rate, ratio("ratio_prefill_tps"))
        row("… of the matrix rate", "prefill_share_of_matmul", share)

    def main(self) -> int:
        arguments = self.arguments
        self.has_ours, self.torch_missing = False, "not looked for"
        with tempfile.TemporaryDirectory() as self.temporary:
            self.step("machine", self.machine)
            self.step("publish", self.unpack)
            self.step("devices", self.devices)
            self.step("ceilings", self.ceilings)
            self.step("checks", self.checks)
            self.step(f"prompt of {arguments.prompt}", lambda: self.rates(arguments.prompt, arguments.repeats))
            if arguments.short:
                self.step(f"prompt of {arguments.short}", lambda: self.rates(arguments.short, 1))
            if arguments.tests:
                self.step("tests", self.tests)
            else:
                self.result["missing"].append("tests: left out on request")
        print("\n## result")
        self.summary()
        for one in self.result["missing"]:
            print(f"missing: {one}")
        nothing = not any(pair["ours"] for pair in self.result.get("rates", {}).values())
        self.result["passed"] = not self.failed and not nothing
        self.write()
        print(json.dumps(self.result))
        return 0 if self.result["passed"] else 1


def spread(runs: list[dict], key: str) -> list[float]:
    values = [run[key] for run in runs]
    return [statistics.median(values), min(values), max(values)]


def last_json(output: str) -> dict:
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    raise Failure(f"no JSON in: {tail(output)}")


def shown(command: list[str]) -> str:
    return " ".join([os.path.basename(command[0]), *command[1:]])


def tail(text: str) -> str:
    return " ".join(text.split())[-400:] or "nothing"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--publish", default=os.path.join(HERE, "..", "..", "artifacts", "gpu.tar.xz"), help="archive or folder")
    parser.add_argument("--out", help="the file for the JSON")
    parser.add_argument("--device", default="cuda", help="as llama-gpu's")
    parser.add_argument("--torch-device", default="cuda", help="cuda or cpu")
    parser.add_argument("--shape", choices=SHAPES, default="1b")
    parser.add_argument("--dtype", choices=BYTES, default="bf16")
    parser.add_argument("--prompt", type=int, default=2048)
    parser.add_argument("--short", type=int, default=512, help="a second prompt, run once; 0 for none")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3, help="pairs of a run of ours and one of PyTorch's")
    parser.add_argument("--check-tokens", type=int, default=64)
    parser.add_argument("--model", action="append", default=[], help="one more model to check, beside the one in the publish")
    parser.add_argument("--copy-mib", type=int, default=1024)
    parser.add_argument("--matmul", type=int, nargs="+", default=[4096, 8192])
    parser.add_argument("--seconds", type=float, default=540, help="for the whole call; steps that find no time are reported")
    parser.add_argument("--tests", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--test-filter", help="only tests with this in their names; without it those of --device, for 'all' all")
    return Bench(parser.parse_args()).main()


if __name__ == "__main__":
    sys.exit(main())
