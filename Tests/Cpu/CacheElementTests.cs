using System.Runtime.Intrinsics;
using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

/// <summary>What a cache keeps of a vector in each format, against the vector itself.</summary>
public class CacheElementTests
{
    private static KvCache Cache(CacheFormat format, int batch, int capacity, int heads, int size) => new(
        batch, capacity,
        [new SlotGeometry("keys", heads, size, SlotLayout.Blocked), new SlotGeometry("values", heads, size, SlotLayout.Rows)], format: format);

    private static float[] Vector(Random random, int size)
    {
        var vector = new float[size];
        for (int k = 0; k < size; k++) vector[k] = (random.NextSingle() * 2 - 1) * MathF.Pow(10, random.Next(-3, 3));
        return vector;
    }

    // The definitions written down, not the library's code. bfloat16 is a float whose lower half is nothing; int8 is a whole number of
    // scales, the greatest of each 32 being 127 of them.
    private static void AssertKept(CacheFormat format, float[] vector, ReadOnlySpan<float> kept)
    {
        for (int k = 0; k < vector.Length; k++)
        {
            switch (format)
            {
                case CacheFormat.F32:
                    Assert.Equal(vector[k], kept[k]);
                    break;
                case CacheFormat.BF16:
                    Assert.Equal(0u, BitConverter.SingleToUInt32Bits(kept[k]) & 0xFFFF);
                    Assert.True(Math.Abs((double)kept[k] - vector[k]) <= Math.Abs((double)vector[k]) / 256, $"{vector[k]:R} became {kept[k]:R}");
                    break;
                default:
                    double greatest = vector.Skip(k / 32 * 32).Take(32).Max(x => Math.Abs((double)x)), scale = greatest / 127;
                    Assert.True(Math.Abs((double)kept[k] - vector[k]) <= scale / 2 * (1 + 1e-5), $"{vector[k]:R} of {greatest:R} became {kept[k]:R}");
                    if (scale > 0) Assert.Equal(Math.Round(kept[k] / scale), kept[k] / scale, 1e-4);
                    break;
            }
        }
    }

    private static unsafe float[] Read(CacheSlot slot, bool keys, int sequence, int head, int position, int count, int size)
    {
        var scratch = new float[64 * size];
        Array.Fill(scratch, float.NaN);
        var vectors = new float[count * size];
        fixed (float* to = scratch)
        {
            float* from = slot.Read(sequence, head, position, count, to, fetches: true);
            for (int t = 0; t < count; t++)
            {
                for (int k = 0; k < size; k++) vectors[t * size + k] = from[keys ? (t / 16 * size + k) * 16 + t % 16 : t * size + k];
            }
        }
        return vectors;
    }

    [Theory]
    [InlineData(CacheFormat.F32, 5)]
    [InlineData(CacheFormat.BF16, 1)]
    [InlineData(CacheFormat.BF16, 5)]
    [InlineData(CacheFormat.BF16, 64)]
    [InlineData(CacheFormat.BF16, 97)]
    [InlineData(CacheFormat.Int8, 1)]
    [InlineData(CacheFormat.Int8, 5)]
    [InlineData(CacheFormat.Int8, 32)]
    [InlineData(CacheFormat.Int8, 33)]
    [InlineData(CacheFormat.Int8, 48)]
    [InlineData(CacheFormat.Int8, 128)]
    public void AnElementIsAsNearAsItsFormatAllows(CacheFormat format, int size)
    {
        const int batch = 2, capacity = 149, heads = 3;
        using KvCache cache = Cache(format, batch, capacity, heads, size);
        var random = new Random(1);
        var vectors = new Dictionary<(int Slot, int Sequence, int Head, int Position), float[]>();
        for (int position = 0; position < capacity; position++)
        {
            for (int i = 0; i < 2 * batch * heads; i++)
            {
                (int slot, int sequence, int head) = (i % 2, i / 2 % batch, i / 2 / batch);
                float[] vector = vectors[(slot, sequence, head, position)] = Vector(random, size);
                cache.Slot(slot).Append(sequence, head, position, vector);
            }
        }
        foreach ((int slot, int sequence, int head, int first) in vectors.Keys.Where(key => key.Position % 64 == 0))
        {
            int count = Math.Min(64, capacity - first);
            float[] kept = Read(cache.Slot(slot), slot == 0, sequence, head, first, count, size);
            for (int t = 0; t < count; t++)
                AssertKept(format, vectors[(slot, sequence, head, first + t)], kept.AsSpan(t * size, size));
        }
    }

    [Fact]
    public void Bfloat16RoundsToTheNearestAndTiesToEven()
    {
        using KvCache cache = Cache(CacheFormat.BF16, 1, 16, 1, 8);
        float[] given = [1 + 1f / 256, 1 + 3f / 256, 1 + 1f / 256 + 1f / 65536, -(1 + 1f / 256), 3.4e38f, 1e-40f, float.NegativeInfinity, float.NaN];
        float[] kept = [1, 1 + 1f / 64, 1 + 1f / 128, -1, float.PositiveInfinity, 0, float.NegativeInfinity, float.NaN];
        kept[5] = BitConverter.UInt32BitsToSingle(1u << 16); // 1e-40 is 71,362 of the smallest floats; one step here is 65,536.
        for (int slot = 0; slot < 2; slot++)
        {
            cache.Slot(slot).Append(0, 0, 3, given);
            Assert.Equal(kept, Read(cache.Slot(slot), slot == 0, 0, 0, 0, 16, 8)[24..32]);
        }
    }

    [Fact]
    public void ZerosStayZerosAndWhatIsNoNumberSpoilsOnlyWhatSharesItsScale()
    {
        using KvCache cache = Cache(CacheFormat.Int8, 1, 16, 1, 70);
        var vector = new float[70];
        vector[40] = float.NaN;
        vector[69] = float.Epsilon;
        for (int slot = 0; slot < 2; slot++)
        {
            cache.Slot(slot).Append(0, 0, 5, vector);
            float[] kept = Read(cache.Slot(slot), slot == 0, 0, 0, 0, 16, 70);
            for (int i = 0; i < kept.Length; i++)
                Assert.Equal(i is >= 5 * 70 + 32 and < 5 * 70 + 64 ? float.NaN : 0f, kept[i]);
        }
    }

    [Theory]
    [InlineData(CacheFormat.F32, 64, 4 * 64)]
    [InlineData(CacheFormat.BF16, 64, 2 * 64)]
    [InlineData(CacheFormat.Int8, 64, 64 + 2 * 4)]
    [InlineData(CacheFormat.Int8, 65, 65 + 3 * 4)]
    public void BytesAreThoseOfTheFormat(CacheFormat format, int size, int bytes)
    {
        using KvCache cache = Cache(format, 2, 100, 3, size);
        Assert.Equal(format, cache.Format);
        const int line = 64; // where a slot begins
        Assert.Equal(2 * (((2L * 112 * 3 * bytes) + line - 1) / line * line), cache.Bytes);
    }

    [Fact]
    public void EveryWidthReadsTheSameBits()
    {
        foreach (int size in new[] { 1, 7, 32, 45, 64, 100 })
        {
            AssertWidths(size, 64);
            AssertWidths(size, 21);
        }
    }

    private static unsafe void AssertWidths(int size, int count)
    {
        // Any bits will do but for scales, which begin each block of int8.
        var bytes = new byte[4 * 16 * (2 * size + 4 * CacheFormats.Scales(size))];
        var random = new Random(size);
        random.NextBytes(bytes);
        int block = 16 * (size + 4 * CacheFormats.Scales(size));
        for (int b = 0; b < 4; b++)
        {
            for (int i = 0; i < 16 * CacheFormats.Scales(size); i++) BitConverter.TryWriteBytes(bytes.AsSpan(b * block + 4 * i), random.NextSingle());
        }
        float[] Of(int width, int what)
        {
            var to = new float[64 * size];
            fixed (byte* from = bytes)
            fixed (float* t = to)
            {
                if (width == 512) Widen<Width512, Vector512<float>>(from, t, what);
                else if (width == 256) Widen<Width256, Vector256<float>>(from, t, what);
                else Widen<Width128, Vector128<float>>(from, t, what);
            }
            return to;
        }
        void Widen<W, V>(byte* from, float* to, int what)
            where W : struct, IWidth<V>
            where V : unmanaged
        {
            if (what == 0) CacheTiles<W, V>.WidenBFloat16((ushort*)from, count * size / 16 * 16, to);
            else if (what == 1) CacheTiles<W, V>.WidenKeys(from, (count + 15) / 16, size, to);
            else CacheTiles<W, V>.WidenValues(from, count, size, to);
        }
        for (int what = 0; what < 3; what++)
        {
            Assert.Equal(Of(128, what), Of(256, what));
            Assert.Equal(Of(128, what), Of(512, what));
        }
    }

    [Fact]
    public void OnlyF32HasFloatsToPointAtAndSizesMustAgree()
    {
        using KvCache cache = Cache(CacheFormat.Int8, 1, 16, 1, 4);
        Assert.Equal("a slot in Int8 has no floats to point at", Assert.Throws<InvalidOperationException>(() => cache.Slot(0).Block(0, 0, 0, 16).Length).Message);
        using var team = new Team(1);
        Exception? Error(Action<OnlineSoftmax> read) => Record.Exception(() => team.Run(new Once(worker => read(new OnlineSoftmax(worker, 1, 3, 4)))));
        Assert.Contains("a slot of size 4 was given where 3 is expected", Error(softmax => softmax.Scores(cache.Slot(0), 0, 0, 0, 16))!.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvCache(1, 1, [new SlotGeometry("keys", 1, 1, SlotLayout.Rows)], format: (CacheFormat)7));
    }

    private sealed class Once(Action<Worker> run) : ITeamJob
    {
        public void Run(Worker worker) => run(worker);
    }
}
