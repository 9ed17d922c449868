using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Einsharp.Cpu;

namespace Einsharp.Bench;

/// <summary>What the machine can do at most, in the same process and at about the same time: the best of several attempts.</summary>
internal static unsafe class Limits
{
    private static readonly Dictionary<int, double[]> s_limits = [];

    /// <summary>Bytes a second that so many threads read.</summary>
    public static double Memory(int threads) => s_limits[threads][0];

    /// <summary>Operations a second, a product and its addition being two, of so many threads: of floats, or of bytes added up in 32 bits.</summary>
    public static double Arithmetic(int threads, bool isWhole) => s_limits[threads][isWhole ? 2 : 1];

    /// <summary>Measures a team's limits; of several times the best counts.</summary>
    public static void Measure(Team team)
    {
        const int floats = 1 << 27, steps = 4_000_000;
        double[] best = s_limits.TryGetValue(team.Threads, out double[]? known) ? known : s_limits[team.Threads] = new double[3];
        // As weights are kept, so that it lies in as large pages.
        var memory = new Param("W", "w", "n", [floats], Initializer.Zeros);
        memory.Allocate(WeightFormat.F32);
        var jobs = new (ITeamJob Job, int Limit, double Work)[]
        {
            (new Read((float*)memory.Data, floats, true), 0, (double)floats * sizeof(float)),
            (new Read((float*)memory.Data, floats, false), 0, (double)floats * sizeof(float)),
            (new Floats(steps), 1, (double)steps * team.Threads * 8 * 2 * Vector<float>()),
            (new Bytes(steps), 2, (double)steps * team.Threads * 8 * 2 * 32),
        };
        foreach ((ITeamJob job, int limit, double work) in jobs)
        {
            for (int attempt = 0; attempt < 6; attempt++)
            {
                long start = Stopwatch.GetTimestamp();
                team.Run(job);
                best[limit] = Math.Max(best[limit], work / Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        GC.KeepAlive(memory);
    }

    private static int Vector<T>() => Vector512.IsHardwareAccelerated ? Vector512<T>.Count : Vector256<T>.Count;

    /// <summary>
    /// One stream a thread, or four that are fetched 2 KB ahead: which of them a processor reads faster differs (Zen 4 reads one stream at 32 GB/s with one
    /// thread and four at 28, or at 25 where nothing is fetched; fetched ahead, one stream falls to 22).
    /// </summary>
    private sealed class Read(float* from, nint count, bool isOne) : ITeamJob
    {
        private float _sink;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(Worker worker)
        {
            nint run = count / worker.Count / 4 / 16 * 16;
            float* p = from + (4 * run * worker.Index);
            _sink = isOne ? One(p, 4 * run) : Four(p, run);
            worker.Barrier();
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float One(float* p, nint count)
        {
            Vector256<float> a = default, b = default, c = default, d = default;
            for (nint i = 0; i < count; i += 32)
            {
                a += Vector256.Load(p + i);
                b += Vector256.Load(p + i + 8);
                c += Vector256.Load(p + i + 16);
                d += Vector256.Load(p + i + 24);
            }
            return Vector256.Sum(a + b + c + d);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Four(float* p, nint run)
        {
            Vector256<float> a = default, b = default, c = default, d = default;
            for (nint i = 0; i < run; i += 16)
            {
                a += Line(p + i);
                b += Line(p + run + i);
                c += Line(p + (2 * run) + i);
                d += Line(p + (3 * run) + i);
            }
            return Vector256.Sum(a + b + c + d);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Line(float* p)
        {
            if (Sse.IsSupported) Sse.Prefetch1(p + 512);
            return Vector256.Load(p) + Vector256.Load(p + 8);
        }
    }

    /// <summary>Eight chains of fused products and additions.</summary>
    private sealed class Floats(int steps) : ITeamJob
    {
        private float _sink;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(Worker worker)
        {
            if (Vector512.IsHardwareAccelerated) Wide();
            else Half();
            worker.Barrier();
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Wide()
        {
            Vector512<float> x = Vector512.Create(0.5f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x;
            for (int i = 0; i < steps; i++)
            {
                a = Vector512.MultiplyAddEstimate(x, x, a);
                b = Vector512.MultiplyAddEstimate(x, x, b);
                c = Vector512.MultiplyAddEstimate(x, x, c);
                d = Vector512.MultiplyAddEstimate(x, x, d);
                e = Vector512.MultiplyAddEstimate(x, x, e);
                f = Vector512.MultiplyAddEstimate(x, x, f);
                g = Vector512.MultiplyAddEstimate(x, x, g);
                h = Vector512.MultiplyAddEstimate(x, x, h);
            }
            _sink = Vector512.Sum(a + b + c + d + e + f + g + h);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Half()
        {
            Vector256<float> x = Vector256.Create(0.5f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x;
            for (int i = 0; i < steps; i++)
            {
                a = Vector256.MultiplyAddEstimate(x, x, a);
                b = Vector256.MultiplyAddEstimate(x, x, b);
                c = Vector256.MultiplyAddEstimate(x, x, c);
                d = Vector256.MultiplyAddEstimate(x, x, d);
                e = Vector256.MultiplyAddEstimate(x, x, e);
                f = Vector256.MultiplyAddEstimate(x, x, f);
                g = Vector256.MultiplyAddEstimate(x, x, g);
                h = Vector256.MultiplyAddEstimate(x, x, h);
            }
            _sink = Vector256.Sum(a + b + c + d + e + f + g + h);
        }
    }

    /// <summary>Eight chains of byte products added up in 32 bits: one instruction with AVX-VNNI, three of AVX2.</summary>
    private sealed class Bytes(int steps) : ITeamJob
    {
        private int _sink;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(Worker worker)
        {
            Vector256<int> a = default, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
            var w = Vector256.Create((byte)_sink);
            for (int i = 0; i < steps && Avx2.IsSupported; i++)
            {
                a = Dot(a, w);
                b = Dot(b, w);
                c = Dot(c, w);
                d = Dot(d, w);
                e = Dot(e, w);
                f = Dot(f, w);
                g = Dot(g, w);
                h = Dot(h, w);
            }
            _sink = Vector256.Sum(a + b + c + d + e + f + g + h);
            worker.Barrier();
        }

        // The sum is a factor too, so that nothing is computed once for all steps.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> w) => AvxVnni.IsSupported
            ? AvxVnni.MultiplyWideningAndAdd(sum, w, sum.AsSByte())
            : sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(w, sum.AsSByte()), Vector256<short>.One);
    }
}

/// <summary>A kernel's rates, the limit that it meets first, and its share of that.</summary>
internal sealed class LimitColumn(string name) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => name switch
    {
        "GB/s" => "Bytes of weights a second",
        "Gop/s" => "Operations a second; a product and its addition are two",
        "Limit" => "What the machine reads, or computes, at most, whichever takes longer here; measured in this run",
        _ => "The time that the limit allows / the time taken (median)",
    };

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        if (summary[benchmarkCase]?.ResultStatistics is not { } statistics)
            return "?";
        var format = (WeightFormat)benchmarkCase.Parameters[nameof(Sweeps.Format)];
        int rows = (int)benchmarkCase.Parameters[nameof(Sweeps.Rows)], threads = (int)benchmarkCase.Parameters[nameof(Sweeps.Threads)];
        long weights = (long)Sweeps.Inputs * Sweeps.Outputs(rows);
        double bytes = format.Bytes(weights), operations = 2.0 * rows * weights, seconds = statistics.Median / 1e9;
        double memory = bytes / Limits.Memory(threads), arithmetic = operations / Limits.Arithmetic(threads, format.IsQuantised());
        return FormattableString.Invariant(name switch
        {
            "GB/s" => (FormattableString)$"{bytes / seconds / 1e9:F1}",
            "Gop/s" => $"{operations / seconds / 1e9:F0}",
            "Limit" => memory > arithmetic ? (FormattableString)$"{bytes / memory / 1e9:F1} GB/s" : $"{operations / arithmetic / 1e9:F0} Gop/s",
            _ => $"{Math.Max(memory, arithmetic) / seconds:P0}",
        });
    }
}
