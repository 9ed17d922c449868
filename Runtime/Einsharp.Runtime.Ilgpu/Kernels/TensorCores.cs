using ILGPU;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime.Cuda;

namespace Einsharp.Ilgpu;

/// <summary>
/// Matrix products on tensor cores: bf16 by bf16 into f32, CUDA devices of compute capability 8.0 and up. A group of 256 lanes makes a tile
/// of 128 rows by 128 features, or by as many fewer as there are weights side by side. Tiles of both operands come into shared memory by
/// asynchronous copies, three steps of 32 values under way or in use.
/// </summary>
/// <remarks>
/// A step's tile is 128 rows of four chunks of 16 bytes. A chunk lies where its number, exclusive-or with half the row's, says: so the
/// eight rows that a matrix load reads are in different banks. Layouts of the fragments: PTX ISA, "Matrix fragments for mma.m16n8k16".
/// </remarks>
public static class TensorCores
{
    /// <summary>Lanes of a group.</summary>
    public const int Lanes = 256;

    /// <summary>Rows of a tile of activations, and of a tile of weights.</summary>
    public const int Rows = 128;

    /// <summary>Units of 8 values in a row of a tile: a step.</summary>
    public const int Units = 4;

    /// <summary>Bytes of a row of a tile.</summary>
    public const int RowBytes = 16 * Units;

    /// <summary>Bytes of a tile.</summary>
    public const int TileBytes = Rows * RowBytes;

    /// <summary>Bytes of a step: a tile of activations, then one of weights.</summary>
    public const int StepBytes = 2 * TileBytes;

    /// <summary>Steps that shared memory holds.</summary>
    public const int Steps = 3;

    /// <summary>All shared memory of a group, in units of 16 bytes: what is allowed without asking the driver for more.</summary>
    public const int SharedUnits = Steps * StepBytes / 16;

    // The operands that the instruction reads only come after those that it writes.
    private const string CopyText = "cp.async.cg.shared.global [%0], [%1], 16, %2;";

    private const string LoadText = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];";

    private const string MultiplyText =
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};";

    /// <summary>
    /// The address of the group's only allocation of shared memory, which must be <see cref="SharedUnits"/> long. A uniform call.
    /// </summary>
    /// <param name="shared">The allocation.</param>
    public static int Address(ArrayView<UInt4> shared)
    {
        // Written, so that it is not taken for unused: the asynchronous copies do not count.
        shared[Group.IdxX] = default;
        Einsharp.Ilgpu.Lanes.Barrier();
        Output<int> address = default;
        CudaAsm.EmitRef("mov.u32 %0, __shared_alloca0;", ref address);
        return address.Value;
    }

    /// <summary>Where a chunk lies in a tile, in bytes.</summary>
    /// <param name="row">The row.</param>
    /// <param name="chunk">The chunk of the row: 0 to 3.</param>
    public static int Place(int row, int chunk) => row * RowBytes + (chunk ^ (row / 2 & 3)) * 16;

    /// <summary>Begins to copy 16 bytes to shared memory, or zeros.</summary>
    /// <param name="to">The address there.</param>
    /// <param name="from">The address in global memory.</param>
    /// <param name="isInside">Whether there is anything to copy; nothing is read if not.</param>
    public static void Copy(int to, long from, bool isInside) => Copy(to, from, isInside ? 16 : 0);

    /// <summary>Begins to copy so many of 16 bytes, and zeros after them.</summary>
    /// <param name="to">The address in shared memory.</param>
    /// <param name="from">The address in global memory.</param>
    /// <param name="bytes">16 or 0.</param>
    /// <remarks>
    /// ILGPU passes the operands of inline PTX through local memory. The bodies of this and of the next two methods are for readers and for
    /// the double; CUDA's backend replaces them by the same instruction on registers.
    /// </remarks>
    [IntrinsicImplementation]
    public static void Copy(int to, long from, int bytes)
    {
        Input<int> there = to, count = bytes;
        Input<long> here = from;
        CudaAsm.EmitRef(CopyText, ref there, ref here, ref count);
    }

    /// <summary>Ends a step's copies.</summary>
    public static void Commit() => CudaAsm.Emit("cp.async.commit_group;");

    /// <summary>Waits for this lane's copies of all steps but the last that was committed; a barrier must follow.</summary>
    public static void WaitForOlder() => CudaAsm.Emit("cp.async.wait_group 1;");

    /// <summary>Loads four matrices of 8 by 8 values: each lane says where a row lies. All lanes of a warp.</summary>
    /// <param name="address">Lane l: the address of row l % 8 of matrix l / 8.</param>
    /// <returns>The lane's two values of each matrix: row l / 4, columns 2 · (l % 4) and the next.</returns>
    [IntrinsicImplementation]
    public static UInt4 Load(int address)
    {
        Output<uint> x = default, y = default, z = default, w = default;
        Input<int> from = address;
        CudaAsm.EmitRef(LoadText, ref x, ref y, ref z, ref w, ref from);
        UInt4 values;
        values.X = x.Value;
        values.Y = y.Value;
        values.Z = z.Value;
        values.W = w.Value;
        return values;
    }

    /// <summary>sums + rows · features: 16 rows by 8 features, 16 values of each. All lanes of a warp.</summary>
    /// <param name="sums">
    /// X and Y: row l / 4, features 2 · (l % 4) and the next. Z and W: the row 8 further.
    /// </param>
    /// <param name="rows">16 rows of activations.</param>
    /// <param name="low">The first 8 values of 8 features' weights.</param>
    /// <param name="high">The last 8.</param>
    public static Float4 Add(Float4 sums, UInt4 rows, uint low, uint high) =>
        Multiply(sums.X, sums.Y, sums.Z, sums.W, rows.X, rows.Y, rows.Z, rows.W, low, high);

    /// <summary>As <see cref="Add"/>, field by field.</summary>
    /// <param name="c0">The sums.</param>
    /// <param name="c1">The sums.</param>
    /// <param name="c2">The sums.</param>
    /// <param name="c3">The sums.</param>
    /// <param name="a0">The rows.</param>
    /// <param name="a1">The rows.</param>
    /// <param name="a2">The rows.</param>
    /// <param name="a3">The rows.</param>
    /// <param name="b0">The features.</param>
    /// <param name="b1">The features.</param>
    [IntrinsicImplementation]
    public static Float4 Multiply(float c0, float c1, float c2, float c3, uint a0, uint a1, uint a2, uint a3, uint b0, uint b1)
    {
        Ref<float> x = c0, y = c1, z = c2, w = c3;
        Input<uint> rows0 = a0, rows1 = a1, rows2 = a2, rows3 = a3, low = b0, high = b1;
        CudaAsm.EmitRef(MultiplyText, ref x, ref y, ref z, ref w, ref rows0, ref rows1, ref rows2, ref rows3, ref low, ref high);
        Float4 sums;
        sums.X = x.Value;
        sums.Y = y.Value;
        sums.Z = z.Value;
        sums.W = w.Value;
        return sums;
    }

    /// <summary>Writes one row as bf16, in units of 8 values: what the copies read. All lanes of the group share the work.</summary>
    /// <param name="values">The rows.</param>
    /// <param name="row">Which row.</param>
    /// <param name="length">Values of a row: a multiple of 8.</param>
    /// <param name="packed">The same rows as units.</param>
    public static void Pack(ArrayView<float> values, int row, int length, ArrayView<UInt4> packed)
    {
        int units = length / 8;
        for (int unit = Group.IdxX; unit < units; unit += Group.DimX)
        {
            Float4 low = StagedRows.Load4(values, row * length, 8 * unit, length);
            packed[row * units + unit] = Pack(low, StagedRows.Load4(values, row * length, 8 * unit + 4, length));
        }
    }

    /// <summary>As <see cref="Pack(ArrayView{float}, int, int, ArrayView{UInt4})"/>, of the normalised row. A uniform call.</summary>
    /// <param name="values">The rows.</param>
    /// <param name="row">Which row.</param>
    /// <param name="length">Values of a row: a multiple of 8.</param>
    /// <param name="gain">As many factors as a row has values.</param>
    /// <param name="epsilon">Keeps a row of zeros from a division by zero.</param>
    /// <param name="packed">The same rows as units.</param>
    /// <param name="scratch">A float a lane of the group, in shared memory.</param>
    public static void PackNormed(
        ArrayView<float> values, int row, int length, ArrayView<float> gain, float epsilon, ArrayView<UInt4> packed,
        ArrayView<float> scratch)
    {
        float squares = 0;
        for (int four = Group.IdxX; four < length / 4; four += Group.DimX)
            squares += StagedRows.Squares(StagedRows.Load4(values, row * length, 4 * four, length));
        float norm = StagedRows.Norm(squares, length, epsilon, scratch);
        Float4 all;
        all.X = norm;
        all.Y = norm;
        all.Z = norm;
        all.W = norm;
        int units = length / 8;
        for (int unit = Group.IdxX; unit < units; unit += Group.DimX)
        {
            Float4 low = StagedRows.Load4(values, row * length, 8 * unit, length);
            Float4 high = StagedRows.Load4(values, row * length, 8 * unit + 4, length);
            Float4 lowGain = StagedRows.Load4(gain, 0, 8 * unit, length), highGain = StagedRows.Load4(gain, 0, 8 * unit + 4, length);
            low = StagedRows.Multiply(StagedRows.Multiply(low, all), lowGain);
            packed[row * units + unit] = Pack(low, StagedRows.Multiply(StagedRows.Multiply(high, all), highGain));
        }
    }

    private static UInt4 Pack(Float4 low, Float4 high)
    {
        UInt4 words;
        words.X = Pack(low.X, low.Y);
        words.Y = Pack(low.Z, low.W);
        words.Z = Pack(high.X, high.Y);
        words.W = Pack(high.Z, high.W);
        return words;
    }

    private static uint Pack(float low, float high) => Round(low) >> 16 | (Round(high) & 0xFFFF0000u);

    // To the nearest bf16, ties to even; what is no number stays none.
    private static uint Round(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
            return bits | 0x00400000u;
        return bits + 0x7FFFu + (bits >> 16 & 1u);
    }
}
