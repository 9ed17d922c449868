using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

/// <summary>
/// Every diagnostic: one descriptor an ID, in bands (00xx declarations, 01xx notation, 02xx axes, 03xx parameters, 04xx backend). A message
/// states what, found, expected and the fix; its page has a bad and a good example.
/// </summary>
internal static partial class DiagnosticCatalogue
{
    private const string Pages = "https://github.com/einsharp/einsharp/blob/main/docs/diagnostics/";
    private const string DeclarationCategory = "Einsharp.Declaration";
    private const string SyntaxCategory = "Einsharp.Syntax";
    private const string AxesCategory = "Einsharp.Axes";
    private const string ParametersCategory = "Einsharp.Parameters";
    private const string BackendCategory = "Einsharp.Backend";

    /// <summary>All descriptors in the order of their IDs.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All => Table.Rows;

    public static DiagnosticDescriptor Find(string id) => All.First(descriptor => descriptor.Id == id);

    public static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    // Apart, so that the fields of every part of this class are set before they are collected.
    private static class Table
    {
        public static readonly ImmutableArray<DiagnosticDescriptor> Rows =
        [
            .. typeof(DiagnosticCatalogue).GetFields(BindingFlags.Static | BindingFlags.Public)
                .Select(static field => (DiagnosticDescriptor)field.GetValue(null))
                .OrderBy(static descriptor => descriptor.Id, StringComparer.Ordinal),
        ];
    }
}
