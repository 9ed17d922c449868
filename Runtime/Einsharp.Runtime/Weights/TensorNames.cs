using System.Globalization;

namespace Einsharp.Weights;

/// <summary>
/// Lists of tensor names for people: the layers that have the same to say are said once, as <c>model.layers.{0-3,7}.x</c>.
/// </summary>
internal static class TensorNames
{
    /// <summary>A file can hold any number of names; a message says at most so many.</summary>
    private const int Shown = 40;

    /// <summary>Names with a note behind each, joined by commas, in the order in which they first appear.</summary>
    public static string Collapse(IEnumerable<(string Name, string Note)> items)
    {
        var groups = new Dictionary<(string Before, string After, string Note), SortedSet<int>>();
        foreach ((string name, string note) in items)
        {
            (int start, int length) = Number(name);
            var key = length == 0 ? (name, "", note) : (name[..start], name[(start + length)..], note);
            if (!groups.TryGetValue(key, out SortedSet<int>? numbers)) groups.Add(key, numbers = []);
            if (length > 0) numbers.Add(int.Parse(name.AsSpan(start, length), CultureInfo.InvariantCulture));
        }
        IEnumerable<string> texts = groups.Take(Shown).Select(g => Text(g.Key.Before, Ranges(g.Value), g.Key.After) + g.Key.Note);
        string more = groups.Count > Shown ? string.Create(CultureInfo.InvariantCulture, $" and {groups.Count - Shown} more") : "";
        return string.Join(", ", texts) + more;
    }

    private static string Text(string before, string numbers, string after)
    {
        string quoted = CheckpointException.Quote(before + numbers + after);
        return quoted[1..^1];
    }

    /// <summary>Where the first part of a dotted name is that is a number as layers are counted; of length 0 when there is none.</summary>
    private static (int Start, int Length) Number(string name)
    {
        int start = 0;
        foreach (string part in name.Split('.'))
        {
            if (part.Length is > 0 and < 9 && part.All(char.IsAsciiDigit) && (part == "0" || part[0] != '0')) return (start, part.Length);
            start += part.Length + 1;
        }
        return (0, 0);
    }

    private static string Ranges(SortedSet<int> numbers)
    {
        var ranges = new List<string>();
        int first = 0, last = -2;
        foreach (int number in numbers.Append(int.MaxValue))
        {
            if (number == last + 1)
            {
                last = number;
                continue;
            }
            if (last >= 0) ranges.Add(first == last ? Invariant(first) : $"{Invariant(first)}-{Invariant(last)}");
            first = last = number;
        }
        return numbers.Count switch { 0 => "", 1 => ranges[0], _ => $"{{{string.Join(',', ranges)}}}" };
    }

    private static string Invariant(int number) => number.ToString(CultureInfo.InvariantCulture);
}
