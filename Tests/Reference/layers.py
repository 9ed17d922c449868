"""Norms, activations, gated units, look-ups, softmaxes, reductions and rearrangements."""
import torch
import torch.nn.functional as F

from cases import collection

CASES, case = collection()
EPSILON = 1e-5


def rms_norm(x, gain=None, epsilon=EPSILON, axes=1):
    """Zhang and Sennrich 2019; PyTorch 1.13 has no such layer."""
    over = tuple(range(-axes, 0))
    y = x * torch.rsqrt(x.pow(2).mean(over, keepdim=True) + epsilon)
    return y if gain is None else y * gain


# Norms

@case
def RmsNorm(draw):
    return {"y": rms_norm(draw("x", 2, 5, 24), draw.gain("gain", 24))}


@case
def RmsNormLargeEpsilon(draw):
    return {"y": rms_norm(draw("x", 2, 5, 24), draw.gain("gain", 24), 0.25)}


@case
def RmsNormWithoutGain(draw):
    return {"y": rms_norm(draw("x", 2, 5, 24))}


@case
def RmsNormOfHeads(draw):
    return {"y": rms_norm(draw("x", 2, 4, 2, 3, 8), draw.gain("gain", 8))}


@case
def RmsNormOverTwoAxes(draw):
    return {"y": rms_norm(draw("x", 2, 4, 3, 8), draw.gain("gain", 3, 8), axes=2)}


@case
def LayerNorm(draw):
    x = draw("x", 2, 5, 24, low=1, high=3)
    return {"y": F.layer_norm(x, [24], draw.gain("gain", 24), draw("bias", 24), EPSILON)}


@case
def LayerNormLargeEpsilon(draw):
    x = draw("x", 2, 5, 24, low=1, high=3)
    return {"y": F.layer_norm(x, [24], draw.gain("gain", 24), draw("bias", 24), 0.25)}


@case
def LayerNormWithoutBias(draw):
    return {"y": F.layer_norm(draw("x", 2, 5, 24, low=1, high=3), [24], draw.gain("gain", 24), None, EPSILON)}


@case
def LayerNormPlain(draw):
    return {"y": F.layer_norm(draw("x", 2, 5, 24, low=1, high=3), [24], None, None, EPSILON)}


@case
def LayerNormOverTwoAxes(draw):
    return {"y": F.layer_norm(draw("x", 2, 4, 3, 8, low=1, high=3), [3, 8], draw.gain("gain", 3, 8), draw("bias", 3, 8), EPSILON)}


@case
def LayerNormOffset(draw):
    """Features far from 0 against their spread: a variance by E[x²] − E[x]² in float32 would be wrong."""
    return {"y": F.layer_norm(draw("x", 2, 5, 24, low=32, high=36), [24], draw.gain("gain", 24), draw("bias", 24), EPSILON)}


def batch_norm(draw, x, features, training, momentum=0.25):
    mean, variance = draw("mean", features), draw.gain("variance", features)
    y = F.batch_norm(x, mean, variance, draw.gain("gain", features), draw("bias", features), training, momentum, EPSILON)
    return y, mean, variance


@case
def BatchNormInference(draw):
    return {"y": batch_norm(draw, draw("x", 6, 10), 10, False)[0]}


@case
def BatchNormImages(draw):
    return {"y": batch_norm(draw, draw("x", 2, 5, 3, 4), 5, False)[0]}


def two_steps(draw, features, first, second):
    """y and the running statistics after each of two batches of different sizes."""
    mean, variance = draw("mean", features), draw.gain("variance", features)
    gain, bias = draw.gain("gain", features), draw("bias", features)
    results = {}
    for step, x in (("1", first), ("2", second)):
        results["y" + step] = F.batch_norm(x, mean, variance, gain, bias, True, 0.25, EPSILON)
        results["mean" + step], results["variance" + step] = mean.clone(), variance.clone()
    return results


@case
def BatchNormTraining(draw):
    return two_steps(draw, 10, draw("x1", 6, 10, low=0, high=2), draw("x2", 4, 10))


@case
def BatchNormImagesTraining(draw):
    return two_steps(draw, 5, draw("x1", 2, 5, 3, 4, low=0, high=2), draw("x2", 3, 5, 2, 2))


@case
def BatchNormSequencesTraining(draw):
    """The features last; PyTorch wants them second."""
    results = two_steps(draw, 6, draw("x1", 2, 7, 6, low=0, high=2).transpose(1, 2), draw("x2", 3, 4, 6).transpose(1, 2))
    return {name: value.transpose(1, 2) if name.startswith("y") else value for name, value in results.items()}


# Softmax

@case
def Softmax(draw):
    x = draw("x", 3, 7, 5, low=-20, high=20)
    return {"last": F.softmax(x, 2), "middle": F.softmax(x, 1), "first": F.softmax(x, 0)}


@case
def LogSoftmax(draw):
    x = draw("x", 3, 7, 5, low=-20, high=20)
    return {"last": F.log_softmax(x, 2), "middle": F.log_softmax(x, 1), "first": F.log_softmax(x, 0)}


@case
def SoftmaxLong(draw):
    """More than a vector, and far from 0."""
    x = draw("x", 2, 301, low=80, high=100)
    return {"softmax": F.softmax(x, 1), "log": F.log_softmax(x, 1)}


# Activations, of rows of growing scale, each held against its own largest magnitude

def scaled(draw):
    return draw("x", 6, 37) * torch.tensor([[0.0625], [1], [4], [16], [64], [256]], dtype=draw.dtype)


@case
def Silu(draw):
    return {"y": F.silu(scaled(draw))}


@case
def Swish(draw):
    x = scaled(draw)
    return {"y": x * torch.sigmoid(1.702 * x)}


@case
def GeluErf(draw):
    return {"y": F.gelu(scaled(draw))}


@case
def GeluTanh(draw):
    return {"y": F.gelu(scaled(draw), approximate="tanh")}


@case
def Sigmoid(draw):
    return {"y": torch.sigmoid(scaled(draw))}


@case
def Tanh(draw):
    return {"y": torch.tanh(scaled(draw))}


@case
def Relu(draw):
    return {"y": F.relu(scaled(draw))}


@case
def SoftCap(draw):
    return {"y": 30 * torch.tanh(scaled(draw) / 30)}


# Gated units

def halves(draw):
    x = draw("x", 2, 3, 12)
    return F.linear(x, draw("up", 10, 12)), F.linear(x, draw("gate", 10, 12))


@case
def Glu(draw):
    return {"y": F.glu(torch.cat(halves(draw), -1))}


@case
def GluWithBias(draw):
    up, gate = halves(draw)
    return {"y": F.glu(torch.cat((up + draw("up_bias", 10), gate + draw("gate_bias", 10)), -1))}


@case
def SwiGlu(draw):
    up, gate = halves(draw)
    return {"y": F.linear(F.silu(gate) * up, draw("down", 12, 10))}


@case
def GeGlu(draw):
    up, gate = halves(draw)
    return {"y": F.linear(F.gelu(gate) * up, draw("down", 12, 10))}


# Linear, look-ups

@case
def Linear(draw):
    return {"y": F.linear(draw("x", 2, 5, 18), draw("weight", 11, 18))}


@case
def LinearWithBias(draw):
    return {"y": F.linear(draw("x", 2, 5, 18), draw("weight", 11, 18), draw("bias", 11))}


@case
def Embedding(draw):
    return {"y": F.embedding(draw.ints("ids", 11, 2, 5), draw("table", 11, 6))}


@case
def LearnedPositions(draw):
    positions = torch.arange(5)
    return {"y": F.embedding(draw.ints("ids", 11, 2, 5), draw("table", 11, 6)) + F.embedding(positions, draw("positions", 9, 6))}


# Reductions of [3, 4, 5, 6]

def reduced(draw, *axes):
    x = draw("x", 3, 4, 5, 6, low=-60, high=60)
    return {"mean": x.mean(axes), "max": x.amax(axes), "min": x.amin(axes), "sum": x.sum(axes), "logsumexp": x.logsumexp(axes)}


@case
def ReduceLast(draw):
    return reduced(draw, 3)


@case
def ReduceMiddle(draw):
    return reduced(draw, 2)


@case
def ReduceFirst(draw):
    return reduced(draw, 0)


@case
def ReduceLastTwo(draw):
    return reduced(draw, 2, 3)


@case
def ReduceFirstAndLast(draw):
    return reduced(draw, 0, 3)


@case
def ReduceAll(draw):
    return reduced(draw, 0, 1, 2, 3)


@case
def ReduceLong(draw):
    x = draw("x", 2, 517, low=-8, high=8)
    return {"mean": x.mean(1), "max": x.amax(1), "min": x.amin(1), "sum": x.sum(1), "logsumexp": x.logsumexp(1)}


# Rearrangements, as einops names them

@case
def SplitHeads(draw):
    """b s (g r k) -> b g r s k"""
    return {"y": draw("x", 2, 5, 24).reshape(2, 5, 2, 3, 4).permute(0, 2, 3, 1, 4)}


@case
def MergeHeads(draw):
    """b g r s k -> b s (g r k)"""
    return {"y": draw("x", 2, 2, 3, 5, 4).permute(0, 3, 1, 2, 4).reshape(2, 5, 24)}


@case
def Patches(draw):
    """b c (h p) (w q) -> b h w (p q c)"""
    return {"y": draw("x", 2, 3, 4, 6).reshape(2, 3, 2, 2, 2, 3).permute(0, 2, 4, 3, 5, 1).reshape(2, 2, 2, 18)}


@case
def PixelShuffle(draw):
    """b (c p q) h w -> b c (h p) (w q)"""
    return {"y": F.pixel_shuffle(draw("x", 2, 12, 3, 5), 2)}


@case
def Transposed(draw):
    """b s d -> d s b"""
    return {"y": draw("x", 2, 5, 6).permute(2, 1, 0)}


@case
def Flattened(draw):
    """b s d -> (b s d)"""
    return {"y": draw("x", 2, 5, 6).flatten()}
