using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// Rows of activations in shared memory, for matrix-vector kernels: all lanes of a group write them, then every team reads all of them
/// against its own rows of weights. A row is padded with zeros to whole units of 8. It lies as two planes, the first four values of all
/// units and then the last four, so that neighbouring lanes, which read neighbouring units, read neighbouring memory.
/// </summary>
public static class StagedRows
{
    /// <summary>Four consecutive values of a row in global memory, zeros past its end: one 16-byte load where rows allow it.</summary>
    /// <param name="values">The rows.</param>
    /// <param name="start">The index of the row's first value: a multiple of <paramref name="length"/>.</param>
    /// <param name="at">The first of the four in the row: a multiple of 4.</param>
    /// <param name="length">Values of a row.</param>
    public static Float4 Load4(ArrayView<float> values, int start, int at, int length)
    {
        Float4 four = default;
        if (length % 4 == 0)
        {
            if (at < length)
                four = values.Cast<Float4>()[(start + at) / 4];
            return four;
        }

        if (at < length)
            four.X = values[start + at];
        if (at + 1 < length)
            four.Y = values[start + at + 1];
        if (at + 2 < length)
            four.Z = values[start + at + 2];
        if (at + 3 < length)
            four.W = values[start + at + 3];
        return four;
    }

    /// <summary>Writes a slice of a row to shared memory. The caller puts a barrier before it is read.</summary>
    /// <param name="values">The rows.</param>
    /// <param name="row">Which row.</param>
    /// <param name="length">Values of a row.</param>
    /// <param name="from">The first unit of the slice.</param>
    /// <param name="count">Units of the slice, at most <paramref name="plane"/>.</param>
    /// <param name="staged">Shared memory.</param>
    /// <param name="plane">Units from the first plane to the second.</param>
    public static void Load(ArrayView<float> values, int row, int length, int from, int count, ArrayView<Float4> staged, int plane)
    {
        int i = Group.IdxX, step = Group.DimX, end = 2 * count;
        for (; i + 3 * step < end; i += 4 * step)
        {
            // Four loads are under way at once: one after the other, the latency of each would be waited for.
            Float4 x0 = Four(values, row, length, from, i), x1 = Four(values, row, length, from, i + step);
            Float4 x2 = Four(values, row, length, from, i + 2 * step), x3 = Four(values, row, length, from, i + 3 * step);
            staged[Place(plane, i)] = x0;
            staged[Place(plane, i + step)] = x1;
            staged[Place(plane, i + 2 * step)] = x2;
            staged[Place(plane, i + 3 * step)] = x3;
        }

        for (; i < end; i += step)
            staged[Place(plane, i)] = Four(values, row, length, from, i);
    }

    /// <summary>As <see cref="Load"/>, with each value multiplied by its gain.</summary>
    /// <param name="values">The rows.</param>
    /// <param name="row">Which row.</param>
    /// <param name="length">Values of a row.</param>
    /// <param name="gain">As many factors as a row has values.</param>
    /// <param name="from">The first unit of the slice.</param>
    /// <param name="count">Units of the slice, at most <paramref name="plane"/>.</param>
    /// <param name="staged">Shared memory.</param>
    /// <param name="plane">Units from the first plane to the second.</param>
    /// <returns>This lane's part of the slice's sum of squares, which are those without the gain.</returns>
    public static float LoadScaled(
        ArrayView<float> values, int row, int length, ArrayView<float> gain, int from, int count, ArrayView<Float4> staged, int plane)
    {
        int i = Group.IdxX, step = Group.DimX, end = 2 * count;
        float squares = 0;
        for (; i + 3 * step < end; i += 4 * step)
        {
            Float4 x0 = Four(values, row, length, from, i), x1 = Four(values, row, length, from, i + step);
            Float4 x2 = Four(values, row, length, from, i + 2 * step), x3 = Four(values, row, length, from, i + 3 * step);
            Float4 by0 = Four(gain, 0, length, from, i), by1 = Four(gain, 0, length, from, i + step);
            Float4 by2 = Four(gain, 0, length, from, i + 2 * step), by3 = Four(gain, 0, length, from, i + 3 * step);
            squares += Squares(x0) + Squares(x1) + (Squares(x2) + Squares(x3));
            staged[Place(plane, i)] = Multiply(x0, by0);
            staged[Place(plane, i + step)] = Multiply(x1, by1);
            staged[Place(plane, i + 2 * step)] = Multiply(x2, by2);
            staged[Place(plane, i + 3 * step)] = Multiply(x3, by3);
        }

        for (; i < end; i += step)
        {
            Float4 x = Four(values, row, length, from, i);
            squares += Squares(x);
            staged[Place(plane, i)] = Multiply(x, Four(gain, 0, length, from, i));
        }

        return squares;
    }

    /// <summary>Writes a slice of four rows to shared memory, one behind the other; a barrier must follow.</summary>
    /// <param name="values">The rows.</param>
    /// <param name="row0">The first.</param>
    /// <param name="row1">The second.</param>
    /// <param name="row2">The third.</param>
    /// <param name="row3">The fourth.</param>
    /// <param name="length">Values of a row.</param>
    /// <param name="from">The first unit of the slice.</param>
    /// <param name="count">Units of the slice, at most <paramref name="plane"/>.</param>
    /// <param name="staged">Shared memory.</param>
    /// <param name="plane">Units from a row's first plane to its second.</param>
    public static void LoadFour(
        ArrayView<float> values, int row0, int row1, int row2, int row3, int length, int from, int count,
        ArrayView<Float4> staged, int plane)
    {
        for (int i = Group.IdxX; i < 2 * count; i += Group.DimX)
        {
            Float4 x0 = Four(values, row0, length, from, i), x1 = Four(values, row1, length, from, i);
            Float4 x2 = Four(values, row2, length, from, i), x3 = Four(values, row3, length, from, i);
            int to = Place(plane, i);
            staged[to] = x0;
            staged[to + 2 * plane] = x1;
            staged[to + 4 * plane] = x2;
            staged[to + 6 * plane] = x3;
        }
    }

    /// <summary>As <see cref="LoadFour"/>, with each value multiplied by its gain.</summary>
    /// <param name="values">The rows.</param>
    /// <param name="row0">The first.</param>
    /// <param name="row1">The second.</param>
    /// <param name="row2">The third.</param>
    /// <param name="row3">The fourth.</param>
    /// <param name="length">Values of a row.</param>
    /// <param name="gain">As many factors as a row has values.</param>
    /// <param name="from">The first unit of the slice.</param>
    /// <param name="count">Units of the slice, at most <paramref name="plane"/>.</param>
    /// <param name="squares">This lane's parts of the rows' sums of squares so far, which are those without the gain.</param>
    /// <param name="staged">Shared memory.</param>
    /// <param name="plane">Units from a row's first plane to its second.</param>
    /// <returns>The sums of squares with the slice's.</returns>
    public static Float4 LoadFourScaled(
        ArrayView<float> values, int row0, int row1, int row2, int row3, int length, ArrayView<float> gain, int from, int count,
        Float4 squares, ArrayView<Float4> staged, int plane)
    {
        for (int i = Group.IdxX; i < 2 * count; i += Group.DimX)
        {
            Float4 x0 = Four(values, row0, length, from, i), x1 = Four(values, row1, length, from, i);
            Float4 x2 = Four(values, row2, length, from, i), x3 = Four(values, row3, length, from, i);
            Float4 by = Four(gain, 0, length, from, i);
            squares.X += Squares(x0);
            squares.Y += Squares(x1);
            squares.Z += Squares(x2);
            squares.W += Squares(x3);
            int to = Place(plane, i);
            staged[to] = Multiply(x0, by);
            staged[to + 2 * plane] = Multiply(x1, by);
            staged[to + 4 * plane] = Multiply(x2, by);
            staged[to + 6 * plane] = Multiply(x3, by);
        }

        return squares;
    }

    /// <summary>x · x, all four.</summary>
    /// <param name="x">Four values.</param>
    public static float Squares(Float4 x) => x.X * x.X + x.Y * x.Y + (x.Z * x.Z + x.W * x.W);

    /// <summary>x · by, each of the four.</summary>
    /// <param name="x">Four values.</param>
    /// <param name="by">Four factors.</param>
    public static Float4 Multiply(Float4 x, Float4 by)
    {
        x.X *= by.X;
        x.Y *= by.Y;
        x.Z *= by.Z;
        x.W *= by.W;
        return x;
    }

    private static Float4 Four(ArrayView<float> values, int row, int length, int from, int four) =>
        Load4(values, row * length, 8 * from + 4 * four, length);

    private static int Place(int plane, int four) => four % 2 * plane + four / 2;

    /// <summary>A unit of a staged row.</summary>
    /// <param name="staged">Shared memory.</param>
    /// <param name="at">Where the unit lies in the first plane.</param>
    /// <param name="plane">Units from the first plane to the second.</param>
    public static Float8 Load8(ArrayView<Float4> staged, int at, int plane)
    {
        Float4 low = staged[at], high = staged[at + plane];
        Float8 values;
        values.A = low.X;
        values.B = low.Y;
        values.C = low.Z;
        values.D = low.W;
        values.E = high.X;
        values.F = high.Y;
        values.G = high.Z;
        values.H = high.W;
        return values;
    }

    /// <summary>sum + Σ w · x, in the order of memory.</summary>
    /// <param name="sum">What there is already.</param>
    /// <param name="w">Eight weights.</param>
    /// <param name="x">Eight activations.</param>
    public static float Add8(float sum, Float8 w, Float8 x) =>
        sum + w.A * x.A + w.B * x.B + w.C * x.C + w.D * x.D + w.E * x.E + w.F * x.F + w.G * x.G + w.H * x.H;

    /// <summary>sums + Σ w · x for each of four rows, in the order of memory.</summary>
    /// <param name="sums">What there is already, a row each.</param>
    /// <param name="w">Eight weights.</param>
    /// <param name="x0">Eight activations of the first row.</param>
    /// <param name="x1">Of the second.</param>
    /// <param name="x2">Of the third.</param>
    /// <param name="x3">Of the fourth.</param>
    public static Float4 Add8(Float4 sums, Float8 w, Float8 x0, Float8 x1, Float8 x2, Float8 x3)
    {
        sums.X = Add8(sums.X, w, x0);
        sums.Y = Add8(sums.Y, w, x1);
        sums.Z = Add8(sums.Z, w, x2);
        sums.W = Add8(sums.W, w, x3);
        return sums;
    }

    /// <summary>1 / √(mean(x²) + epsilon), from every lane's part of the sum of squares. A uniform call.</summary>
    /// <param name="squares">This lane's part.</param>
    /// <param name="length">Values of a row.</param>
    /// <param name="epsilon">Keeps a row of zeros from a division by zero.</param>
    /// <param name="scratch">A float a lane of the group, in shared memory.</param>
    public static float Norm(float squares, int length, float epsilon, ArrayView<float> scratch) =>
        1f / MathF.Sqrt(GroupReduce.Sum(squares, scratch) / length + epsilon);
}
