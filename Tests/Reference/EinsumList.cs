using System.Globalization;

namespace Einsharp.Tests.Reference;

/// <summary>One line of einsums.txt: what vectors.py computes and EinsumCases.cs declares.</summary>
internal sealed record EinsumLine(string Name, string Equation, int[][] Shapes);

/// <summary>The list of einsums.</summary>
internal static class EinsumList
{
    public static IReadOnlyList<EinsumLine> Read()
    {
        var lines = new List<EinsumLine>();
        foreach (string line in File.ReadLines(Path.Combine(Vectors.Folder, "einsums.txt")))
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            string[] parts = line.Split('|', StringSplitOptions.TrimEntries);
            int[][] shapes =
            [
                .. parts[2].Split(',').Select(shape => shape.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(size => int.Parse(size, CultureInfo.InvariantCulture)).ToArray()),
            ];
            lines.Add(new EinsumLine(parts[0], parts[1], shapes));
        }

        return lines;
    }
}
