using System.Collections.Immutable;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

/// <summary>Turns findings into diagnostics: places into locations, fixes into properties.</summary>
internal static class FindingReporter
{
    public static Diagnostic ToDiagnostic(
        Finding finding, Compilation compilation, INamedTypeSymbol type, CancellationToken cancellation) =>
        ToDiagnostic(finding, site => SiteLocator.Locate(compilation, type, site, cancellation));

    /// <summary>A finding whose sites <paramref name="locate"/> finds.</summary>
    public static Diagnostic ToDiagnostic(Finding finding, Func<Site, ConstantPlace> locate)
    {
        ConstantPlace place = locate(finding.Site.Length == 0 ? finding.Site with { Length = -1 } : finding.Site);
        ConstantPlace change = finding.Fix?.At is { } at ? locate(at) : place;
        return Create(finding.Id, place, finding.Fix, change, finding.Arguments);
    }

    /// <summary>A diagnostic at a place, with the properties from which its fix is made.</summary>
    /// <param name="change">The place that the fix changes.</param>
    public static Diagnostic Create(string id, ConstantPlace place, Fix? fix, ConstantPlace change, EquatableArray<string> arguments)
    {
        ImmutableArray<Location> others = place.Others;
        ImmutableDictionary<string, string?> properties = ImmutableDictionary<string, string?>.Empty;
        if (fix is not null)
        {
            properties = properties.Add(Fix.KindProperty, fix.Kind.ToString()).Add(Fix.TextProperty, fix.Text);
            if (change.Exact != place.Shown)
            {
                int index = others.IndexOf(change.Exact);
                if (index < 0)
                    (index, others) = (others.Length, others.Add(change.Exact));
                properties = properties.Add(Fix.PlaceProperty, DiagnosticCatalogue.Number(index));
            }
        }

        return Diagnostic.Create(DiagnosticCatalogue.Find(id), place.Shown, others, properties, arguments.ToArray<object>());
    }
}
