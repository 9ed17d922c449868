using System.Runtime.InteropServices;

namespace ILGPU;

/// <summary>A position or an extent along one axis.</summary>
public readonly struct Index1D(int x)
{
    /// <summary>The position.</summary>
    public int X { get; } = x;

    /// <summary>An index is an int.</summary>
    public static implicit operator Index1D(int value) => new(value);

    /// <summary>An index is an int.</summary>
    public static implicit operator int(Index1D index) => index.X;
}

/// <summary>A position or an extent along two axes.</summary>
public readonly struct Index2D(int x, int y)
{
    /// <summary>The position on the first axis.</summary>
    public int X { get; } = x;

    /// <summary>The position on the second axis.</summary>
    public int Y { get; } = y;
}

/// <summary>A position or an extent along three axes.</summary>
public readonly struct Index3D(int x, int y, int z)
{
    /// <summary>The position on the first axis.</summary>
    public int X { get; } = x;

    /// <summary>The position on the second axis.</summary>
    public int Y { get; } = y;

    /// <summary>The position on the third axis.</summary>
    public int Z { get; } = z;
}

/// <summary>A position or an extent along one axis, in 64 bits.</summary>
public readonly struct LongIndex1D(long x)
{
    /// <summary>The position.</summary>
    public long X { get; } = x;

    /// <summary>An index is a long.</summary>
    public static implicit operator LongIndex1D(long value) => new(value);

    /// <summary>An index is a long.</summary>
    public static implicit operator long(LongIndex1D index) => index.X;
}

/// <summary>How elements along one axis lie.</summary>
public interface IStride1D;

/// <summary>Strides along one axis.</summary>
public static class Stride1D
{
    /// <summary>Elements side by side.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 1)]
    public readonly struct Dense : IStride1D;
}

/// <summary>How many groups a launch has and how many lanes a group.</summary>
public readonly struct KernelConfig
{
    /// <summary>A row of groups.</summary>
    public KernelConfig(Index1D gridDim, Index1D groupDim) : this(new Index3D(gridDim, 1, 1), new Index3D(groupDim, 1, 1)) { }

    /// <summary>Rows and columns of groups.</summary>
    public KernelConfig(Index2D gridDim, Index2D groupDim)
        : this(new Index3D(gridDim.X, gridDim.Y, 1), new Index3D(groupDim.X, groupDim.Y, 1)) { }

    /// <summary>A grid of groups.</summary>
    public KernelConfig(Index3D gridDim, Index3D groupDim)
    {
        GridDim = gridDim;
        GroupDim = groupDim;
    }

    /// <summary>The groups along each axis.</summary>
    public Index3D GridDim { get; }

    /// <summary>The lanes along each axis.</summary>
    public Index3D GroupDim { get; }

    /// <summary>A row of groups.</summary>
    public static implicit operator KernelConfig((Index1D, Index1D) dimensions) => new(dimensions.Item1, dimensions.Item2);

    /// <summary>A grid of groups of a row of lanes.</summary>
    public static implicit operator KernelConfig((Index3D, Index1D) dimensions) =>
        new(dimensions.Item1, new Index3D(dimensions.Item2, 1, 1));

    /// <summary>Rows and columns of groups.</summary>
    public static implicit operator KernelConfig((Index2D, Index2D) dimensions) => new(dimensions.Item1, dimensions.Item2);

    /// <summary>A grid of groups.</summary>
    public static implicit operator KernelConfig((Index3D, Index3D) dimensions) => new(dimensions.Item1, dimensions.Item2);
}
