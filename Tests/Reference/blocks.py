"""Whole blocks and small models; PyTorch's own layers where it has them."""
import torch
import torch.nn.functional as F
from torch import nn

import rotary
from attention import causal, grouped, some_seen
from cases import collection
from layers import rms_norm

CASES, case = collection()
D, HEADS, HIDDEN = 12, 3, 20


def fill(attention, draw, prefix=""):
    attention.in_proj_weight.copy_(torch.cat([draw(prefix + name, D, D, low=-0.5, high=0.5) for name in ("query", "key", "value")]))
    attention.in_proj_bias.copy_(torch.cat([draw(prefix + name, D) for name in ("query_bias", "key_bias", "value_bias")]))
    attention.out_proj.weight.copy_(draw(prefix + "output", D, D, low=-0.5, high=0.5))
    attention.out_proj.bias.copy_(draw(prefix + "output_bias", D))


def fill_rest(layer, draw):
    layer.linear1.weight.copy_(draw("up", HIDDEN, D, low=-0.5, high=0.5))
    layer.linear1.bias.copy_(draw("up_bias", HIDDEN))
    layer.linear2.weight.copy_(draw("down", D, HIDDEN, low=-0.5, high=0.5))
    layer.linear2.bias.copy_(draw("down_bias", D))
    for name, norm in layer.named_children():
        if name.startswith("norm"):
            norm.weight.copy_(draw.gain(name + "_gain", D))
            norm.bias.copy_(draw(name + "_bias", D))
    return layer.train()


def encoder(draw, norm_first, activation):
    layer = nn.TransformerEncoderLayer(D, HEADS, HIDDEN, 0.0, activation, 1e-5, True, norm_first, dtype=draw.dtype)
    fill(layer.self_attn, draw)
    return fill_rest(layer, draw)(draw("x", 2, 7, D), src_mask=~causal(7))


@case
def PreNormBlock(draw):
    return {"y": encoder(draw, True, F.gelu)}


@case
def PostNormBlock(draw):
    return {"y": encoder(draw, False, F.relu)}


@case
def DecoderBlock(draw):
    """Causal self-attention, then cross-attention to a padded memory, post-norm."""
    layer = nn.TransformerDecoderLayer(D, HEADS, HIDDEN, 0.0, F.relu, 1e-5, True, False, dtype=draw.dtype)
    fill(layer.self_attn, draw)
    fill(layer.multihead_attn, draw, "cross_")
    keep = some_seen(draw.bools("keep", 0.6, 2, 5))
    y = fill_rest(layer, draw)(draw("x", 2, 7, D), draw("memory", 2, 5, D), tgt_mask=~causal(7), memory_key_padding_mask=~keep)
    return {"y": y}


@case
def Gpt2(draw):
    """Two blocks as GPT-2 has them: weights [in, out], learned positions, GELU by tanh, a head tied to the embedding."""
    ids, table = draw.ints("ids", 17, 2, 6), draw("embedding", 17, D, low=-0.5, high=0.5)
    x = F.embedding(ids, table) + draw("positions", 8, D, low=-0.5, high=0.5)[:6]
    for i in range(2):
        def weight(name, *shape):
            return draw(f"h.{i}.{name}", *shape, low=-0.5, high=0.5)

        def bias(name, size):
            return draw(f"h.{i}.{name}", size)

        def norm(value, name):
            return F.layer_norm(value, [D], draw.gain(f"h.{i}.{name}.gain", D), bias(name + ".bias", D), 1e-5)

        n = norm(x, "ln_1")
        q, k, v = (n @ weight(name, D, D) + bias(name + "_bias", D) for name in ("query", "key", "value"))
        heads = grouped(q.reshape(2, 6, HEADS, 1, 4), k.reshape(2, 6, HEADS, 4), v.reshape(2, 6, HEADS, 4), causal(6)).reshape(2, 6, D)
        x = x + heads @ weight("output", D, D) + bias("output_bias", D)
        h = F.gelu(norm(x, "ln_2") @ weight("up", D, HIDDEN) + bias("up_bias", HIDDEN), approximate="tanh")
        x = x + h @ weight("down", HIDDEN, D) + bias("down_bias", D)
    x = F.layer_norm(x, [D], draw.gain("ln_f.gain", D), draw("ln_f.bias", D), 1e-5)
    return {"logits": x @ table.T}


@case
def LlamaBlock(draw):
    b, s, g, r, k = 2, 7, 2, 3, 4
    x = draw("x", b, s, D)
    n = rms_norm(x, draw.gain("attention_norm", D))
    q = torch.from_numpy(rotary.rotate(F.linear(n, draw("query", g * r * k, D)).reshape(b, s, g, r, k), rotary.default(k)))
    keys = torch.from_numpy(rotary.rotate(F.linear(n, draw("key", g * k, D)).reshape(b, s, g, k), rotary.default(k)))
    values = F.linear(n, draw("value", g * k, D)).reshape(b, s, g, k)
    x = x + F.linear(grouped(q, keys, values, causal(s)).reshape(b, s, -1), draw("output", D, g * r * k))
    m = rms_norm(x, draw.gain("feed_forward_norm", D))
    return {"y": x + F.linear(F.silu(F.linear(m, draw("gate", HIDDEN, D))) * F.linear(m, draw("up", HIDDEN, D)), draw("down", D, HIDDEN))}


def perceptron(draw, x, mean, variance, training):
    h = F.linear(x, draw("up", HIDDEN, D), draw("up_bias", HIDDEN))
    h = F.batch_norm(h, mean, variance, draw.gain("gain", HIDDEN), draw("bias", HIDDEN), training, 0.25, 1e-5)
    return F.linear(F.relu(h), draw("down", 5, HIDDEN), draw("down_bias", 5))


@case
def BatchNormPerceptron(draw):
    """Two batches of training, then inference by the running statistics they left."""
    mean, variance = torch.zeros(HIDDEN, dtype=draw.dtype), torch.ones(HIDDEN, dtype=draw.dtype)
    results = {}
    for result, rows, training in (("1", 9, True), ("2", 6, True), ("3", 4, False)):
        results["y" + result] = perceptron(draw, draw("x" + result, rows, D), mean, variance, training)
    return dict(results, mean=mean, variance=variance)
