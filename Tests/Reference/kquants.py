"""Makes kquants.gguf and kquants.json: a random model of one block in llama.cpp's K-quants, and what it computes.

    python3 kquants.py weights random.gguf
    llama-quantize random.gguf kquants.gguf Q4_K_M
    llama-quantize --allow-requantize kquants.gguf dequantised.gguf F32
    python3 kquants.py reference dequantised.gguf > kquants.json

The reference has the SHA-256 of every tensor that llama.cpp dequantised, and logits that NumPy computed from them in float64.
"""
import hashlib
import json
import struct
import sys

import numpy as np

D, F, HEADS, KV_HEADS, HEAD, VOCABULARY = 256, 256, 4, 2, 64, 300
EPSILON, THETA = float(np.float32(1e-5)), 500000.0
IDS = [1, 7, 299, 42, 260, 133, 5, 88, 200, 270, 3, 19]
POSITIONS = [0, 5, 11]


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def weights(path):
    random = np.random.default_rng(1)
    entries = []

    def entry(key, kind, data):
        entries.append(text(key) + struct.pack("<I", kind) + data)

    def array(key, kind, data):
        entry(key, 9, struct.pack("<IQ", kind, VOCABULARY) + data)

    entry("general.architecture", 8, text("llama"))
    for key, value in [
            ("vocab_size", VOCABULARY), ("context_length", 64), ("embedding_length", D), ("block_count", 1), ("feed_forward_length", F),
            ("attention.head_count", HEADS), ("attention.head_count_kv", KV_HEADS), ("rope.dimension_count", HEAD)]:
        entry("llama." + key, 4, struct.pack("<I", value))
    entry("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5))
    entry("llama.rope.freq_base", 6, struct.pack("<f", THETA))
    tokens = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % i for i in range(256)] + ["t%d" % i for i in range(VOCABULARY - 259)]
    kinds = [2, 3, 3] + [6] * 256 + [1] * (VOCABULARY - 259)
    entry("tokenizer.ggml.model", 8, text("llama"))
    array("tokenizer.ggml.tokens", 8, b"".join(map(text, tokens)))
    array("tokenizer.ggml.scores", 6, np.zeros(VOCABULARY, np.float32).tobytes())
    array("tokenizer.ggml.token_type", 5, np.array(kinds, np.int32).tobytes())
    for i, name in enumerate(["unknown", "bos", "eos"]):
        entry("tokenizer.ggml.%s_token_id" % name, 4, struct.pack("<I", i))

    shapes = [("token_embd", (VOCABULARY, D)), ("blk.0.attn_norm", (D,)), ("blk.0.attn_q", (HEADS * HEAD, D)),
              ("blk.0.attn_k", (KV_HEADS * HEAD, D)), ("blk.0.attn_v", (KV_HEADS * HEAD, D)), ("blk.0.attn_output", (D, HEADS * HEAD)),
              ("blk.0.ffn_norm", (D,)), ("blk.0.ffn_gate", (F, D)), ("blk.0.ffn_up", (F, D)), ("blk.0.ffn_down", (D, F)), ("output_norm", (D,))]
    head, data = b"", b""
    for name, shape in shapes:
        isMatrix = len(shape) == 2
        values = random.standard_normal(shape) * 0.0625 if isMatrix else 1 + 0.1 * random.standard_normal(shape)
        bits = values.astype(np.float32).view(np.uint32)
        head += text(name + ".weight") + struct.pack("<I", len(shape)) + struct.pack("<%dQ" % len(shape), *shape[::-1])
        head += struct.pack("<IQ", 30 if isMatrix else 0, len(data))
        data += (bits >> 16).astype(np.uint16).tobytes() if isMatrix else bits.tobytes()
        data += bytes(-len(data) % 32)
    start = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(entries)) + b"".join(entries) + head
    with open(path, "wb") as file:
        file.write(start + bytes(-len(start) % 32) + data)


def read(path):
    """The bytes of every tensor, all of float32, and their shapes."""
    data, at = open(path, "rb").read(), 4

    def take(kind):
        nonlocal at
        value, = struct.unpack_from("<" + kind, data, at)
        at += struct.calcsize("<" + kind)
        return value

    def string():
        nonlocal at
        length = take("Q")
        at += length
        return data[at - length:at].decode()

    def value(kind):
        if kind == 8:
            return string()
        if kind == 9:
            kind, count = take("I"), take("Q")
            return [value(kind) for _ in range(count)]
        return take({0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}[kind])

    take("I")
    count, entries = take("Q"), take("Q")
    for _ in range(entries):
        string()
        value(take("I"))
    places = []
    for _ in range(count):
        name, shape = string(), [take("Q") for _ in range(take("I"))][::-1]
        assert take("I") == 0, name + " is no float32"
        places.append((name, shape, take("Q")))
    base = -(-at // 32) * 32
    return {name: (shape, data[base + begin:base + begin + 4 * int(np.prod(shape))]) for name, shape, begin in places}


def reference(path):
    tensors = read(path)
    w = {name[:-len(".weight")].split("blk.0.")[-1]: np.frombuffer(raw, np.float32).astype(np.float64).reshape(shape)
         for name, (shape, raw) in tensors.items()}

    def norm(x, weight):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weight

    def rotate(x):
        # Neighbours are a pair: the layout of GGUF's llama.
        angle = (np.arange(len(x))[:, None] * THETA ** (-np.arange(0, HEAD, 2) / HEAD))[:, None]
        even, odd = x[..., 0::2], x[..., 1::2]
        return np.stack([even * np.cos(angle) - odd * np.sin(angle), even * np.sin(angle) + odd * np.cos(angle)], -1).reshape(x.shape)

    x = w["token_embd"][IDS]
    n = norm(x, w["attn_norm"])
    q, k, v = (n @ w["attn_" + name].T for name in "qkv")
    q, k, v = (rotate(q.reshape(len(IDS), HEADS, HEAD)), rotate(k.reshape(len(IDS), KV_HEADS, HEAD)), v.reshape(len(IDS), KV_HEADS, HEAD))
    heads = np.empty_like(q)
    for head in range(HEADS):
        group = head * KV_HEADS // HEADS
        scores = q[:, head] @ k[:, group].T / np.sqrt(HEAD)
        scores[np.triu_indices(len(IDS), 1)] = -np.inf
        p = np.exp(scores - scores.max(-1, keepdims=True))
        heads[:, head] = p / p.sum(-1, keepdims=True) @ v[:, group]
    x = x + heads.reshape(len(IDS), -1) @ w["attn_output"].T
    m = norm(x, w["ffn_norm"])
    gate = m @ w["ffn_gate"].T
    x = x + (gate / (1 + np.exp(-gate)) * (m @ w["ffn_up"].T)) @ w["ffn_down"].T
    logits = norm(x, w["output_norm"]) @ w["token_embd"].T
    hashes = {name: hashlib.sha256(raw).hexdigest() for name, (_, raw) in tensors.items()}
    rows = [[float("%.7g" % logit) for logit in logits[position]] for position in POSITIONS]
    json.dump({"ids": IDS, "positions": POSITIONS, "sha256": hashes, "logits": rows}, sys.stdout)


{"weights": weights, "reference": reference}[sys.argv[1]](sys.argv[2])
