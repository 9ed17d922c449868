namespace Einsharp.Cpu;

/// <summary>Keys and values of a call laid out as a slot of a cache is, so that one kernel reads both.</summary>
public static class KeyValues
{
    /// <summary>Positions in whole blocks.</summary>
    /// <param name="positions">A number of positions.</param>
    public static int Padded(int positions) => CacheSlot.Padded(positions);

    /// <summary>Positions in whole blocks.</summary>
    /// <param name="positions">A number of positions.</param>
    public static long Padded(long positions) => checked(positions + CacheSlot.BlockSize - 1) / CacheSlot.BlockSize * CacheSlot.BlockSize;

    /// <summary>The keys of one head into blocks of 16 positions: [positions / 16][size][16].</summary>
    /// <param name="keys">The head's first element, and what follows.</param>
    /// <param name="positions">How many positions.</param>
    /// <param name="positionStride">How far apart neighbouring positions are.</param>
    /// <param name="size">The length of a key.</param>
    /// <param name="stride">How far apart neighbouring elements of a key are.</param>
    /// <param name="blocks">Of <see cref="Padded(int)"/> positions; those past the last are zeros.</param>
    public static void PackKeys(ReadOnlySpan<float> keys, int positions, int positionStride, int size, int stride, Span<float> blocks)
    {
        const int Block = CacheSlot.BlockSize;
        if (size == 0) return;
        int whole = positions & -Block;
        if (whole != positions) blocks[(whole * size)..].Clear();
        for (int position = 0; position < positions; position++)
        {
            ReadOnlySpan<float> from = keys[(position * positionStride)..];
            Span<float> to = blocks[((position & -Block) * size + position % Block)..];
            for (int k = 0; k < size; k++) to[k * Block] = from[k * stride];
        }
    }

    /// <summary>The values of one head into [positions][size].</summary>
    /// <param name="values">The head's first element, and what follows.</param>
    /// <param name="positions">How many positions.</param>
    /// <param name="positionStride">How far apart neighbouring positions are.</param>
    /// <param name="size">The length of a value.</param>
    /// <param name="stride">How far apart neighbouring elements of a value are.</param>
    /// <param name="rows">Where to.</param>
    public static void PackValues(ReadOnlySpan<float> values, int positions, int positionStride, int size, int stride, Span<float> rows)
    {
        for (int position = 0; position < positions; position++)
        {
            ReadOnlySpan<float> from = values[(position * positionStride)..];
            Span<float> to = rows.Slice(position * size, size);
            if (stride == 1)
            {
                from[..size].CopyTo(to);
                continue;
            }
            for (int c = 0; c < size; c++) to[c] = from[c * stride];
        }
    }
}
