"""
A Llama in plain PyTorch, eager, and the machine's ceilings: what bench/gpu/run.py compares with.

    python3 bench/gpu/llama_torch.py bench --shape 1b --device cuda --dtype bf16 --prompt 2048 --tokens 64
    python3 bench/gpu/llama_torch.py ceilings --device cuda

Written as one writes it without a compiler: a linear layer a projection, scaled_dot_product_attention, a static cache, weights and cache in
the same type. The shape, the prompt's length, greedy choice and the logits of the last position alone are those of `llama bench`. Nothing
waits for the device inside a step. Each command prints one line of JSON. Times are medians, by CUDA events on a GPU.
"""

import argparse
import inspect
import json
import statistics
import time

import torch
import torch.nn.functional as functional

from shapes import SHAPES, Shape

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
HAS_SDPA = hasattr(functional, "scaled_dot_product_attention")
HAS_RMS_NORM = hasattr(functional, "rms_norm")


def has_gqa() -> bool:
    """Whether this PyTorch's attention takes fewer key than query heads."""
    if not HAS_SDPA:
        return False
    try:
        return "enable_gqa" in inspect.signature(functional.scaled_dot_product_attention).parameters
    except ValueError:  # A builtin: its documentation has the signature.
        return "enable_gqa" in (functional.scaled_dot_product_attention.__doc__ or "")


HAS_GQA = has_gqa()


def rms_norm(x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    if HAS_RMS_NORM:
        return functional.rms_norm(x, (x.shape[-1],), gain, 1e-5)
    wide = x.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-5)).to(x.dtype) * gain


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None, causal: bool) -> torch.Tensor:
    """q: heads by new positions; k, v: key heads by seen positions."""
    repeat = q.shape[1] // k.shape[1]
    if repeat > 1 and q.shape[2] == 1:
        # One position: the query heads of a key head are as good as that many positions, and nothing need be repeated.
        return attend(q.reshape(1, k.shape[1], repeat, -1), k, v, mask, causal).reshape(1, q.shape[1], 1, -1)
    if HAS_GQA:
        return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=repeat > 1)
    if repeat > 1:
        k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
    if HAS_SDPA:
        return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    if causal:
        mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1) @ v


class Block:
    def __init__(self, shape: Shape, make):
        self.shape = shape
        self.attention_norm, self.ffn_norm = make(shape.hidden), make(shape.hidden)
        self.q = make(shape.heads * shape.head, shape.hidden)
        self.k = make(shape.kv_heads * shape.head, shape.hidden)
        self.v = make(shape.kv_heads * shape.head, shape.hidden)
        self.o = make(shape.hidden, shape.heads * shape.head)
        self.gate, self.up = make(shape.ffn, shape.hidden), make(shape.ffn, shape.hidden)
        self.down = make(shape.hidden, shape.ffn)

    def cache(self, capacity: int, like: torch.Tensor):
        self.keys = like.new_zeros(1, self.shape.kv_heads, capacity, self.shape.head)
        self.values = torch.zeros_like(self.keys)

    def forward(self, x, cosines, sines, at, end, mask):
        """
        x: [1, new, hidden]. at: the new positions, as a tensor where they are known to the device alone (then the whole cache is read
        under the mask), else a slice of them; end: one past the last.
        """
        shape, new = self.shape, x.shape[1]
        n = rms_norm(x, self.attention_norm)
        q = functional.linear(n, self.q).view(1, new, shape.heads, shape.head).transpose(1, 2)
        k = functional.linear(n, self.k).view(1, new, shape.kv_heads, shape.head).transpose(1, 2)
        v = functional.linear(n, self.v).view(1, new, shape.kv_heads, shape.head).transpose(1, 2)
        q, k = rotate(q, cosines, sines), rotate(k, cosines, sines)
        if isinstance(at, slice):
            self.keys[:, :, at] = k
            self.values[:, :, at] = v
        else:
            self.keys.index_copy_(2, at, k)
            self.values.index_copy_(2, at, v)
        y = attend(q, self.keys[:, :, :end], self.values[:, :, :end], mask, causal=new > 1)
        x = x + functional.linear(y.transpose(1, 2).reshape(1, new, -1), self.o)
        m = rms_norm(x, self.ffn_norm)
        return x + functional.linear(functional.silu(functional.linear(m, self.gate)) * functional.linear(m, self.up), self.down)


def rotate(x: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
    """Turns x[i] and x[i + head/2] together: cosines and sines are [new, head], each half the same."""
    left, right = x.chunk(2, -1)
    return x * cosines + torch.cat((-right, left), -1) * sines


class Llama:
    def __init__(self, shape: Shape, dtype: torch.dtype, device: str):
        generator = torch.Generator(device).manual_seed(1)

        def make(*size: int) -> torch.Tensor:
            if len(size) == 1:
                return torch.ones(size, dtype=dtype, device=device)
            deviation = (2 / (size[0] + size[1])) ** 0.5
            return (torch.randn(size, generator=generator, device=device, dtype=torch.float32) * deviation).to(dtype)

        self.shape, self.device = shape, device
        self.embedding, self.norm = make(shape.vocabulary, shape.hidden), make(shape.hidden)
        self.blocks = [Block(shape, make) for _ in range(shape.layers)]

    def cache(self, capacity: int):
        for block in self.blocks:
            block.cache(capacity, self.embedding)
        half = self.shape.head // 2
        rates = self.shape.theta ** (-torch.arange(half, device=self.device, dtype=torch.float64) / half)
        angles = torch.arange(capacity, device=self.device, dtype=torch.float64)[:, None] * rates
        angles = torch.cat((angles, angles), -1)
        self.cosines, self.sines = angles.cos().to(self.embedding.dtype), angles.sin().to(self.embedding.dtype)
        self.positions = torch.arange(capacity, device=self.device)

    def forward(self, ids, at, end, mask=None):
        """The likeliest token after the last of ids: [1, 1], on the device."""
        x = functional.embedding(ids, self.embedding)
        cosines, sines = self.cosines[at], self.sines[at]
        for block in self.blocks:
            x = block.forward(x, cosines, sines, at, end, mask)
        return functional.linear(rms_norm(x[:, -1:], self.norm), self.embedding).argmax(-1)

    def prefill(self, ids):
        return self.forward(ids, slice(0, ids.shape[1]), ids.shape[1])

    def decode(self, token, position: int):
        return self.forward(token, slice(position, position + 1), position + 1)


class Clock:
    """Seconds between two moments of the device's own queue; on a CPU, of the wall."""

    def __init__(self, device: str):
        self.cuda = device.startswith("cuda")

    def now(self):
        if not self.cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def between(self, start, end) -> float:
        if not self.cuda:
            return end - start
        end.synchronize()
        return start.elapsed_time(end) / 1e3

    def median(self, work, repeats: int, warm: int = 2) -> float:
        for _ in range(warm):
            work()
        if self.cuda:
            torch.cuda.synchronize()
        times = []
        for _ in range(repeats):
            start = self.now()
            work()
            times.append(self.between(start, self.now()))
        return statistics.median(times)


def graph_rate(model: Llama, token, prompt: int, tokens: int, clock: Clock) -> float:
    """
    Decode with the step's launches captured in a CUDA graph: no more eager, and what is left when launches cost nothing. The position lives
    on the device, so each step reads the whole of the cache under a mask.
    """
    position = torch.tensor([prompt], device=model.device)
    token = token.clone()
    capacity = model.positions.shape[0]

    def step():
        mask = (model.positions <= position)[None, None, None]
        token.copy_(model.forward(token, position, capacity, mask))
        position.add_(1)

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def run():
        position.fill_(prompt)
        for _ in range(tokens):
            graph.replay()

    return tokens / clock.median(run, 3)


def bench(arguments) -> dict:
    shape, clock = SHAPES[arguments.shape], Clock(arguments.device)
    prompt, tokens = arguments.prompt, arguments.tokens
    model = Llama(shape, DTYPES[arguments.dtype], arguments.device)
    model.cache(prompt + max(tokens, 4))
    ids = torch.randint(shape.vocabulary, (1, prompt), device=arguments.device)
    first = model.prefill(ids)

    def decode():
        token = first
        for position in range(prompt, prompt + tokens):
            token = model.decode(token, position)
        return token

    result = {
        "prefill_tps": prompt / clock.median(lambda: model.prefill(ids), arguments.repeats),
        "decode_tps": tokens / clock.median(decode, arguments.repeats),
        "attention": "sdpa with enable_gqa" if HAS_GQA else "sdpa" if HAS_SDPA else "softmax",
        "torch": torch.__version__,
    }
    if clock.cuda:
        try:
            result["decode_graph_tps"] = graph_rate(model, first, prompt, tokens, clock)
        except Exception as error:  # Reported beside the rest, which does not need it.
            result["decode_graph_error"] = f"{type(error).__name__}: {error}"
    return result


def ceilings(arguments) -> dict:
    """Bytes a second of a copy on the device, read and written, and operations a second of square bf16 products of random numbers."""
    clock, device = Clock(arguments.device), arguments.device
    count = arguments.copy_mib << 20
    source = torch.randint(256, (count,), dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copy = 2 * count / clock.median(lambda: target.copy_(source), 20, warm=5)
    del source, target
    rates = {}
    for size in arguments.sizes:
        left, right = (torch.randn(size, size, device=device).to(torch.bfloat16) for _ in range(2))
        rates[str(size)] = 2 * size**3 / clock.median(lambda: left @ right, 20, warm=5)
    name = torch.cuda.get_device_name() if clock.cuda else "cpu"
    return {"device": name, "torch": torch.__version__, "copy_bytes_per_s": copy, "matmul_flops": rates}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("bench", help="prefill and decode")
    command.add_argument("--shape", choices=SHAPES, default="1b")
    command.add_argument("--device", default="cuda")
    command.add_argument("--dtype", choices=DTYPES, default="bf16")
    command.add_argument("--prompt", type=int, default=2048)
    command.add_argument("--tokens", type=int, default=64)
    command.add_argument("--repeats", type=int, default=5)
    command = commands.add_parser("ceilings", help="copy bandwidth and matrix rate")
    command.add_argument("--device", default="cuda")
    command.add_argument("--copy-mib", type=int, default=1024)
    command.add_argument("--sizes", type=int, nargs="+", default=[4096, 8192])
    arguments = parser.parse_args()
    with torch.inference_mode():
        print(json.dumps((bench if arguments.command == "bench" else ceilings)(arguments)))


if __name__ == "__main__":
    main()
