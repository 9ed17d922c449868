using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Einsharp.Text;

/// <summary>
/// Byte-pair encoding of one word: it starts as its characters, and of all neighbours the pair that was learned first is merged, the
/// leftmost of equals, until none is left (Sennrich et al. 2016, arXiv:1508.07909). A linked list and a priority queue make a word of
/// n characters cost n log n: where nothing cuts text into words (Llama 2), a whole prompt is one word.
/// </summary>
internal sealed class BytePairs
{
    private readonly Vocabulary _vocabulary;
    private readonly Dictionary<Pair, Merge> _merges = [];
    private readonly WordCache _cache = new();
    private readonly int[]? _byteIds;
    private readonly int? _unknown;
    private readonly bool _fuseUnknown;
    private readonly bool _wholeWordsFirst;
    private readonly JsonPart _part;

    /// <param name="part">The model of the file.</param>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="ranks">When each merge was learned, the equal at once; null in the order of the file.</param>
    public BytePairs(JsonPart part, Vocabulary vocabulary, int[]? ranks = null)
    {
        _part = part;
        _vocabulary = vocabulary;
        Refuse("continuing_subword_prefix");
        Refuse("end_of_word_suffix");
        if (part.Find("dropout") is { } dropout && dropout.Element.GetRawText() is not ("0" or "0.0"))
            throw dropout.Refuse("dropout is not supported");
        _fuseUnknown = part.Flag("fuse_unk", false);
        _wholeWordsFirst = part.Flag("ignore_merges", false);
        if (part.Find("unk_token") is { } unknown)
        {
            string token = unknown.Text();
            _unknown = vocabulary.TryGet(token, out int id)
                ? id
                : throw unknown.Refuse($"{JsonPart.Quote(token)} is not in the vocabulary");
        }
        if (part.Flag("byte_fallback", false))
            _byteIds = ReadByteIds(vocabulary);
        ReadMerges(part, ranks);
    }

    /// <summary>Adds the ids of a word's tokens to a list.</summary>
    /// <exception cref="InvalidDataException">No token for a character, no bytes to fall back to, and no unknown token.</exception>
    public void Encode(string word, List<int> ids)
    {
        if (_wholeWordsFirst && _vocabulary.TryGet(word, out int whole))
        {
            ids.Add(whole);
            return;
        }
        if (_cache.Find(word) is { } known)
        {
            ids.AddRange(known);
            return;
        }
        int from = ids.Count;
        MergeAll(Symbols(word), ids);
        _cache.Keep(word, CollectionsMarshal.AsSpan(ids)[from..]);
    }

    private List<Symbol> Symbols(string word)
    {
        var symbols = new List<Symbol>(word.Length);
        bool afterUnknown = false;
        Span<byte> bytes = stackalloc byte[4];
        int length;
        for (int at = 0; at < word.Length; at += length)
        {
            length = char.IsSurrogatePair(word, at) ? 2 : 1;
            ReadOnlySpan<char> character = word.AsSpan(at, length);
            if (_vocabulary.TryGet(character, out int id))
            {
                Add(symbols, id);
                afterUnknown = false;
                continue;
            }
            int byteCount = Encoding.UTF8.GetBytes(character, bytes);
            if (HaveTokens(bytes[..byteCount]))
            {
                foreach (byte b in bytes[..byteCount])
                    Add(symbols, _byteIds![b]);
                afterUnknown = false;
                continue;
            }
            if (_unknown is not { } unknown)
                throw _part.Refuse($"no token for {JsonPart.Quote(character.ToString())}, and no unknown token");
            if (!(afterUnknown && _fuseUnknown))
                Add(symbols, unknown);
            afterUnknown = true;
        }
        return symbols;
    }

    private bool HaveTokens(ReadOnlySpan<byte> bytes)
    {
        if (_byteIds is null)
            return false;
        foreach (byte b in bytes)
        {
            if (_byteIds[b] < 0)
                return false;
        }
        return true;
    }

    private static void Add(List<Symbol> symbols, int id) => symbols.Add(new Symbol(id, symbols.Count - 1, symbols.Count + 1));

    private void MergeAll(List<Symbol> list, List<int> ids)
    {
        Span<Symbol> symbols = CollectionsMarshal.AsSpan(list);
        var queue = new PriorityQueue<Candidate, long>();
        for (int i = 0; i + 1 < symbols.Length; i++)
            Offer(symbols, i, queue);

        while (queue.TryDequeue(out Candidate candidate, out _))
        {
            // A candidate is stale when a merge has changed either side since; the list then holds another pair there.
            ref Symbol left = ref symbols[candidate.Position];
            if (left.Id != candidate.Pair.Left || left.Next >= symbols.Length || symbols[left.Next].Id != candidate.Pair.Right)
                continue;
            ref Symbol right = ref symbols[left.Next];
            left.Id = candidate.Merged;
            left.Next = right.Next;
            right.Id = Symbol.Gone;
            if (left.Next < symbols.Length)
            {
                symbols[left.Next].Previous = candidate.Position;
                Offer(symbols, candidate.Position, queue);
            }
            if (left.Previous >= 0)
                Offer(symbols, left.Previous, queue);
        }

        for (int i = 0; i < symbols.Length; i = symbols[i].Next)
            ids.Add(symbols[i].Id);
    }

    private void Offer(ReadOnlySpan<Symbol> symbols, int position, PriorityQueue<Candidate, long> queue)
    {
        var pair = new Pair(symbols[position].Id, symbols[symbols[position].Next].Id);
        if (_merges.TryGetValue(pair, out Merge merge))
            queue.Enqueue(new Candidate(position, pair, merge.Id), ((long)merge.Rank << 32) | (uint)position);
    }

    private void ReadMerges(JsonPart part, int[]? ranks)
    {
        int count = 0;
        foreach (JsonPart merge in part.Items("merges"))
        {
            if (count == 0)
                _merges.EnsureCapacity(part.Get("merges").Element.GetArrayLength());
            ReadMerge(merge, out ReadOnlySpan<char> left, out ReadOnlySpan<char> right);
            int merged = Id(string.Concat(left, right), merge);
            _merges[new Pair(Id(left, merge), Id(right, merge))] = new Merge(ranks?[count] ?? count, merged);
            count++;
        }
    }

    private int Id(ReadOnlySpan<char> token, JsonPart merge) =>
        _vocabulary.TryGet(token, out int id) ? id : throw merge.Refuse($"{JsonPart.Quote(token.ToString())} is not in the vocabulary");

    private static void ReadMerge(JsonPart merge, out ReadOnlySpan<char> left, out ReadOnlySpan<char> right)
    {
        if (merge.Element.ValueKind == JsonValueKind.Array)
        {
            JsonPart[] sides = [.. merge.Items()];
            if (sides.Length != 2)
                throw merge.Refuse($"expected two tokens, found {sides.Length}");
            left = sides[0].Text();
            right = sides[1].Text();
            return;
        }
        string text = merge.Text();
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || space != text.LastIndexOf(' '))
            throw merge.Refuse($"expected two tokens with one space between, found {JsonPart.Quote(text)}");
        left = text.AsSpan(0, space);
        right = text.AsSpan(space + 1);
    }

    private static int[] ReadByteIds(Vocabulary vocabulary)
    {
        int[] ids = new int[256];
        for (int b = 0; b < ids.Length; b++)
            ids[b] = vocabulary.TryGet(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"), out int id) ? id : -1;
        return ids;
    }

    private void Refuse(string name)
    {
        if (_part.Find(name) is { } affix && affix.Text().Length > 0)
            throw affix.Refuse($"{JsonPart.Quote(affix.Text())} is not supported");
    }

    private readonly record struct Merge(int Rank, int Id);

    private readonly record struct Candidate(int Position, Pair Pair, int Merged);

    private readonly record struct Pair(int Left, int Right)
    {
        // Seeded anew in every process, so that no file can choose pairs that all collide.
        public override int GetHashCode() => HashCode.Combine(Left, Right);
    }

    private struct Symbol(int id, int previous, int next)
    {
        public const int Gone = -1;

        public int Id = id;
        public int Previous = previous;
        public int Next = next;
    }
}
