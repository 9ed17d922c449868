namespace Einsharp.Weights;

/// <summary>
/// A file of a checkpoint is missing, broken, or not what the model needs. The message is one line that names the file, the tensor
/// or field, what was expected and what was found.
/// </summary>
public class CheckpointException : Exception
{
    /// <summary>An error without words.</summary>
    public CheckpointException()
    {
    }

    /// <summary>An error.</summary>
    public CheckpointException(string message) : base(message)
    {
    }

    /// <summary>An error and what caused it.</summary>
    public CheckpointException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <summary>A name out of a file as messages show it: on one line, and not longer than a name would be.</summary>
    internal static string Quote(string name)
    {
        const int Longest = 120;
        string shown = name.Length <= Longest ? name : string.Concat(name.AsSpan(0, Longest), "…");
        foreach (char c in shown)
            if (char.IsControl(c) || c is '\u2028' or '\u2029')
                return $"'{string.Concat(shown.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? '\uFFFD' : c))}'";
        return $"'{shown}'";
    }
}
