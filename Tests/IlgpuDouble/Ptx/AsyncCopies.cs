namespace ILGPU.Double;

/// <summary>
/// The copies that a lane has begun with cp.async. What they read is read at once; where they write holds poison until the lane waits for
/// the group that the copy was committed to, and is the lane's write from then on.
/// </summary>
internal sealed class AsyncCopies
{
    const int Bytes = 16;
    readonly List<Copy> open = [];
    readonly Queue<List<Copy>> committed = [];

    sealed record Copy(Cells To, long Offset, uint[] Words);

    public void Clear()
    {
        open.Clear();
        committed.Clear();
    }

    /// <summary>Begins a copy of 16 bytes, of which <paramref name="bytes"/> (16 or 0) are read and the rest is zero.</summary>
    public unsafe void Begin(Lane lane, uint shared, long global, uint bytes)
    {
        (Cells to, long offset) = lane.Group.Shared.At(lane, shared, Bytes, "cp.async");
        if (bytes is not (0 or Bytes)) throw new NotSupportedException($"cp.async of {bytes} bytes: the double copies 16, or zeroes");
        uint[] words = new uint[Bytes / 4];
        if (bytes > 0)
        {
            (Cells from, long start) = lane.Group.Launch.Find(lane, (byte*)global);
            if (from.IsShared || start % Bytes != 0 || start + Bytes > from.Bytes)
                throw Faults.Fault(lane, $"cp.async reads {Bytes} bytes from byte {start} of {from.Name}, which has {from.Bytes} bytes");
            new ReadOnlySpan<uint>(from.Touch(start, Bytes), words.Length).CopyTo(words);
        }
        lane.Group.Launch.NewTurn(lane);
        for (int i = 0; i < words.Length; i++) lane.Group.Launch.Turns.Unwrite(to, (int)(offset / 4) + i, lane);
        open.Add(new(to, offset, words));
    }

    /// <summary>Makes a group of the copies begun since the last.</summary>
    public void Commit()
    {
        committed.Enqueue([.. open]);
        open.Clear();
    }

    /// <summary>Ends all groups but the last <paramref name="pending"/>.</summary>
    public void Wait(Lane lane, int pending)
    {
        lane.Group.Launch.NewTurn(lane);
        while (committed.Count > pending)
            foreach (Copy copy in committed.Dequeue())
                for (int i = 0; i < copy.Words.Length; i++)
                    lane.Group.Launch.Turns.Write(copy.To, (int)(copy.Offset / 4) + i, copy.Words[i], lane);
    }
}
