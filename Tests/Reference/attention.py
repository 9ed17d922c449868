"""Attention with every mask, multi-head by torch.nn.MultiheadAttention, grouped by repeated keys and values."""
import math

import torch
import torch.nn.functional as F
from torch import nn

import rotary
from cases import collection
from layers import rms_norm

CASES, case = collection()


def causal(s, t=None):
    """True where a query sees a key."""
    return torch.ones(s, t or s, dtype=torch.bool).tril()


def near(s, window):
    at = torch.arange(s)
    return (at[:, None] - at[None, :]).abs() < window


def grouped(q, keys, values, seen=None, scale=None, cap=None, bias=None):
    """q [b, s, g, r, k], keys [b, t, g, k], values [b, t, g, w]; seen broadcasts to [b, g, r, s, t]. Keys and values are repeated here."""
    b, s, g, r, k = q.shape
    q = q.reshape(b, s, g * r, k).transpose(1, 2)
    keys, values = keys.repeat_interleave(r, 2).transpose(1, 2), values.repeat_interleave(r, 2).transpose(1, 2)
    scores = q @ keys.transpose(-1, -2) * (1 / math.sqrt(k) if scale is None else scale)
    if cap is not None:
        scores = cap * torch.tanh(scores / cap)
    if bias is not None:
        scores = scores + bias.to(scores.dtype)
    if seen is not None:
        scores = scores.reshape(b, g, r, s, -1).masked_fill(~seen, float("-inf")).reshape(scores.shape)
    return (F.softmax(scores, -1) @ values).transpose(1, 2).reshape(b, s, g, r, -1)


def projected(draw, b=2, s=7, g=2, r=3, k=8, d=10, w=None, spread=1.0):
    x = draw("x", b, s, d)
    q = F.linear(x, draw("query", g * r * k, d, low=-spread, high=spread)).reshape(b, s, g, r, k)
    keys = F.linear(x, draw("key", g * k, d)).reshape(b, s, g, k)
    values = F.linear(x, draw("value", g * (w or k), d)).reshape(b, s, g, w or k)
    return q, keys, values


@case
def GroupedFull(draw):
    return {"y": grouped(*projected(draw))}


@case
def GroupedCausal(draw):
    return {"y": grouped(*projected(draw), causal(7))}


@case
def GroupedCausalLong(draw):
    """More keys than one step of an online softmax takes."""
    return {"y": grouped(*projected(draw, b=1, s=150, g=1, r=2, k=4), causal(150))}


@case
def GroupedFullLong(draw):
    return {"y": grouped(*projected(draw, b=1, s=150, g=1, r=2, k=4))}


@case
def MultiQueryCausal(draw):
    return {"y": grouped(*projected(draw, g=1, r=4), causal(7))}


@case
def OtherValueSize(draw):
    return {"y": grouped(*projected(draw, w=5), causal(7))}


@case
def OtherScale(draw):
    return {"y": grouped(*projected(draw), causal(7), scale=0.25)}


@case
def SlidingWindow(draw):
    return {"y": grouped(*projected(draw, s=11), causal(11) & near(11, 4))}


@case
def SlidingWindowLong(draw):
    return {"y": grouped(*projected(draw, b=1, s=150, g=1, r=2, k=4), causal(150) & near(150, 70))}


@case
def WindowOfOne(draw):
    """A query that sees itself alone has its own value."""
    return {"y": grouped(*projected(draw), causal(7) & near(7, 1))}


@case
def LocalWindow(draw):
    """Both sides."""
    return {"y": grouped(*projected(draw, s=11), near(11, 3))}


def some_seen(seen):
    """Every query sees a key at least."""
    seen = seen.clone()
    seen[..., 0] = True
    return seen


@case
def MaskOfSequences(draw):
    seen = some_seen(draw.bools("seen", 0.5, 2, 7, 7))
    return {"y": grouped(*projected(draw), seen[:, None, None])}


@case
def MaskOfHeads(draw):
    seen = some_seen(draw.bools("seen", 0.5, 2, 3, 7, 7))
    return {"y": grouped(*projected(draw), seen[None])}


@case
def MaskAndCausal(draw):
    seen = some_seen(draw.bools("seen", 0.5, 7, 7))
    return {"y": grouped(*projected(draw), seen & causal(7))}


@case
def KeyPaddingAndCausal(draw):
    keep = some_seen(draw.bools("keep", 0.6, 2, 7))
    return {"y": grouped(*projected(draw), keep[:, None, None, None, :] & causal(7))}


@case
def NothingSeen(draw):
    """A query that sees nothing is NaN, and no other is."""
    seen = some_seen(draw.bools("seen", 0.5, 2, 7, 7))
    seen[0, 3] = False
    seen[1, 0] = False
    return {"y": grouped(*projected(draw), seen[:, None, None])}


@case
def SoftCapCausal(draw):
    return {"y": grouped(*projected(draw, spread=4), causal(7), cap=2.5)}


@case
def SoftCapWindowAsGemma(draw):
    return {"y": grouped(*projected(draw, s=11, spread=4), causal(11) & near(11, 5), scale=0.5, cap=3.0)}


def alibi(heads, s):
    """Press et al. 2021, get_slopes: where the number is no power of two, of the power below, then every other of the one above."""
    def slopes(n):
        return [2 ** (-8 * (i + 1) / n) for i in range(n)]

    power = 2 ** math.floor(math.log2(heads))
    values = slopes(power) + slopes(2 * power)[0::2][:heads - power]
    at = torch.arange(s, dtype=torch.float64)
    return torch.tensor(values, dtype=torch.float64)[:, None, None] * (at[None, :] - at[:, None])


@case
def AlibiCausal(draw):
    return {"y": grouped(*projected(draw, g=4, r=2, k=4), causal(7), bias=alibi(8, 7))}


@case
def AlibiOfSixHeads(draw):
    return {"y": grouped(*projected(draw, g=2, r=3), causal(7), bias=alibi(6, 7))}


@case
def AlibiOfThreeHeads(draw):
    return {"y": grouped(*projected(draw, g=3, r=1), causal(7), bias=alibi(3, 7))}


@case
def AlibiFull(draw):
    """As the formula says: later keys are favoured where they are seen."""
    return {"y": grouped(*projected(draw, g=2, r=2), bias=alibi(4, 7))}


@case
def AlibiWindow(draw):
    return {"y": grouped(*projected(draw, s=11, g=2, r=2), causal(11) & near(11, 5), bias=alibi(4, 11))}


@case
def QkNorm(draw):
    q, keys, values = projected(draw)
    q, keys = rms_norm(q, draw.gain("query_norm", 8)), rms_norm(keys, draw.gain("key_norm", 8))
    turn = rotary.default(8)
    q, keys = torch.from_numpy(rotary.rotate(q, turn)), torch.from_numpy(rotary.rotate(keys, turn))
    return {"y": grouped(q, keys, values, causal(7))}


@case
def RotaryCausal(draw):
    q, keys, values = projected(draw)
    turn, results = rotary.default(8), {}
    for layout in ("halves", "neighbours"):
        turned = [torch.from_numpy(rotary.rotate(value, turn, layout)) for value in (q, keys)]
        results[layout] = grouped(*turned, values, causal(7))
    return results


# By torch.nn.MultiheadAttention: three heads of size 4, biases everywhere

def multihead(draw, d=12, heads=3, **sizes):
    layer = nn.MultiheadAttention(d, heads, batch_first=True, dtype=draw.dtype, **sizes)
    weights = [draw(name, d, sizes.get(axis, d), low=-0.5, high=0.5) for name, axis in (("query", ""), ("key", "kdim"), ("value", "vdim"))]
    if sizes:
        layer.q_proj_weight.copy_(weights[0])
        layer.k_proj_weight.copy_(weights[1])
        layer.v_proj_weight.copy_(weights[2])
    else:
        layer.in_proj_weight.copy_(torch.cat(weights))
    layer.in_proj_bias.copy_(torch.cat([draw(name, d) for name in ("query_bias", "key_bias", "value_bias")]))
    layer.out_proj.weight.copy_(draw("output", d, d, low=-0.5, high=0.5))
    layer.out_proj.bias.copy_(draw("output_bias", d))
    # In training mode it has one path only, the one without fused kernels; there is no dropout.
    return layer.train()


@case
def MultiHeadFull(draw):
    x = draw("x", 2, 7, 12)
    return {"y": multihead(draw)(x, x, x, need_weights=False)[0]}


@case
def MultiHeadCausal(draw):
    x = draw("x", 2, 7, 12)
    return {"y": multihead(draw)(x, x, x, attn_mask=~causal(7), need_weights=False)[0]}


@case
def MultiHeadKeyPadding(draw):
    x, keep = draw("x", 2, 7, 12), some_seen(draw.bools("keep", 0.6, 2, 7))
    return {"y": multihead(draw)(x, x, x, key_padding_mask=~keep, need_weights=False)[0]}


@case
def MultiHeadMask(draw):
    x, seen = draw("x", 2, 7, 12), some_seen(draw.bools("seen", 0.5, 7, 7))
    return {"y": multihead(draw)(x, x, x, attn_mask=~seen, need_weights=False)[0]}


@case
def CrossAttention(draw):
    x, memory = draw("x", 2, 7, 12), draw("memory", 2, 5, 9)
    return {"y": multihead(draw, kdim=9, vdim=9)(x, memory, memory, need_weights=False)[0]}


@case
def CrossAttentionKeyPadding(draw):
    x, memory, keep = draw("x", 2, 7, 12), draw("memory", 2, 5, 9), some_seen(draw.bools("keep", 0.6, 2, 5))
    return {"y": multihead(draw, kdim=9, vdim=9)(x, memory, memory, key_padding_mask=~keep, need_weights=False)[0]}
