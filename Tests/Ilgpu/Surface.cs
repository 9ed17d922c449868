using System.Globalization;
using System.Reflection;

namespace Einsharp.Tests.Ilgpu;

/// <summary>
/// The public members of ILGPU as text, a line each, the same for the double and for the real one wherever code can tell no difference: a
/// member counts for every class that inherits it, and type parameters have numbers, not names.
/// </summary>
internal static class Surface
{
    private const BindingFlags Public =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    private static readonly string[] s_ofObject = ["Equals", "GetHashCode", "GetType", "ToString", "ReferenceEquals"];

    /// <summary>Every public type of an assembly, but for those of the namespaces that only the double has.</summary>
    public static IEnumerable<Type> Types(Assembly assembly) => assembly.GetExportedTypes()
        .Where(type => type.Namespace?.StartsWith("ILGPU", StringComparison.Ordinal) == true && type.Namespace != "ILGPU.Double")
        .OrderBy(type => type.FullName, StringComparer.Ordinal);

    /// <summary>The lines of a type.</summary>
    public static IEnumerable<string> Lines(Type type)
    {
        string kind = type.IsEnum ? "enum" : type.IsValueType ? "struct" : type.IsInterface ? "interface" : "class";
        yield return $"{kind} {Name(type)}{Constraints(type.GetGenericArguments())}";
        List<string> members = type.IsEnum
            ? [.. Enum.GetNames(type).Select(name => string.Create(
                CultureInfo.InvariantCulture, $"{name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}"))]
            : [.. Constructors(type), .. Methods(type), .. Fields(type)];
        foreach (string member in members.Distinct().Order(StringComparer.Ordinal))
            yield return $"{Name(type)}: {member}";
    }

    private static IEnumerable<string> Constructors(Type type) => type.IsAbstract
        ? []
        : type.GetConstructors().Select(constructor => $"new({Parameters(constructor)})");

    // Properties are their accessors. Interfaces do not inherit in reflection.
    private static IEnumerable<string> Methods(Type type) => type.GetMethods(Public)
        .Concat(type.IsInterface ? type.GetInterfaces().SelectMany(other => other.GetMethods(Public)) : [])
        .Where(method => !s_ofObject.Contains(method.Name) && !method.Name.Contains('<', StringComparison.Ordinal)
            && method.DeclaringType!.Namespace?.StartsWith("ILGPU", StringComparison.Ordinal) == true && !IsOfRecord(method))
        .Select(method =>
        {
            Type[] types = method.GetGenericArguments();
            string arity = types.Length == 0 ? "" : FormattableString.Invariant($"``{types.Length}");
            string head = $"{(method.IsStatic ? "static " : "")}{Name(method.ReturnType)} {method.Name}{arity}";
            return $"{head}({Parameters(method)}){Constraints(types)}";
        });

    private static IEnumerable<string> Fields(Type type) => type.GetFields(Public)
        .Select(field => $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}");

    private static bool IsOfRecord(MethodInfo method) => method.Name is "op_Equality" or "op_Inequality" or "Deconstruct";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.IsOut ? "out " : parameter.IsIn ? "in " : "") + Name(parameter.ParameterType) + (parameter.IsOptional ? "?" : "")));

    private static string Constraints(Type[] types)
    {
        string[] each =
        [
            .. types.Where(type => type.IsGenericParameter)
                .Select(type => $"{Name(type)} : {string.Join(", ", Constraints(type).Order(StringComparer.Ordinal))}")
                .Where(text => !text.EndsWith(": ", StringComparison.Ordinal)),
        ];
        return each.Length == 0 ? "" : " where " + string.Join(" where ", each);
    }

    private static IEnumerable<string> Constraints(Type type)
    {
        GenericParameterAttributes attributes = type.GenericParameterAttributes;
        if (attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
            yield return "struct";
        else if (attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
            yield return "new()";
        if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
            yield return "class";
        foreach (Type constraint in type.GetGenericParameterConstraints().Where(constraint => constraint != typeof(ValueType)))
            yield return Name(constraint);
    }

    private static string Name(Type type)
    {
        if (type.IsByRef)
            return Name(type.GetElementType()!) + "&";
        if (type.IsPointer)
            return Name(type.GetElementType()!) + "*";
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter)
            return FormattableString.Invariant($"{(type.DeclaringMethod is null ? "!" : "!!")}{type.GenericParameterPosition}");
        string name = type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : $"{type.Namespace}.{type.Name}";
        if (type.IsNested && type.DeclaringType!.IsGenericType)
            name = $"{type.DeclaringType.Namespace}.{type.DeclaringType.Name}.{type.Name}";
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
