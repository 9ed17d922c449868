using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Double;

/// <summary>
/// One instruction of a method's IL, its operand resolved: a number, a string, a member, an offset or offsets to branch to.
/// </summary>
internal readonly record struct Instruction(int Offset, OpCode Code, object? Operand)
{
    /// <summary>The offsets that it may branch to.</summary>
    public IEnumerable<int> Targets => Operand switch
    {
        int[] several => several,
        int one when Code.OperandType is OperandType.InlineBrTarget or OperandType.ShortInlineBrTarget => [one],
        _ => [],
    };
}

/// <summary>The IL of a method whose generic arguments are all known.</summary>
internal sealed class IlReader
{
    static readonly Dictionary<ushort, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (ushort)code.Value);

    readonly byte[] il;
    readonly MethodBase method;
    int at;

    IlReader(MethodBase method, byte[] il)
    {
        this.method = method;
        this.il = il;
    }

    /// <summary>The instructions of a method in order.</summary>
    public static IReadOnlyList<Instruction> Read(MethodBase method)
    {
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? throw new NotSupportedException(
            $"{method.DeclaringType}.{method.Name} has no body");
        var reader = new IlReader(method, il);
        var instructions = new List<Instruction>();
        while (reader.at < il.Length) instructions.Add(reader.Next());
        return instructions;
    }

    Instruction Next()
    {
        int offset = at;
        ushort value = il[at++];
        if (value == 0xFE) value = (ushort)(0xFE00 | il[at++]);
        OpCode code = Codes[value];
        return new(offset, code, Operand(code));
    }

    object? Operand(OpCode code) => code.OperandType switch
    {
        OperandType.InlineNone => null,
        OperandType.ShortInlineI when code == OpCodes.Ldc_I4_S => (int)(sbyte)il[at++],
        OperandType.ShortInlineI or OperandType.ShortInlineVar => (int)il[at++],
        OperandType.InlineVar => (int)(ushort)Take(2, BitConverter.ToInt16),
        OperandType.InlineI => Take(4, BitConverter.ToInt32),
        OperandType.InlineI8 => Take(8, BitConverter.ToInt64),
        OperandType.ShortInlineR => Take(4, BitConverter.ToSingle),
        OperandType.InlineR => Take(8, BitConverter.ToDouble),
        OperandType.ShortInlineBrTarget => Branch((sbyte)il[at++]),
        OperandType.InlineBrTarget => Branch(Take(4, BitConverter.ToInt32)),
        OperandType.InlineSwitch => Switch(),
        OperandType.InlineString => method.Module.ResolveString(Take(4, BitConverter.ToInt32)),
        OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok =>
            method.Module.ResolveMember(Take(4, BitConverter.ToInt32), TypeArguments, MethodArguments),
        _ => throw new NotSupportedException($"{method.DeclaringType}.{method.Name}: {code.Name} in a kernel"),
    };

    Type[]? TypeArguments => method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;

    Type[]? MethodArguments => method.IsGenericMethod ? method.GetGenericArguments() : null;

    int Branch(int distance) => at + distance;

    int[] Switch()
    {
        int[] targets = new int[Take(4, BitConverter.ToInt32)];
        int end = at + 4 * targets.Length;
        for (int i = 0; i < targets.Length; i++) targets[i] = end + Take(4, BitConverter.ToInt32);
        return targets;
    }

    T Take<T>(int bytes, Func<byte[], int, T> read)
    {
        T value = read(il, at);
        at += bytes;
        return value;
    }
}
