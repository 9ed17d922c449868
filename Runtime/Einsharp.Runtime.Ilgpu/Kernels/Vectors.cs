namespace Einsharp.Ilgpu;

/// <summary>Four floats: what a device loads with one 16-byte instruction.</summary>
public struct Float4
{
    /// <summary>The values, in the order of memory.</summary>
    public float X, Y, Z, W;
}

/// <summary>Four words: what a device loads with one 16-byte instruction. The element of a stored matrix.</summary>
public struct UInt4
{
    /// <summary>The words, in the order of memory.</summary>
    public uint X, Y, Z, W;
}

/// <summary>Eight weights widened to floats: a unit of a stored row.</summary>
public struct Float8
{
    /// <summary>The values, in the order of memory.</summary>
    public float A, B, C, D, E, F, G, H;
}
