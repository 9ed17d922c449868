using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// A vector width. Each tile of the library is written once over it, and the JIT compiles it for the width that the hardware has: static
/// abstract calls on a struct are direct and inlined.
/// </summary>
/// <typeparam name="V">The vector of floats.</typeparam>
internal unsafe interface IWidth<V>
    where V : unmanaged
{
    /// <summary>Floats in a vector: 16, 8 or 4.</summary>
    static abstract int Count { get; }

    static abstract V Load(float* from);
    static abstract void Store(V value, float* to);
    static abstract V Broadcast(float value);
    static abstract V Add(V a, V b);
    static abstract V Subtract(V a, V b);
    static abstract V Multiply(V a, V b);
    static abstract V Divide(V a, V b);
    static abstract V Max(V a, V b);

    /// <summary>a·b + c, in one rounding where the hardware has it: the same choice in every tile, so tiles agree bit for bit.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>Lane by lane: x &lt; limit ? below : otherwise.</summary>
    static abstract V SelectBelow(V x, V limit, V below, V otherwise);

    /// <summary>Lane by lane: value · 2^n, where the low bits of <paramref name="shifted"/> hold the integer n.</summary>
    static abstract V AddExponent(V value, V shifted);

    /// <summary>Loads bfloat16 values: a float is those 16 bits and 16 zeros.</summary>
    static abstract V LoadBFloat16(ushort* from);

    /// <summary>Loads IEEE half-precision values, all finite ones exactly, subnormal ones included.</summary>
    static abstract V LoadHalf(ushort* from);

    /// <summary>Loads integers of eight bits, which floats hold exactly.</summary>
    static abstract V LoadInt8(sbyte* from);

    /// <summary>Adds the upper half to the lower until four partial sums are left.</summary>
    static abstract Vector128<float> Fold(V value);

    /// <summary>The greatest lane.</summary>
    static abstract float Highest(V value);
}

/// <summary>What the widths share.</summary>
internal static class Lanes
{
    /// <summary>
    /// A half's magnitude bits 13 places up make a float whose exponent is 112 too small (the biases are 15 and 127). Sign extension before
    /// the shift leaves copies of the sign above the magnitude, of which this mask keeps the topmost.
    /// </summary>
    public const int HalfMask = unchecked((int)0x8FFFE000);

    /// <summary>2^112.</summary>
    public const float HalfScale = 5.192296858534828e33f;

    /// <summary>
    /// The halves in the upper 16 bits of each lane, exactly; what is below does not matter. By whole numbers: factors of blocks are often
    /// subnormal halves, and floats that are subnormal in some lanes cost a product as much as dozens of others.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WidenHalves(Vector256<int> upper)
    {
        Vector256<int> magnitude = (upper >>> 3) & Vector256.Create(0x0FFFE000);
        // Right where the exponent is not 0, and there less than the other, which has the leading one that subnormal numbers do not.
        Vector256<float> normal = (magnitude + Vector256.Create(112 << 23)).AsSingle();
        Vector256<float> subnormal = Vector256.MultiplyAddEstimate(normal, Vector256.Create(2f), Vector256.Create(-1 / 16384f));
        Vector256<int> value = Vector256.MinNative(normal, subnormal).AsInt32();
        value |= Vector256.GreaterThan(magnitude, Vector256.Create((31 << 23) - 1)) & Vector256.Create(0x7F800000);
        return (value | (upper & Vector256.Create(int.MinValue))).AsSingle();
    }

    /// <inheritdoc cref="WidenHalves(Vector256{int})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WidenHalves(Vector512<int> upper)
    {
        Vector512<int> magnitude = (upper >>> 3) & Vector512.Create(0x0FFFE000);
        Vector512<float> normal = (magnitude + Vector512.Create(112 << 23)).AsSingle();
        Vector512<float> subnormal = Vector512.MultiplyAddEstimate(normal, Vector512.Create(2f), Vector512.Create(-1 / 16384f));
        Vector512<int> value = Vector512.MinNative(normal, subnormal).AsInt32();
        Vector512<int> isSpecial = Vector512.GreaterThan(magnitude, Vector512.Create((31 << 23) - 1));
        value = Vector512.ConditionalSelect(isSpecial, value | Vector512.Create(0x7F800000), value);
        return (value | (upper & Vector512.Create(int.MinValue))).AsSingle();
    }

    /// <summary>The four sums of four vectors' lanes, each (0 + 2) + (1 + 3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        // Transposed, so that four sums cost little more than one.
        Vector128<float> ab = Interleave(a, b, 0) + Interleave(a, b, 2);
        Vector128<float> cd = Interleave(c, d, 0) + Interleave(c, d, 2);
        // Halves put together by themselves would go through memory.
        return Sse.IsSupported
            ? Sse.MoveLowToHigh(ab, cd) + Sse.MoveHighToLow(cd, ab)
            : Vector128.Create(ab.GetLower(), cd.GetLower()) + Vector128.Create(ab.GetUpper(), cd.GetUpper());
    }

    /// <summary>The sum of four lanes in the order of <see cref="Sums"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> a) => (a[0] + a[2]) + (a[1] + a[3]);

    /// <summary>The greatest of four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Highest(Vector128<float> a)
    {
        a = Vector128.MaxNative(a, Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(a, Vector128.Shuffle(a, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Interleave(Vector128<float> a, Vector128<float> b, int from)
    {
        if (Sse.IsSupported) return from == 0 ? Sse.UnpackLow(a, b) : Sse.UnpackHigh(a, b);
        return Vector128.Create(a[from], b[from], a[from + 1], b[from + 1]);
    }
}

/// <summary>512 bits: 16 floats.</summary>
internal readonly unsafe struct Width512 : IWidth<Vector512<float>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* from) => Vector512.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* to) => value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SelectBelow(
        Vector512<float> x, Vector512<float> limit, Vector512<float> below, Vector512<float> otherwise) =>
        Vector512.ConditionalSelect(Vector512.LessThan(x, limit), below, otherwise);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> AddExponent(Vector512<float> value, Vector512<float> shifted) =>
        (value.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBFloat16(ushort* from) =>
        (Vector512.WidenLower(Vector256.Load(from).ToVector512Unsafe()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalf(ushort* from) =>
        ((Vector512.WidenLower(Vector256.Load((short*)from).ToVector512Unsafe()) << 13) & Vector512.Create(Lanes.HalfMask)).AsSingle()
        * Vector512.Create(Lanes.HalfScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadInt8(sbyte* from) =>
        Vector512.ConvertToSingle(Vector512.WidenLower(Vector512.WidenLower(Vector128.Load(from).ToVector256Unsafe().ToVector512Unsafe())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fold(Vector512<float> value) => Width256.Fold(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Highest(Vector512<float> value) => Width256.Highest(Vector256.MaxNative(value.GetLower(), value.GetUpper()));
}

/// <summary>256 bits: 8 floats.</summary>
internal readonly unsafe struct Width256 : IWidth<Vector256<float>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* from) => Vector256.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* to) => value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SelectBelow(
        Vector256<float> x, Vector256<float> limit, Vector256<float> below, Vector256<float> otherwise) =>
        Vector256.ConditionalSelect(Vector256.LessThan(x, limit), below, otherwise);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddExponent(Vector256<float> value, Vector256<float> shifted) =>
        (value.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBFloat16(ushort* from) => UpperHalves(from).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(ushort* from) =>
        ((UpperHalves(from) >> 3) & Vector256.Create(Lanes.HalfMask)).AsSingle() * Vector256.Create(Lanes.HalfScale);

    /// <summary>Eight 16-bit numbers, each above 16 zeros. Both halves of a vector get all eight, and a shuffle inside the halves picks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> UpperHalves(ushort* from)
    {
        // Widening to a whole vector takes some processors (Zen 3) four times as long as a shuffle.
        if (Avx2.IsSupported)
        {
            return Avx2.Shuffle(Avx2.BroadcastVector128ToVector256((byte*)from), Vector256.Create(
                (byte)255, 255, 0, 1, 255, 255, 2, 3, 255, 255, 4, 5, 255, 255, 6, 7,
                255, 255, 8, 9, 255, 255, 10, 11, 255, 255, 12, 13, 255, 255, 14, 15)).AsInt32();
        }
        return (Vector256.WidenLower(Vector128.Load(from).ToVector256Unsafe()) << 16).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadInt8(sbyte* from) =>
        Vector256.ConvertToSingle(Vector256.WidenLower(Vector256.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)from).AsSByte().ToVector256Unsafe())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fold(Vector256<float> value) => value.GetLower() + value.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Highest(Vector256<float> value) => Width128.Highest(Vector128.MaxNative(value.GetLower(), value.GetUpper()));
}

/// <summary>128 bits: 4 floats.</summary>
internal readonly unsafe struct Width128 : IWidth<Vector128<float>>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* from) => Vector128.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> value, float* to) => value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SelectBelow(
        Vector128<float> x, Vector128<float> limit, Vector128<float> below, Vector128<float> otherwise) =>
        Vector128.ConditionalSelect(Vector128.LessThan(x, limit), below, otherwise);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AddExponent(Vector128<float> value, Vector128<float> shifted) =>
        (value.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(ushort* from) =>
        (Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)from).AsUInt16()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalf(ushort* from) =>
        ((Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)from).AsInt16()) << 13) & Vector128.Create(Lanes.HalfMask)).AsSingle()
        * Vector128.Create(Lanes.HalfScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadInt8(sbyte* from) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)from).AsSByte())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fold(Vector128<float> value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Highest(Vector128<float> value) => Lanes.Highest(value);
}
