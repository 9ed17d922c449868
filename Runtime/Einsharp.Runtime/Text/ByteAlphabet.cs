namespace Einsharp.Text;

/// <summary>
/// The alphabet of byte-level vocabularies (GPT-2): each byte is written as one visible character. Bytes that are visible in Latin-1 stand
/// for themselves; the other 68 take the characters from U+0100 on, in order (so the space is Ġ).
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>Writes bytes in the alphabet.</summary>
    public static string Write(ReadOnlySpan<byte> bytes)
    {
        return string.Create(bytes.Length, bytes, static (letters, source) =>
        {
            for (int i = 0; i < letters.Length; i++)
                letters[i] = Letters[source[i]];
        });
    }

    /// <summary>Reads bytes back; null where a character is none of the alphabet.</summary>
    public static byte[]? Read(string letters)
    {
        byte[] bytes = new byte[letters.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (letters[i] >= Bytes.Length || Bytes[letters[i]] < 0)
                return null;
            bytes[i] = (byte)Bytes[letters[i]];
        }
        return bytes;
    }

    private static char[] MakeLetters()
    {
        char[] letters = new char[256];
        char next = (char)256;
        for (int b = 0; b < letters.Length; b++)
        {
            bool visible = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
            letters[b] = visible ? (char)b : next++;
        }
        return letters;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[256 + 68];
        Array.Fill(bytes, (short)-1);
        for (int b = 0; b < Letters.Length; b++)
            bytes[Letters[b]] = (short)b;
        return bytes;
    }
}
