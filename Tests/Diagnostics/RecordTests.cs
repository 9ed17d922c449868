using System.Reflection;
using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Diagnostics;

/// <summary>
/// What crosses the pipeline is plain data: a symbol, a node or a compilation in it would keep a whole compilation alive and never compare
/// equal.
/// </summary>
public class RecordTests
{
    private static readonly Type[] Crossing = [typeof(ModelSpec), typeof(ModelSignature), typeof(CheckedModel), typeof(CheckResult),
        typeof(Finding)];

    [Fact]
    public void Records_hold_strings_numbers_and_records()
    {
        var seen = new HashSet<Type>();
        foreach (Type type in Crossing)
            Walk(type, type.Name, seen);
        Assert.Contains(typeof(EinsumOperation), seen);
        Assert.Contains(typeof(AttributeSpec), seen);
    }

    [Fact]
    public void An_object_graph_holds_nothing_of_the_compiler()
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        Visit(Compilations.Check(Compilations.Llama, "Declared.Llama"), "result", seen);
        Visit(Compilations.Check(Compilations.Llama.Replace("\"1/sqrt(k)\"", "\"1/sqrt(q)\"", StringComparison.Ordinal),
            "Declared.LlamaBlock"), "result", seen);
        Assert.Contains(seen, static item => item is RunOperation);
        Assert.Contains(seen, static item => item is Finding);
    }

    // By declared types, so that nothing hides behind a value that is null in an example.
    private static void Walk(Type type, string path, HashSet<Type> seen)
    {
        Assert.False(IsOfCompiler(type), $"{path} is a {type}");
        if (!seen.Add(type) || type.IsPrimitive || type.IsEnum || type == typeof(string))
            return;
        foreach (Type argument in type.GetGenericArguments())
            Walk(argument, path, seen);
        if (type.Assembly != typeof(ModelSpec).Assembly)
            return;
        foreach (FieldInfo field in FieldsOf(type))
            Walk(field.FieldType, path + "." + field.Name, seen);
        foreach (Type derived in type.Assembly.GetTypes().Where(other => other.BaseType == type))
            Walk(derived, path + "/" + derived.Name, seen);
    }

    private static void Visit(object? item, string path, HashSet<object> seen)
    {
        if (item is null || item.GetType().IsPrimitive || item is string or Enum || !seen.Add(item))
            return;
        Assert.False(IsOfCompiler(item.GetType()), $"{path} is a {item.GetType()}");
        if (item is System.Collections.IEnumerable sequence)
        {
            foreach (object? element in sequence)
                Visit(element, path + "[]", seen);
            return;
        }

        foreach (FieldInfo field in FieldsOf(item.GetType()))
            Visit(field.GetValue(item), path + "." + field.Name, seen);
    }

    private static bool IsOfCompiler(Type type) => type.Assembly == typeof(ISymbol).Assembly
        || type.Assembly == typeof(Microsoft.CodeAnalysis.CSharp.CSharpCompilation).Assembly;

    private static IEnumerable<FieldInfo> FieldsOf(Type? type)
    {
        for (; type is not null && type != typeof(object); type = type.BaseType)
        {
            const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
            foreach (FieldInfo field in type.GetFields(Own))
                yield return field;
        }
    }
}
