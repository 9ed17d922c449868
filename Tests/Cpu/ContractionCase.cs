using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

/// <summary>A contraction with random axes and strides, its operands, and the answer of plain loops in double precision.</summary>
internal sealed class ContractionCase
{
    public const double Untouched = 77;

    public required LoopAxis[] Batch { get; init; }
    public required LoopAxis[] M { get; init; }
    public required LoopAxis[] N { get; init; }
    public required LoopAxis[] K { get; init; }
    public required bool HasB { get; init; }
    public double[] A { get; private set; } = [];
    public double[] B { get; private set; } = [];
    public int LengthC { get; private set; }

    /// <summary>Extents as given, strides by layouts drawn at random: permuted axes, gaps, diagonals, repeated reads.</summary>
    public static ContractionCase Draw(Random random, int[] batch, int[] m, int[] n, int[] k, bool hasB = true)
    {
        int axes = batch.Length + m.Length + n.Length + k.Length;
        int[] extents = [.. batch, .. m, .. n, .. k];
        int At(int group, int i) => group switch
        {
            0 => i,
            1 => batch.Length + i,
            2 => batch.Length + m.Length + i,
            _ => batch.Length + m.Length + n.Length + i,
        };
        int[] bs = [.. batch.Select((_, i) => At(0, i))], ms = [.. m.Select((_, i) => At(1, i))], ns = [.. n.Select((_, i) => At(2, i))],
            ks = [.. k.Select((_, i) => At(3, i))];
        int[] a = Layout(random, extents, axes, [.. bs, .. ms, .. ks], true);
        int[] b = hasB ? Layout(random, extents, axes, [.. bs, .. ns, .. ks], true) : new int[axes];
        int[] c = Layout(random, extents, axes, [.. bs, .. ms, .. ns], false);
        LoopAxis[] Group(int[] which) => [.. which.Select(i => new LoopAxis(extents[i], a[i], b[i], c[i]))];
        return new ContractionCase { Batch = Group(bs), M = Group(ms), N = Group(ns), K = Group(ks), HasB = hasB }.Fill(random);
    }

    public ContractionCase Fill(Random random)
    {
        LoopAxis[] all = [.. Batch, .. M, .. N, .. K];
        bool empty = all.Any(axis => axis.Extent == 0);
        A = Numbers(empty ? 0 : 1 + all.Sum(axis => (axis.Extent - 1) * axis.A));
        B = Numbers(empty || !HasB ? 0 : 1 + all.Sum(axis => (axis.Extent - 1) * axis.B));
        LengthC = 1 + ((LoopAxis[])[.. Batch, .. M, .. N]).Sum(axis => Math.Max(0, axis.Extent - 1) * axis.C);
        return this;

        double[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (double)(random.NextSingle() * 2 - 1))];
    }

    /// <summary>
    /// The result and, of each element, the sum of its products' magnitudes; both have <see cref="Untouched"/> where nothing is written.
    /// </summary>
    public (double[] Sums, double[] Sizes) Expected(double[] a, double[] b)
    {
        double[] sums = new double[LengthC], sizes = new double[LengthC];
        Array.Fill(sums, Untouched);
        (int A, int B, int C)[] terms = [.. Walk(K)];
        foreach ((int ia, int ib, int ic) in Walk([.. Batch, .. M, .. N]))
        {
            double sum = 0, size = 0;
            foreach ((int ka, int kb, _) in terms)
            {
                double product = a[ia + ka] * (HasB ? b[ib + kb] : 1);
                sum += product;
                size += Math.Abs(product);
            }
            sums[ic] = sum;
            sizes[ic] = size;
        }
        return (sums, sizes);
    }

    /// <summary>
    /// How far a result may be from the sum, as a part of the sum of magnitudes. One number added again and again is rounded the same way
    /// each time, so its errors do not cancel.
    /// </summary>
    public double Tolerance<T>() =>
        (typeof(T) == typeof(float) ? 3e-6 : 5e-15) * (K.Any(axis => axis.Extent > 1 && axis.A == 0 && axis.B == 0) ? 20 : 1);

    private static IEnumerable<(int A, int B, int C)> Walk(LoopAxis[] axes)
    {
        var index = new int[axes.Length];
        if (axes.Any(axis => axis.Extent == 0)) yield break;
        int a = 0, b = 0, c = 0;
        while (true)
        {
            yield return (a, b, c);
            int i = axes.Length - 1;
            for (; i >= 0; i--)
            {
                a += axes[i].A;
                b += axes[i].B;
                c += axes[i].C;
                if (++index[i] < axes[i].Extent) break;
                a -= axes[i].A * axes[i].Extent;
                b -= axes[i].B * axes[i].Extent;
                c -= axes[i].C * axes[i].Extent;
                index[i] = 0;
            }
            if (i < 0) yield break;
        }
    }

    private static int[] Layout(Random random, int[] extents, int axes, int[] own, bool readOnly)
    {
        var strides = new int[axes];
        int stride = random.Next(6) == 0 ? 2 : 1;
        int kind = random.Next(4);
        int[] order = [.. own];
        if (kind == 1) random.Shuffle(order);
        if (kind == 2) Array.Reverse(order);
        foreach (int axis in order.Reverse())
        {
            strides[axis] = stride;
            stride *= Math.Max(1, extents[axis]);
            if (random.Next(6) == 0) stride += random.Next(1, 4);
        }
        if (readOnly && own.Length > 0 && random.Next(6) == 0) strides[own[random.Next(own.Length)]] = 0;
        if (readOnly && own.Length > 0 && random.Next(6) == 0) strides[own[random.Next(own.Length)]] += 1;
        return strides;
    }
}
