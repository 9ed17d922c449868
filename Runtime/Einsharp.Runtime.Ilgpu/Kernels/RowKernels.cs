using ILGPU;
using ILGPU.Runtime;

namespace Einsharp.Ilgpu;

/// <summary>Library kernels have no sizes that are worth folding.</summary>
/// <param name="Unused">ILGPU has no empty structs.</param>
public readonly record struct NoSizes(int Unused);

/// <summary>Operands of the kernels that copy rows between a packed and a padded tensor.</summary>
public struct RowCopyArgs
{
    /// <summary>[Sequences][Columns][Features], of which the chunk's columns are read or written.</summary>
    public ArrayView<float> Padded;

    /// <summary>[packed.Count][Features].</summary>
    public ArrayView<float> Rows;

    /// <summary>Which rows.</summary>
    public RowTable Packed;

    /// <summary>The call's new positions, padding included.</summary>
    public int Columns;

    /// <summary>Floats of a row.</summary>
    public int Features;
}

/// <summary>Library kernels that move rows. Grid x: the floats of the chunk, a lane each, in steps of the whole grid.</summary>
public static class RowKernels
{
    /// <summary>Rows[row][i] = Padded[sequence][column][i].</summary>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Collect(SpecializedValue<NoSizes> sizes, RowCopyArgs args)
    {
        int total = args.Packed.Count * args.Features;
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < total; i += Grid.DimX * Group.DimX)
            args.Rows[i] = args.Padded[Place(args, i)];
    }

    /// <summary>Padded[sequence][column][i] = Rows[row][i]. Padding is left as it is.</summary>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Spread(SpecializedValue<NoSizes> sizes, RowCopyArgs args)
    {
        int total = args.Packed.Count * args.Features;
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < total; i += Grid.DimX * Group.DimX)
            args.Padded[Place(args, i)] = args.Rows[i];
    }

    private static long Place(RowCopyArgs args, int i)
    {
        int row = i / args.Features;
        long place = (long)args.Packed.Sequence[row] * args.Columns + args.Packed.Column[row];
        return place * args.Features + (i - row * args.Features);
    }
}
