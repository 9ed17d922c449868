namespace Einsharp.Text;

/// <summary>
/// The ids of words met lately. Bounded: a word has one place, by its hash, and takes it from whoever was there. Safe for many threads
/// without a lock: an entry never changes, and storing a reference is atomic.
/// </summary>
internal sealed class WordCache
{
    private const int Places = 1 << 13;
    private const int LongestWord = 64;

    private readonly Entry?[] _entries = new Entry?[Places];

    public int[]? Find(string word)
    {
        if (word.Length > LongestWord)
            return null;
        Entry? entry = _entries[Place(word)];
        return entry is not null && string.Equals(entry.Word, word, StringComparison.Ordinal) ? entry.Ids : null;
    }

    public void Keep(string word, ReadOnlySpan<int> ids)
    {
        if (word.Length <= LongestWord)
            _entries[Place(word)] = new Entry(word, ids.ToArray());
    }

    private static int Place(string word) => word.GetHashCode(StringComparison.Ordinal) & (Places - 1);

    private sealed record Entry(string Word, int[] Ids);
}
