using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

/// <summary>Findings in the order in which they were made.</summary>
internal sealed class FindingList
{
    private readonly List<Finding> _findings = [];
    private readonly List<Finding> _notes = [];

    /// <summary>How many findings there are that make the model wrong.</summary>
    public int Count => _findings.Count;

    /// <summary>What could be written better in a model that is right.</summary>
    public EquatableArray<Finding> Notes => _notes.ToEquatable();

    public void Add(DiagnosticDescriptor descriptor, Site site, params string[] arguments) => Add(descriptor, site, null, arguments);

    public void Add(DiagnosticDescriptor descriptor, Site site, Fix? fix, params string[] arguments) =>
        _findings.Add(new Finding(descriptor.Id, site, EquatableArray.Create<string>(arguments), fix));

    /// <summary>A syntax error of an argument's text, at its characters.</summary>
    public void Add(SyntaxError error, AttributeSpec attribute, ArgumentSpec argument)
    {
        Fix? fix = error.Fix is { } edit ? new Fix(FixKind.Text, edit.Text, attribute.At(argument.Index, edit.Start, edit.Length)) : null;
        _findings.Add(new Finding(error.Id, attribute.At(argument.Index, error.Start, error.Length), error.Arguments, fix));
    }

    /// <summary>Notes what leaves the model as right as it is.</summary>
    public void Note(DiagnosticDescriptor descriptor, Site site, Fix? fix, params string[] arguments) =>
        _notes.Add(new Finding(descriptor.Id, site, EquatableArray.Create<string>(arguments), fix));

    public EquatableArray<Finding> ToEquatable() => _findings.ToEquatable();
}
