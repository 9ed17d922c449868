using System.Text;

namespace Einsharp.Tests.Text;

/// <summary>Random well-formed text of all scripts, with what tokenizers stumble over: runs of spaces, digits, emoji, marks.</summary>
internal static class RandomText
{
    private static readonly string[] Pieces =
    [
        " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "\u2028", "'s", "'RE", "don't", "Hello", " world", "1234567", "3.14", "½",
        "Führer", "नमस्ते", "កាន់តែ", "我想在", "앞으로", "🦙", "😶‍🌫️", "👩‍👩‍👧‍👦", "🇩🇪", "e\u0301", "𝐀𝐁𝐜", "𝟏𝟐𝟑𝟒", "𠀀𠀁",
        "<s>", "<0x41>", "▁", "Ġ", "<|eot_id|>", "...", "!?", "_x_",
        "\u0000", "\u007F", "\uFFFD", "\uFEFF", "\u200B", "```", "#include <x>",
    ];

    public static string Make(Random random)
    {
        var text = new StringBuilder();
        int count = random.Next(12);
        for (int i = 0; i < count; i++)
        {
            if (random.Next(4) > 0)
                text.Append(Pieces[random.Next(Pieces.Length)]);
            else
                text.Append(AnyRune(random).ToString());
        }
        return text.ToString();
    }

    private static Rune AnyRune(Random random)
    {
        while (true)
        {
            int limit = random.Next(3) switch { 0 => 0x80, 1 => 0x3000, _ => 0x110000 };
            if (Rune.TryCreate(random.Next(limit), out Rune rune))
                return rune;
        }
    }
}
