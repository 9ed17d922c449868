using System.Globalization;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Microsoft.CodeAnalysis.CSharp;

namespace Einsharp.Generator.Emit;

/// <summary>C# names and texts for what the declaration names.</summary>
internal static class Names
{
    /// <summary>The name as an identifier: a keyword gets an @.</summary>
    public static string Identifier(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None
            ? "@" + name
            : name;

    /// <summary>A string literal.</summary>
    public static string Literal(string value) => SymbolDisplay.FormatLiteral(value, quote: true);

    /// <summary>A double literal.</summary>
    public static string Literal(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.IndexOfAny(['.', 'E', 'e', 'N', 'I']) < 0 ? text + ".0" : text;
    }

    /// <summary>A float literal.</summary>
    public static string FloatLiteral(double value) => ((float)value).ToString("R", CultureInfo.InvariantCulture) + "f";

    public static string Literal(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The fully qualified name of a type: <c>global::</c> before everything but keywords.</summary>
    public static string Global(string type) =>
        type.IndexOf('.') < 0 ? type : "global::" + type.Replace("<Einsharp.", "<global::Einsharp.");

    /// <summary>Text without line ends, for a comment.</summary>
    public static string OneLine(string text) => string.Join(" ", text
        .Split(['\r', '\n', '\u0085', '\u2028', '\u2029'], StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Trim()));

    /// <summary>Text for a documentation comment.</summary>
    public static string Xml(string text) => OneLine(text).Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");

    public static string Join(IEnumerable<string> axes) => string.Join(" ", axes);
}

/// <summary>
/// The names of locals in one generated method. Axes keep their names where they can; a value that shares its name with an axis or with one
/// of the method's own words gets a suffix. Remembers which axes were asked for, so that only those are declared.
/// </summary>
internal sealed class Scope
{
    private static readonly string[] Words =
    [
        "model", "packed", "worker", "cache", "slot", "workspace", "at", "unit", "units", "row", "tile", "first", "count", "scratch", "few",
        "block", "softmax", "rowCount", "last", "head", "result", "run", "layer", "layerSlot", "from", "to", "group", "groups", "query",
        "index", "offset", "element", "part", "queries", "normed", "activations", "factor", "seen", "end", "step", "sum", "tiles", "session", "usedCache",
        "splits", "sequence", "blocks", "keyHeads", "start", "window", "column", "groupKeys", "groupValues",
        "Norm", "Sweep", "SweepInput", "Elementwise", "ParamElements", "BatchNorm", "Reductions", "Reduction", "Contraction", "LoopAxis", "Math",
        "OnlineSoftmax", "KeyValues", "CacheSlot", "RopeTable", "RowBlock",
    ];

    private static readonly string[] Endings = ["Size", "Values", "Rows", "Floats"];

    private readonly Func<string, string> _size;
    private readonly HashSet<string> _axes;
    private readonly List<string> _used = [];
    private readonly MethodPlan _method;
    private readonly IReadOnlyCollection<string> _locals;

    /// <param name="model">The model, for its axes.</param>
    /// <param name="method">The method, for axes that are others under another name.</param>
    /// <param name="size">An axis's size as an expression: a literal where it is pinned.</param>
    /// <param name="locals">More names that axes cannot have here: those of a kernel's own locals.</param>
    public Scope(CheckedModel model, MethodPlan method, Func<string, string> size, IReadOnlyCollection<string>? locals = null)
    {
        _locals = locals ?? [];
        _axes = new HashSet<string>(model.Axes.Select(axis => axis.Name), StringComparer.Ordinal);
        _size = size;
        _method = method;
    }

    /// <summary>The local that holds an axis's size.</summary>
    public string Axis(string axis)
    {
        axis = _method.Graph.Original(axis);
        if (_used.Contains(axis))
            return LocalOf(axis);

        // What a size is made of is declared before it.
        foreach (string part in Rule(axis) is { } rule ? rule.Over.Concat(rule.Under) : [])
            Axis(part);
        _used.Add(axis);
        return LocalOf(axis);
    }

    private SizeRule? Rule(string axis) => _method.Graph.Rules.FirstOrDefault(rule => rule.Axis == axis);

    /// <summary>Whether an axis's size is read off the call.</summary>
    public bool IsCall(string axis) => _method.CallAxes.Contains(_method.Graph.Original(axis));

    private string LocalOf(string axis) => _locals.Contains(axis) ? axis + "Size" : Local(axis);

    public static string Local(string axis) => Words.Contains(axis) || HasOurEnding(axis) ? axis + "Size" : Names.Identifier(axis);

    /// <summary>The local that holds a value or an input.</summary>
    public string Value(string name) => name == BufferPlan.ResultName ? "result"
        : _axes.Contains(name) || Words.Contains(name) || HasOurEnding(name) ? name + "Values" : Names.Identifier(name);

    // What we append to a name we also append to names that end so already: no two become one.
    private static bool HasOurEnding(string name) => Endings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal));

    /// <summary>The product of sizes, to stand alone.</summary>
    public string Length(IEnumerable<string> axes) => axes.Any() ? string.Join(" * ", axes.Select(Axis)) : "1";

    /// <summary>The product of sizes, to stand in an expression.</summary>
    public string Product(IEnumerable<string> axes)
    {
        string length = Length(axes);
        return length.Contains(' ') ? "(" + length + ")" : length;
    }

    /// <summary>The number of rows, a local of its own: <c>bsRows</c> for b·s.</summary>
    public static string RowCount(EquatableArray<string> rows) =>
        (rows.All(axis => axis.Length == 1) ? string.Concat(rows) : Casing.Camel(string.Concat(rows.Select(Casing.Pascal)))) + "Rows";

    /// <summary>The axes of the call in use, whose sizes are parameters.</summary>
    public IEnumerable<string> CallAxes => _used.Where(axis => IsCall(axis) && Rule(axis) is null).Select(Local);

    /// <summary>The declarations of the axes in use, but for those whose sizes are parameters.</summary>
    public IEnumerable<string> Declarations()
    {
        foreach (string axis in _used)
        {
            if (Rule(axis) is { } rule)
                yield return "int " + LocalOf(axis) + " = " + Steps.Size(rule, part => LocalOf(_method.Graph.Original(part))) + ";";
            if (IsCall(axis))
                continue;
            string size = _size(axis);
            yield return (char.IsDigit(size[0]) ? "const int " : "int ") + LocalOf(axis) + " = " + size + ";";
        }
    }

    /// <summary>A scale factor as a C# expression of type float.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="extent">The expression of an axis; its size by default.</param>
    public string Factor(ScaleExpression factor, Func<string, string>? extent = null) => "(float)(" + string.Concat(factor.Tokens.Select(token =>
        token == "sqrt" ? "Math.Sqrt"
        : char.IsDigit(token[0]) || token[0] == '.' ? Names.Literal(double.Parse(token, CultureInfo.InvariantCulture))
        : char.IsLetter(token[0]) || token[0] == '_' ? "(double)" + (extent ?? Axis)(token)
        : token is "(" or ")" ? token : " " + token + " ")) + ")";
}
