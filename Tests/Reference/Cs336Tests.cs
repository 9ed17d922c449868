using System.Globalization;
using System.Runtime.InteropServices;
using Einsharp.Weights;

namespace Einsharp.Tests.Reference;

/// <summary>Attention under a mask, of whatever q, k and v are given; the ones make the size of a head one of the model.</summary>
[Model]
public sealed partial class MaskedAttention
{
    [Param("k", Init.Ones)] public partial Param Ones { get; }

    [Einsum("b s k, k -> b s k", nameof(q), nameof(Ones)), As("queries")]
    [Einsum("b s k, b t k -> b s t", "queries", nameof(keys)), Scale("1/sqrt(k)"), Mask("b s t", nameof(mask)), Softmax("t"), As("p")]
    [Einsum("b s t, b t k -> b s k", "p", nameof(values))]
    public partial Tensor Attend(
        [Axes("b s k")] Tensor q, [Axes("b t k")] Tensor keys, [Axes("b t k")] Tensor values, [Axes("b s t")] Tensor<bool> mask);

    [Einsum("a b s k, k -> a b s k", nameof(q), nameof(Ones)), As("queries")]
    [Einsum("a b s k, a b t k -> a b s t", "queries", nameof(keys)), Scale("1/sqrt(k)"), Mask("a b s t", nameof(mask)), Softmax("t"),
     As("p")]
    [Einsum("a b s t, a b t k -> a b s k", "p", nameof(values))]
    public partial Tensor AttendByHeads(
        [Axes("a b s k")] Tensor q, [Axes("a b t k")] Tensor keys, [Axes("a b t k")] Tensor values, [Axes("a b s t")] Tensor<bool> mask);
}

/// <summary>The rotation of assignment 1: of a whole embedding.</summary>
[Model]
public sealed partial class RotatedEmbedding
{
    [Param("k", Init.Ones)] public partial Param Ones { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s k, k -> b s k", nameof(x), nameof(Ones)), Rotate("s", "k", nameof(Rotation))]
    public partial Tensor Forward([Axes("b s k")] Tensor x);
}

/// <summary>
/// The vectors of Stanford CS336's first assignment (spring 2025), each at its own tolerance: |found − expected| ≤ 1e-6 + 1e-4·|expected|.
/// They are public data beside the repository; where they are not, <see cref="TestData"/> says so.
/// </summary>
public sealed class Cs336Tests
{
    private static readonly string? s_path = TestData.Path("cs336/spring2025_usable.safetensors");

    [Fact]
    public void ScaledDotProductAttention()
    {
        if (s_path is null)
            return;
        using SafetensorsFile file = SafetensorsFile.Open(s_path);
        var model = new MaskedAttention(new MaskedAttentionSizes { k = 64 });
        model.Initialise(1);
        Same(file, "expect.sdpa", model.Attend(Read(file, "q"), Read(file, "k"), Read(file, "v"), Mask(file, 4, 12, 16)));
    }

    [Fact]
    public void ScaledDotProductAttentionOfFourAxes()
    {
        if (s_path is null)
            return;
        using SafetensorsFile file = SafetensorsFile.Open(s_path);
        var model = new MaskedAttention(new MaskedAttentionSizes { k = 64 });
        model.Initialise(1);
        Same(file, "expect.sdpa4d", model.AttendByHeads(
            Read(file, "q", 2, 2, 12, 64), Read(file, "k", 2, 2, 16, 64), Read(file, "v", 2, 2, 16, 64), Mask(file, 2, 2, 12, 16)));
    }

    [Fact]
    public void RotaryEmbedding()
    {
        if (s_path is null)
            return;
        using SafetensorsFile file = SafetensorsFile.Open(s_path);
        var model = new RotatedEmbedding(
            new RotatedEmbeddingSizes { k = 64 }, new RotatedEmbeddingSettings { Rope = new Rope(10_000, RopeLayout.Neighbours) });
        model.Initialise(1);
        Same(file, "expect.rope", model.Forward(Read(file, "in_embeddings")));
    }

    [Fact]
    public void RmsNorm()
    {
        if (s_path is null)
            return;
        using SafetensorsFile file = SafetensorsFile.Open(s_path);
        var model = new RmsNormLayer(new RmsNormLayerSizes { d = 64 }, new RmsNormLayerSettings { Eps = 1e-5f });
        model.Gain.Set(Read(file, "fitted.rmsnorm_gain").Span);
        Same(file, "expect.rmsnorm", model.Forward(Read(file, "in_embeddings")));
    }

    /// <summary>The table is not in the file, so it is put together from the expected rows.</summary>
    [Fact]
    public void EmbeddingRows()
    {
        if (s_path is null)
            return;
        using SafetensorsFile file = SafetensorsFile.Open(s_path);
        int[] ids = [.. MemoryMarshal.Cast<byte, long>(file.Data("in_indices")).ToArray().Select(id => checked((int)id))];
        Tensor rows = Read(file, "expect.embedding_rows");
        var model = new EmbeddingLayer(new EmbeddingLayerSizes { v = ids.Max() + 1, d = 64 });
        float[] table = [.. Enumerable.Repeat(float.NaN, (ids.Max() + 1) * 64)];
        for (int i = 0; i < ids.Length; i++)
            rows.Span.Slice(i * 64, 64).CopyTo(table.AsSpan(ids[i] * 64));
        model.Table.Set(table);
        Same(file, "expect.embedding_rows", model.Forward(Tensor.From(ids, 4, 12)));
    }

    private static void Same(SafetensorsFile file, string name, Tensor found)
    {
        Tensor expected = Read(file, name);
        Assert.Equal(expected.Shape.ToArray(), found.Shape.ToArray());
        for (int i = 0; i < expected.Length; i++)
        {
            double wanted = expected.Span[i], error = Math.Abs(wanted - found.Span[i]);
            if (!(error <= 1e-6 + 1e-4 * Math.Abs(wanted)))
                Assert.Fail(string.Create(
                    CultureInfo.InvariantCulture, $"{name} element {i}: expected {wanted:R}, found {found.Span[i]:R}"));
        }
    }

    private static Tensor Read(SafetensorsFile file, string name, params ReadOnlySpan<int> shape)
    {
        int[] own = [.. file.Find(name)!.Shape.ToArray().Select(size => (int)size)];
        return Tensor.From(MemoryMarshal.Cast<byte, float>(file.Data(name)), shape.Length == 0 ? own : shape);
    }

    private static Tensor<bool> Mask(SafetensorsFile file, params ReadOnlySpan<int> shape)
    {
        var mask = new Tensor<bool>(shape);
        ReadOnlySpan<byte> bytes = file.Data("mask");
        for (int i = 0; i < bytes.Length; i++)
            mask.Span[i] = bytes[i] != 0;
        return mask;
    }
}
