using System.Text;
using System.Text.Unicode;

namespace Einsharp.Text;

/// <summary>
/// Text out of ids as they come. A token may end inside a character: its bytes are held until the character is whole. All pieces and the
/// flush, joined, are what <see cref="Tokenizer.Decode"/> says of all ids. Nothing is allocated for a token. For one thread.
/// </summary>
public sealed class TokenStream
{
    private const int LongestHeld = 3;

    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly byte[] _bytes;
    private readonly char[] _piece;
    private int _held;
    private int _stripped;

    /// <summary>Begins a text.</summary>
    /// <param name="tokenizer">Whose ids they are.</param>
    /// <param name="skipSpecial">Whether special tokens are left out.</param>
    public TokenStream(Tokenizer tokenizer, bool skipSpecial = true)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
        _bytes = new byte[tokenizer.LongestToken + LongestHeld];
        _piece = new char[Encoding.UTF8.GetMaxCharCount(_bytes.Length)];
    }

    /// <summary>Takes one more id and gives the text that is whole now, which may be none.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The text, valid until the next call.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public ReadOnlySpan<char> Push(int id)
    {
        ReadOnlySpan<byte> bytes = _tokenizer.Bytes(id);
        return _skipSpecial && _tokenizer.IsSpecial(id) ? [] : Read(bytes, flush: false);
    }

    /// <summary>Ends the text: U+FFFD if a character stays cut, else nothing. The next push begins a new text.</summary>
    /// <returns>The text, valid until the next call.</returns>
    public ReadOnlySpan<char> Flush()
    {
        ReadOnlySpan<char> rest = Read([], flush: true);
        _stripped = 0;
        return rest;
    }

    private ReadOnlySpan<char> Read(ReadOnlySpan<byte> bytes, bool flush)
    {
        // Not Encoding's stateful Decoder: it allocates for every ill-formed sequence.
        bytes.CopyTo(_bytes.AsSpan(_held));
        ReadOnlySpan<byte> all = _bytes.AsSpan(0, _held + bytes.Length);
        Utf8.ToUtf16(all, _piece, out int read, out int length, replaceInvalidSequences: true, isFinalBlock: flush);
        all[read..].CopyTo(_bytes);
        _held = all.Length - read;
        int start = 0;
        while (start < length && _stripped < _tokenizer.StripCount)
        {
            if (_piece[start] == _tokenizer.StripCharacter)
            {
                start++;
                _stripped++;
            }
            else
            {
                _stripped = _tokenizer.StripCount;
            }
        }
        return _piece.AsSpan(start..length);
    }
}
