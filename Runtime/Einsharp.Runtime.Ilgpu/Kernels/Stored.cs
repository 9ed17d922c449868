using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// How the weights of a matrix are stored on the device. A matrix is rows of <see cref="Stored.Stride8"/> units; a unit is 8 consecutive
/// values of a row, and a row that does not fill its last unit is padded with zeros, so that a kernel never needs a bounds check.
/// </summary>
public interface IStored
{
    /// <summary>Loads 8 consecutive values and widens them to floats.</summary>
    /// <param name="weights">The matrix.</param>
    /// <param name="unit">Which unit: row · Stride8(length) + column / 8.</param>
    static abstract Float8 Load8(ArrayView<UInt4> weights, int unit);
}

/// <summary>IEEE 754 binary32: a unit is two 16-byte loads.</summary>
public readonly struct StoredF32 : IStored
{
    /// <inheritdoc/>
    public static Float8 Load8(ArrayView<UInt4> weights, int unit)
    {
        UInt4 low = weights[2 * unit], high = weights[2 * unit + 1];
        Float8 values;
        values.A = Interop.IntAsFloat(low.X);
        values.B = Interop.IntAsFloat(low.Y);
        values.C = Interop.IntAsFloat(low.Z);
        values.D = Interop.IntAsFloat(low.W);
        values.E = Interop.IntAsFloat(high.X);
        values.F = Interop.IntAsFloat(high.Y);
        values.G = Interop.IntAsFloat(high.Z);
        values.H = Interop.IntAsFloat(high.W);
        return values;
    }
}

/// <summary>The upper half of a binary32: a unit is one 16-byte load, and widening a shift or a mask.</summary>
public readonly struct StoredBF16 : IStored
{
    /// <inheritdoc/>
    public static Float8 Load8(ArrayView<UInt4> weights, int unit)
    {
        UInt4 words = weights[unit];
        Float8 values;
        values.A = Low(words.X);
        values.B = High(words.X);
        values.C = Low(words.Y);
        values.D = High(words.Y);
        values.E = Low(words.Z);
        values.F = High(words.Z);
        values.G = Low(words.W);
        values.H = High(words.W);
        return values;
    }

    private static float Low(uint word) => Interop.IntAsFloat(word << 16);

    private static float High(uint word) => Interop.IntAsFloat(word & 0xFFFF0000u);
}

/// <summary>
/// IEEE 754 binary16: a unit is one 16-byte load. Widened by integer arithmetic, because not every OpenCL device has a half type.
/// </summary>
public readonly struct StoredF16 : IStored
{
    /// <inheritdoc/>
    public static Float8 Load8(ArrayView<UInt4> weights, int unit)
    {
        UInt4 words = weights[unit];
        Float8 values;
        values.A = Widen(words.X & 0xFFFFu);
        values.B = Widen(words.X >> 16);
        values.C = Widen(words.Y & 0xFFFFu);
        values.D = Widen(words.Y >> 16);
        values.E = Widen(words.Z & 0xFFFFu);
        values.F = Widen(words.Z >> 16);
        values.G = Widen(words.W & 0xFFFFu);
        values.H = Widen(words.W >> 16);
        return values;
    }

    // No denormal float is ever made on the way: a device may flush those to zero.
    private static float Widen(uint half)
    {
        uint magnitude = half & 0x7FFFu;
        uint bits = (magnitude << 13) + 0x38000000u;
        if (magnitude >= 0x7C00u)
            bits += 0x38000000u;
        if (magnitude < 0x0400u)
            bits = Interop.FloatAsInt((float)(int)magnitude * 5.9604645E-08f);
        return Interop.IntAsFloat(bits | ((half & 0x8000u) << 16));
    }
}

/// <summary>Where the values of a stored matrix are.</summary>
public static class Stored
{
    /// <summary>Units of 8 values in a row.</summary>
    /// <param name="length">Values of a row.</param>
    public static int Stride8(int length) => (length + 7) / 8;

    /// <summary>One value of a matrix, by its index as if rows were not padded.</summary>
    /// <typeparam name="TStored">How the weights are stored.</typeparam>
    /// <param name="weights">The matrix.</param>
    /// <param name="length">Values of a row.</param>
    /// <param name="flat">row · length + column.</param>
    public static float At<TStored>(ArrayView<UInt4> weights, int length, long flat)
        where TStored : struct, IStored
    {
        long row = flat / length;
        int column = (int)(flat - row * length);
        Float8 unit = TStored.Load8(weights, (int)(row * Stride8(length) + column / 8));
        return Pick(unit, column & 7);
    }

    private static float Pick(Float8 unit, int index)
    {
        float first = index < 2 ? (index == 0 ? unit.A : unit.B) : (index == 2 ? unit.C : unit.D);
        float second = index < 6 ? (index == 4 ? unit.E : unit.F) : (index == 6 ? unit.G : unit.H);
        return index < 4 ? first : second;
    }
}
