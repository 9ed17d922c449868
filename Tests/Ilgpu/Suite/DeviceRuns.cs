using Einsharp.Ilgpu;
using Einsharp.Tests.Reference;

using Einsharp.Tests.Execution;
namespace Einsharp.Tests.Ilgpu;

/// <summary>The same run on the processor and on a device.</summary>
internal static class DeviceRuns
{
    /// <summary>How far a value may be from the processor's, as a share of its row's largest.</summary>
    public const double Relative = 5e-5;

    /// <summary>
    /// How far a value may be from the processor's with weights in a format: tensor cores round activations to bfloat16 as well, which has
    /// 8 bits.
    /// </summary>
    public static double Tolerance(IlgpuDevice device, WeightFormat format) =>
        device.HasTensorCores && format == WeightFormat.BF16 ? 1e-2 : Relative;

    /// <summary>Row counts that take each way of a sweep: one row, few, many, part of a tile, more than one tile, and none.</summary>
    public static readonly int[] Rows = [1, 2, 5, 16, 17, 70, 0];

    /// <summary>Runs a model on both and compares every result, row by row.</summary>
    public static void Same(IlgpuDevice device, Func<Device, IEnumerable<Tensor>> run, double relative)
    {
        int call = 0;
        bool isSomething = false;
        using IEnumerator<Tensor> expected = run(Device.Cpu).GetEnumerator(), found = run(device).GetEnumerator();
        while (expected.MoveNext())
        {
            Assert.True(found.MoveNext());
            string what = FormattableString.Invariant($"call {call++}, {expected.Current}");
            Assert.Equal(expected.Current.Shape.ToArray(), found.Current.Shape.ToArray());
            int columns = expected.Current.Rank == 0 ? 1 : expected.Current.Shape[^1];
            Compare.RowsClose(expected.Current.Span, found.Current.Span, Math.Max(1, columns), relative, what);
            isSomething |= expected.Current.Span.IndexOfAnyExcept(0f) >= 0;
        }

        Assert.True(isSomething, "All results are zeros: nothing was tested.");
    }

    /// <summary>
    /// Calls of a method that takes positions: without a cache, several at a time, ragged and with padding, one at a time, after rolling
    /// back.
    /// </summary>
    /// <param name="forward">The method.</param>
    /// <param name="create">Makes a cache for a batch of a capacity.</param>
    /// <param name="features">The size of an input's last axis.</param>
    public static IEnumerable<Tensor> Positions(
        Func<Tensor, KvCache?, Tensor> forward, Func<int, int, KvCache> create, int features)
    {
        foreach ((int batch, int length) in ((int, int)[])[(1, 1), (2, 7), (1, 37), (3, 0)])
            yield return forward(Inputs.Random(batch + length, batch, length, features), null);

        using KvCache cache = create(3, 96);
        foreach (int[] counts in (int[][])[[5, 0, 40], [1, 1, 1], [0, 9, 1], [70, 1, 0], [1, 1, 1]])
        {
            // What padding holds is nobody's business.
            int columns = counts.Max() + (counts.Max() > 1 ? 2 : 0);
            Tensor x = Inputs.Random(counts[0] + 7, 3, columns, features);
            for (int b = 0; b < 3; b++)
                x.Span[((b * columns + counts[b]) * features)..((b + 1) * columns * features)].Fill(float.NaN);
            cache.SetCounts(counts);
            yield return forward(x, cache);
        }

        cache.Truncate(0, 3);
        cache.Truncate(2, 17);
        yield return forward(Inputs.Random(21, 3, 4, features), cache);
        cache.Clear();
        yield return forward(Inputs.Random(22, 3, 18, features), cache);
        yield return forward(Inputs.Random(23, 3, 1, features), cache);
    }
}
