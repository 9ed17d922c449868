using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>
/// Many rows of activations, as <see cref="SweepGemm{W, V, F, S}"/> reads them: [lane][tile of rows][step of k][row of the tile], where a step is a
/// vector's worth of k, and a lane one place in it.
/// </summary>
internal readonly unsafe struct PackedInput
{
    /// <summary>Fewer rows read the weights where they are, once for every three or four. Twice as many registers hold tiles of twice the size.</summary>
    public static int LeastRows => Vector512.IsHardwareAccelerated ? 33 : 12;

    /// <summary>Rows that a panel of weights meets before the next does: whole tiles.</summary>
    public const int MostRows = 22 * 12;

    /// <summary>Planes a power of two apart would share the sets of a first-level cache.</summary>
    public const int Padding = 16;

    private readonly int _lanes;

    private PackedInput(float* values, int inner, int rows, int lanes)
    {
        Values = values;
        Rows = rows;
        Steps = inner / lanes;
        _lanes = lanes;
    }

    /// <summary>Floats in a vector of this hardware.</summary>
    public static int Lanes => Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4;

    public float* Values { get; }

    public int Rows { get; }

    /// <summary>Whole vectors of a row.</summary>
    public int Steps { get; }

    /// <summary>Floats from one lane's activations to the next lane's.</summary>
    public nint Plane => ((nint)Rows * Steps) + Padding;

    /// <summary>Floats of memory that rows take.</summary>
    public static int Floats(int inner, int rows, int lanes) => checked(lanes * ((rows * (inner / lanes)) + Padding));

    /// <summary>Floats of memory that a panel of weights takes, and the partial sums of what it meets.</summary>
    public static int PanelFloats(int inner, int rows, int lanes) => checked(
        (lanes * ((inner / lanes * 2 * lanes) + Padding)) + (BitOperations.Log2((uint)lanes) * Math.Min(rows, MostRows) * 2 * lanes));

    public static PackedInput At(float* memory, int inner, int rows, int lanes) => new(memory, inner, rows, lanes);

    /// <summary>Rows of the tile that begins with a row.</summary>
    public int Height(int row) => GemmTiles<Simd256<float>, Vector256<float>, float>.Rows(Rows - row);

    /// <summary>Copies every <paramref name="of"/>-th tile of rows, from the <paramref name="first"/>.</summary>
    [MethodImpl(Kernels.ByItself)]
    public void Pack(float* x, int inner, int first, int of)
    {
        int lanes = _lanes, steps = Steps;
        nint plane = Plane;
        for (int row = 0, tile = 0; row < Rows; tile++)
        {
            int height = Height(row);
            for (int i = 0; i < height && tile % of == first; i++)
            {
                float* from = x + ((nint)(row + i) * inner), to = Values + ((nint)row * steps) + i;
                for (int step = 0; step < steps; step++, from += lanes, to += height)
                {
                    for (int lane = 0; lane < lanes; lane++) to[lane * plane] = from[lane];
                }
            }
            row += height;
        }
    }
}
