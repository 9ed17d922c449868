using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

/// <summary>Findings in the order in which they were made.</summary>
internal sealed class FindingList
{
    private readonly List<Finding> _findings = [];

    public int Count => _findings.Count;

    public void Add(DiagnosticDescriptor descriptor, Site site, params string[] arguments) =>
        _findings.Add(new Finding(descriptor.Id, site, EquatableArray.Create<string>(arguments)));

    /// <summary>A syntax error of an argument's text, at its characters.</summary>
    public void Add(SyntaxError error, AttributeSpec attribute, ArgumentSpec argument) =>
        _findings.Add(new Finding(error.Id, attribute.At(argument.Index, error.Start, error.Length), error.Arguments));

    public EquatableArray<Finding> ToEquatable() => _findings.ToEquatable();
}
