using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>
/// Everything that is not a matrix product, as a nest of loops around runs: products of matrices and vectors, dot products, outer products,
/// products element by element, sums and strided copies. What does not lie as a run is gathered into one.
/// </summary>
internal static unsafe class LoopNest<S, V, T>
    where S : struct, ISimd<V, T>
    where V : unmanaged
    where T : unmanaged
{
    // A run that is gathered, or added up in the first-level cache.
    private const int MostRun = 1024;
    private const int LeastRun = 64;

    // One that is not.
    private const int MostLongRun = 4096;
    private const int TransposeTile = 64;

    // Elements that are copied as rows at a time, and rows.
    private const int RowsElements = 4096;
    private const int MostRows = 64;
    private const int RowGroup = 4;

    /// <summary>Every worker calls it, in a new phase.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="plan">The nest.</param>
    /// <param name="adding">Adds up its parts, if it has more than one.</param>
    /// <param name="done">How many units are done: zero.</param>
    /// <param name="parts">Room for the sums of all parts.</param>
    public static void Compute(Worker worker, in NestPlan plan, in NestPlan adding, int* done, T* parts)
    {
        T* room = (T*)worker.Tiles(7 * MostRun * sizeof(T) / sizeof(float));
        NestPlan own = plan;
        if (plan.Parts > 1) own.C = (byte*)parts;
        long works = Works(own, worker.Count, out int run, out long tiles);
        int units = (int)Math.Min(works, 16 * worker.Count);
        while (worker.Next(units, out int unit))
        {
            Range(own, works * unit / units, works * (unit + 1) / units, run, tiles, room);
            if (plan.Parts == 1 || Interlocked.Increment(ref *done) < units) continue;
            // The last part is summed.
            NestPlan last = adding;
            last.A = new ContractionOperand(parts, plan.PartStride * plan.Parts, ElementFormat.Plain);
            works = Works(last, 1, out run, out tiles);
            Range(last, 0, works, run, tiles, room);
            return;
        }
    }

    private static long Works(in NestPlan plan, int workers, out int run, out long tiles)
    {
        long kept = plan.Kept.Extent;
        // Few long runs are cut, for the workers' sake: no element's sum is.
        run = plan.InPlace && plan.X.C == 1 && plan.Stretch == 0 ? MostLongRun : MostRun;
        while (run > LeastRun && kept * plan.Parts * (plan.X.Extent / run) < 4 * workers) run /= 2;
        if (plan.Form == NestForm.Rows) run = Math.Clamp(RowsElements / plan.X.Extent, 1, MostRows);
        tiles = plan.Form switch
        {
            NestForm.Transpose => Tiles(plan.X.Extent, TransposeTile) * Tiles(plan.Y.Extent, TransposeTile),
            NestForm.Rows => Tiles(plan.Y.Extent, run),
            NestForm.Along => Tiles(plan.Y.Extent, RowGroup),
            _ => Tiles(plan.X.Extent, run),
        };
        return kept * tiles * plan.Parts;
    }

    [SkipLocalsInit, MethodImpl(Kernels.ByItself)]
    private static void Range(in NestPlan plan, long work, long end, int run, long tiles, T* room)
    {
        long kept = plan.Kept.Extent, tile = work % tiles;
        int* index = stackalloc int[plan.Kept.Count + plan.Summed.Count + 2];
        int* inner = index + plan.Kept.Count;
        var walk = new AxisWalk(plan.Kept, work / tiles % kept, index);
        for (; work < end; work++)
        {
            int part = plan.Parts == 1 ? 0 : (int)(work / tiles / kept);
            nint c = walk.C + part * plan.PartStride;
            switch (plan.Form)
            {
                case NestForm.Map: Map(plan, walk.A, walk.B, c, tile * run, run, room); break;
                case NestForm.Transpose: Transpose(plan, walk.A, c, tile); break;
                case NestForm.Across when plan.Stretch > 0: AcrossByStretches(plan, walk.A, walk.B, c, tile * run, run, room); break;
                case NestForm.Rows: Rows(plan, walk.A, c, tile * run, run); break;
                case NestForm.Across: Across(plan, walk.A, walk.B, c, tile * run, run, part, room, inner); break;
                default: Along(plan, walk.A, walk.B, c, tile * RowGroup, part, room, inner); break;
            }
            if (++tile < tiles) continue;
            tile = 0;
            walk.Next();
        }
    }

    private static long Tiles(int extent, int step) => ((long)extent + step - 1) / step;

    [MethodImpl(Kernels.ByItself)]
    private static void Map(in NestPlan plan, nint a, nint b, nint c, long first, int run, T* room)
    {
        LoopAxis x = plan.X;
        int count = (int)Math.Min(run, x.Extent - first);
        T* to = (T*)plan.C + c + (nint)first * x.C;
        a += (nint)first * x.A;
        b += (nint)first * x.B;
        T* result = x.C == 1 ? to : room;
        if (!plan.HasB)
        {
            if (x.A == 0) new Span<T>(result, count).Fill(Elements<T>.At(plan.A, a));
            else Elements<T>.Gather(plan.A, a, x.A, count, result);
        }
        else if (x.A == 0 || x.B == 0)
        {
            T factor = x.A == 0 ? Elements<T>.At(plan.A, a) : Elements<T>.At(plan.B, b);
            T* from = x.A == 0 ? Elements<T>.Run(plan.B, b, Math.Max(x.B, 1), x.B == 0 ? 1 : count, room + MostRun)
                : Elements<T>.Run(plan.A, a, x.A, count, room + MostRun);
            if (x.A == 0 && x.B == 0) new Span<T>(result, count).Fill(Scalar<T>.Multiply(factor, *from));
            else Runs<S, V, T>.Scale(result, from, factor, count);
        }
        else
        {
            T* left = Elements<T>.Run(plan.A, a, x.A, count, room + MostRun);
            Runs<S, V, T>.Multiply(result, left, Elements<T>.Run(plan.B, b, x.B, count, room + 2 * MostRun), count);
        }
        if (result != to) Elements<T>.Scatter(result, to, x.C, count);
    }

    [SkipLocalsInit, MethodImpl(Kernels.ByItself)]
    private static void Transpose(in NestPlan plan, nint a, nint c, long tile)
    {
        LoopAxis x = plan.X, y = plan.Y;
        (long tileY, long tileX) = Math.DivRem(tile, Tiles(x.Extent, TransposeTile));
        int firstX = (int)tileX * TransposeTile, firstY = (int)tileY * TransposeTile;
        int countX = Math.Min(TransposeTile, x.Extent - firstX), countY = Math.Min(TransposeTile, y.Extent - firstY);
        T* from = (T*)plan.A.Data + a + (nint)firstX * x.A + firstY;
        T* to = (T*)plan.C + c + firstX + (nint)firstY * y.C;
        nint* rows = stackalloc nint[16];
        for (int r = 0; r < S.Count; r++) rows[r] = (nint)r * x.A;
        int step = 16 / sizeof(T), wholeX = countX - countX % S.Count, wholeY = countY - countY % step;
        for (int i = 0; i < wholeX; i += S.Count)
        {
            for (int j = 0; j < wholeY; j += step) S.Transpose(from + (nint)i * x.A + j, rows, to + i + (nint)j * y.C, y.C);
        }
        for (int j = 0; j < countY; j++)
        {
            for (int i = j < wholeY ? wholeX : 0; i < countX; i++) to[(nint)j * y.C + i] = from[(nint)i * x.A + j];
        }
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Rows(in NestPlan plan, nint a, nint c, long first, int most)
    {
        LoopAxis y = plan.Y;
        T* from = (T*)plan.A.Data + a + (nint)first * y.A;
        T* to = (T*)plan.C + c + (nint)first * y.C;
        int count = plan.X.Extent;
        for (int rows = (int)Math.Min(most, y.Extent - first); rows > 0; rows--, from += y.A, to += y.C)
            Runs<S, V, T>.Copy(to, from, count);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Across(in NestPlan plan, nint a, nint b, nint c, long first, int run, int part, T* room, int* index)
    {
        LoopAxis x = plan.X;
        int count = (int)Math.Min(run, x.Extent - first);
        T* to = (T*)plan.C + c + (nint)first * x.C, sums = x.C == 1 ? to : room;
        new Span<T>(sums, count).Clear();
        // The innermost summed axis is taken four indices at a time; the outermost is the one that is cut into parts.
        LoopAxis z = plan.Summed.Axes[plan.Summed.Count - 1];
        var outer = new AxisList(plan.Summed.Axes, plan.Summed.Count - 1);
        (long begin, long end) = Part(outer.Extent * z.Extent, part, plan.Parts);
        var walk = new AxisWalk(outer, begin / z.Extent, index);
        a += (nint)first * x.A;
        b += (nint)first * x.B;
        int at = (int)(begin % z.Extent);
        for (long left = end - begin; left > 0;)
        {
            int stop = (int)Math.Min(z.Extent, at + left);
            left -= stop - at;
            for (; at < stop; at += RowGroup)
            {
                int rows = Math.Min(RowGroup, stop - at);
                AddRows(plan, a + walk.A + (nint)at * z.A, b + walk.B + (nint)at * z.B, rows, z, sums, count, room);
            }
            at = 0;
            walk.Next();
        }
        if (sums != to) Elements<T>.Scatter(sums, to, x.C, count);
    }

    // As the tiles of a matrix product add up: a stretch of k from zero on, then the stretches.
    [MethodImpl(Kernels.ByItself)]
    private static void AcrossByStretches(in NestPlan plan, nint a, nint b, nint c, long first, int run, T* room)
    {
        LoopAxis x = plan.X, z = plan.Summed.Axes[0];
        int count = (int)Math.Min(run, x.Extent - first);
        T* to = (T*)plan.C + c + (nint)first * x.C;
        a += (nint)first;
        for (int begin = 0; begin < z.Extent; begin += plan.Stretch)
        {
            T* sums = begin == 0 && x.C == 1 ? to : room;
            new Span<T>(sums, count).Clear();
            int end = Math.Min(z.Extent, begin + plan.Stretch);
            for (int at = begin; at < end; at += RowGroup)
                AddRows(plan, a + at * (nint)z.A, b + at * (nint)z.B, Math.Min(RowGroup, end - at), z, sums, count, room);
            if (sums == to) continue;
            if (x.C == 1) Runs<S, V, T>.Add(to, sums, count);
            else for (int i = 0; i < count; i++) to[i * (nint)x.C] = begin == 0 ? sums[i] : Scalar<T>.Add(to[i * (nint)x.C], sums[i]);
        }
    }

    [SkipLocalsInit, MethodImpl(Kernels.ByItself)]
    private static void AddRows(in NestPlan plan, nint a, nint b, int rows, in LoopAxis z, T* sums, int count, T* room)
    {
        LoopAxis x = plan.X;
        T** from = stackalloc T*[RowGroup];
        for (int r = 0; r < rows; r++) from[r] = Elements<T>.Run(plan.A, a + r * (nint)z.A, x.A, count, room + (1 + r) * MostRun);
        if (!plan.HasB)
        {
            if (rows == RowGroup) Runs<S, V, T>.AddFour(sums, from[0], from[1], from[2], from[3], count);
            else for (int r = 0; r < rows; r++) Runs<S, V, T>.Add(sums, from[r], count);
        }
        else if (x.B != 0)
        {
            for (int r = 0; r < rows; r++)
            {
                T* other = Elements<T>.Run(plan.B, b + r * (nint)z.B, x.B, count, room + 5 * MostRun);
                Runs<S, V, T>.AddProduct(sums, from[r], other, count);
            }
        }
        else
        {
            T* factors = stackalloc T[RowGroup];
            for (int r = 0; r < rows; r++) factors[r] = Elements<T>.At(plan.B, b + r * (nint)z.B);
            if (rows == RowGroup) Runs<S, V, T>.AddScaledFour(sums, from[0], from[1], from[2], from[3], factors, count);
            else for (int r = 0; r < rows; r++) Runs<S, V, T>.AddScaled(sums, from[r], factors[r], count);
        }
    }

    [SkipLocalsInit, MethodImpl(Kernels.ByItself)]
    private static void Along(in NestPlan plan, nint a, nint b, nint c, long firstRow, int part, T* room, int* index)
    {
        LoopAxis x = plan.X, y = plan.Y;
        int rows = (int)Math.Min(RowGroup, y.Extent - firstRow);
        T* sums = stackalloc T[RowGroup];
        new Span<T>(sums, RowGroup).Clear();
        a += (nint)firstRow * y.A;
        // Parts are of the axis of the runs if the others are too short.
        bool whole = plan.Summed.Count > 0 && plan.Summed.Extent >= plan.Parts;
        (long begin, long end) = Part(whole ? plan.Summed.Extent : x.Extent, part, plan.Parts);
        int from = whole ? 0 : (int)begin, to = whole ? x.Extent : (int)end;
        int most = plan.InPlace && (!plan.HasB || x.B == 1) ? int.MaxValue : MostRun;
        var walk = new AxisWalk(plan.Summed, whole ? begin : 0, index);
        for (long left = whole ? end - begin : plan.Summed.Extent; left > 0; left--)
        {
            for (int i = from; i < to;)
            {
                int count = Math.Min(most, to - i);
                AddRuns(plan, a + walk.A + (nint)i * x.A, b + walk.B + (nint)i * x.B, rows, count, sums, room);
                i += count;
            }
            walk.Next();
        }
        T* result = (T*)plan.C + c + (nint)firstRow * y.C;
        for (int r = 0; r < rows; r++) result[r * (nint)y.C] = sums[r];
    }

    [SkipLocalsInit, MethodImpl(Kernels.ByItself)]
    private static void AddRuns(in NestPlan plan, nint a, nint b, int rows, int count, T* sums, T* room)
    {
        LoopAxis x = plan.X;
        if (!plan.HasB && plan.A.Format == ElementFormat.Plain && x.A != 1)
        {
            for (int r = 0; r < rows; r++)
            {
                T sum = Runs<S, V, T>.SumApart((T*)plan.A.Data + a + r * (nint)plan.Y.A, x.A, count);
                sums[r] = Scalar<T>.Add(sums[r], sum);
            }
            return;
        }
        T* other = plan.HasB ? Elements<T>.Run(plan.B, b, x.B, count, room) : null;
        T** from = stackalloc T*[RowGroup];
        for (int r = 0; r < rows; r++)
            from[r] = Elements<T>.Run(plan.A, a + r * (nint)plan.Y.A, x.A, count, room + (1 + r) * MostRun);
        if (plan.HasB && rows == RowGroup)
        {
            Runs<S, V, T>.DotFour(from[0], from[1], from[2], from[3], other, count, sums);
            return;
        }
        for (int r = 0; r < rows; r++)
        {
            T sum = plan.HasB ? Runs<S, V, T>.Dot(from[r], other, count) : Runs<S, V, T>.Sum(from[r], count);
            sums[r] = Scalar<T>.Add(sums[r], sum);
        }
    }

    private static (long Begin, long End) Part(long terms, int part, int parts) => (terms * part / parts, terms * (part + 1) / parts);
}
