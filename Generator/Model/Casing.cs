namespace Einsharp.Generator.Model;

/// <summary>Names of the declaration in C#'s casings.</summary>
internal static class Casing
{
    /// <summary><c>rms_norm_eps</c> as <c>RmsNormEps</c>.</summary>
    public static string Pascal(string name) => string.Concat(name
        .Split(['_', '-', '.', ' ', '#'], StringSplitOptions.RemoveEmptyEntries)
        .Select(word => char.ToUpperInvariant(word[0]) + word.Substring(1)));

    /// <summary>The name with a small first letter.</summary>
    public static string Camel(string name) => name.Length == 0 ? name : char.ToLowerInvariant(name[0]) + name.Substring(1);
}
