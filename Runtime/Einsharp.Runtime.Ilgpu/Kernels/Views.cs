using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// Which sequence and position each row of the chunk at hand is: the real (sequence, position) pairs of a ragged batch, sequence after
/// sequence without padding. The twin of <see cref="Cpu.PackedRows"/> on a device.
/// </summary>
public struct RowTable
{
    /// <summary>The most rows of a block: consecutive rows of one sequence, a unit of attention.</summary>
    public const int BlockRows = 64;

    /// <summary>[Count] the sequence of a row.</summary>
    public ArrayView<int> Sequence;

    /// <summary>[Count] the position of a row in its sequence.</summary>
    public ArrayView<int> Position;

    /// <summary>[Count] the index of a row on the call's axis of new positions.</summary>
    public ArrayView<int> Column;

    /// <summary>[Sequences + 1] the first row of a sequence, and of the one after it.</summary>
    public ArrayView<int> Offset;

    /// <summary>[BlockCount][4] sequence, first row, rows (at most <see cref="BlockRows"/>) and first position of a block.</summary>
    public ArrayView<int> Blocks;

    /// <summary>How many rows there are.</summary>
    public int Count;

    /// <summary>How many sequences, those without a row included.</summary>
    public int Sequences;

    /// <summary>One more than the highest position of a row; 0 without rows.</summary>
    public int Positions;

    /// <summary>How many blocks of rows.</summary>
    public int BlockCount;

    /// <summary>1 if these are the first columns of the call, else 0.</summary>
    public int IsFirstChunk;
}

/// <summary>The cosines and sines of a rotation, made on the host in double.</summary>
public struct RopeView
{
    /// <summary>[position][size / 2].</summary>
    public ArrayView<float> Cosines;

    /// <summary>[position][size / 2].</summary>
    public ArrayView<float> Sines;

    /// <summary>Pair i begins at value i · PairStride: 1 for halves, 2 for neighbours.</summary>
    public int PairStride;

    /// <summary>The second value of a pair is this much further: size / 2 for halves, 1 for neighbours.</summary>
    public int PairOffset;
}

/// <summary>One slot of the key/value cache.</summary>
public struct CacheView
{
    /// <summary>[sequence][head][position &lt; Capacity][size].</summary>
    public ArrayView<float> Memory;

    /// <summary>The most positions of a sequence.</summary>
    public int Capacity;
}
