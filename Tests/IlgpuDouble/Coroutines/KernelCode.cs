using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Double;

/// <summary>
/// Marks a method at which a lane gives up its turn. The call becomes: call <see cref="Begin"/> with the arguments; if it answers true,
/// suspend; then call <see cref="End"/>, which answers the result.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SuspensionPointAttribute(string begin, string? end = null) : Attribute
{
    /// <summary>The static method that takes the arguments.</summary>
    public string Begin => begin;

    /// <summary>The static method that answers the result.</summary>
    public string? End => end;
}

/// <summary>What the methods that a kernel calls do: which suspend, and what a call in IL really calls.</summary>
internal sealed class KernelCode
{
    readonly Dictionary<MethodBase, bool> suspends = [];
    readonly Stack<MethodBase> walking = [];

    /// <summary>Whether the kernel calls an atomic, as far as the calls have been walked.</summary>
    public bool UsesAtomics { get; private set; }

    /// <summary>Whether a call may suspend: it is a suspension point or calls, at some depth, one.</summary>
    public bool Suspends(MethodBase method)
    {
        if (method.DeclaringType?.Assembly == typeof(KernelCode).Assembly)
        {
            UsesAtomics |= method.DeclaringType == typeof(Atomic);
            return PointOf(method) is not null;
        }
        if (IsLibrary(method) || method.GetMethodBody() is null) return false;
        if (suspends.TryGetValue(method, out bool known)) return known;
        if (walking.Contains(method)) throw new NotSupportedException(
            $"{method.DeclaringType?.Name}.{method.Name} calls itself: ILGPU kernels cannot recurse");
        walking.Push(method);
        bool answer = false;
        MemberInfo? constraint = null;
        foreach (Instruction instruction in IlReader.Read(method))
        {
            if (instruction.Code == OpCodes.Constrained) constraint = (MemberInfo)instruction.Operand!;
            // Every call is walked, so that every recursion and every atomic is found.
            if (instruction.Operand is MethodBase called && instruction.Code.FlowControl == FlowControl.Call)
            {
                answer |= Suspends(Target(called, (Type?)constraint));
                constraint = null;
            }
        }
        walking.Pop();
        return suspends[method] = answer;
    }

    /// <summary>The suspension point that a method is, or null.</summary>
    public static SuspensionPointAttribute? PointOf(MethodBase method) => method.GetCustomAttribute<SuspensionPointAttribute>();

    /// <summary>The halves of a suspension point, closed over the same type arguments.</summary>
    public static (MethodInfo Begin, MethodInfo? End) Halves(MethodInfo method)
    {
        SuspensionPointAttribute point = PointOf(method)!;
        Type[] parameters = [.. method.GetParameters().Select(p => p.ParameterType)];
        MethodInfo begin = Named(method, point.Begin).First(m => m.GetParameters().Select(p => p.ParameterType).SequenceEqual(parameters));
        return (begin, point.End is null ? null : Named(method, point.End).First());
    }

    /// <summary>What a call calls: a static abstract member of an interface is the struct's own.</summary>
    public static MethodBase Target(MethodBase called, Type? constraint)
    {
        if (constraint is null || called is not MethodInfo { IsStatic: true } method || !method.DeclaringType!.IsInterface) return called;
        InterfaceMapping map = constraint.GetInterfaceMap(method.DeclaringType);
        MethodInfo open = Open(method);
        int index = Array.FindIndex(map.InterfaceMethods, m => m == method || m == open);
        if (index < 0) throw new NotSupportedException($"{constraint.Name} has no {method.Name} of its own");
        MethodInfo target = map.TargetMethods[index];
        return target.IsGenericMethodDefinition ? target.MakeGenericMethod(method.GetGenericArguments()) : target;
    }

    static MethodInfo Open(MethodInfo method) => method.IsGenericMethod ? method.GetGenericMethodDefinition() : method;

    /// <summary>Methods of this name beside a method, closed over its first type arguments.</summary>
    static IEnumerable<MethodInfo> Named(MethodInfo method, string name)
    {
        Type[] given = method.IsGenericMethod ? method.GetGenericArguments() : [];
        return method.DeclaringType!.GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Where(m => m.Name == name && m.GetGenericArguments().Length <= given.Length)
            .Select(m => m.IsGenericMethodDefinition ? m.MakeGenericMethod(given[..m.GetGenericArguments().Length]) : m);
    }

    static bool IsLibrary(MethodBase method) => method.DeclaringType?.Assembly.GetName().Name is { } name
        && (name.StartsWith("System.", StringComparison.Ordinal) || name is "mscorlib" or "netstandard");
}
