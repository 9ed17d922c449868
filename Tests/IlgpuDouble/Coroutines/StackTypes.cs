using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Double;

/// <summary>
/// The types on IL's evaluation stack, followed through one method: what stands under the arguments of a call that suspends must be put
/// away, in fields of the right types. Integers narrower than 32 bits count as int, as IL has it.
/// </summary>
internal sealed class StackTypes
{
    readonly Dictionary<int, Type[]> atTargets = [];
    bool reachable = true;

    /// <summary>The types, the top last.</summary>
    public List<Type> Types { get; private set; } = [];

    /// <summary>Before an instruction: after a jump, the stack is what it was where somebody jumped here from.</summary>
    public void Enter(Instruction instruction)
    {
        if (!reachable) Types = atTargets.TryGetValue(instruction.Offset, out Type[]? types) ? [.. types] : [];
        reachable = true;
    }

    public Type Pop()
    {
        Type top = Types[^1];
        Types.RemoveAt(Types.Count - 1);
        return top;
    }

    public void Pop(int count) => Types.RemoveRange(Types.Count - count, count);

    public void Push(Type type)
    {
        if (type == typeof(void)) return;
        Types.Add(type.IsEnum ? Push32(Enum.GetUnderlyingType(type)) : Push32(type));
    }

    static Type Push32(Type type) =>
        type == typeof(bool) || type == typeof(char) || type == typeof(byte) || type == typeof(sbyte) || type == typeof(short)
            || type == typeof(ushort)
            ? typeof(int)
            : type;

    /// <summary>
    /// After an instruction that is neither a call nor an access to an argument or a local, which the caller follows itself.
    /// </summary>
    public void Apply(Instruction instruction)
    {
        Change(instruction);
        Leave(instruction);
    }

    /// <summary>Remembers the stack for those to whom an instruction jumps.</summary>
    public void Leave(Instruction instruction)
    {
        foreach (int target in instruction.Targets) atTargets.TryAdd(target, [.. Types]);
        reachable = instruction.Code.FlowControl is not (FlowControl.Branch or FlowControl.Return or FlowControl.Throw);
    }

    void Change(Instruction instruction)
    {
        OpCode code = instruction.Code;
        string name = code.Name!;
        if (name.StartsWith("ldc.i4", StringComparison.Ordinal) || name == "sizeof") Push(typeof(int));
        else if (name == "ldc.i8") Push(typeof(long));
        else if (name == "ldc.r4") Push(typeof(float));
        else if (name == "ldc.r8") Push(typeof(double));
        else if (name == "ldnull") Push(typeof(object));
        else if (name == "ldstr") Push(typeof(string));
        else if (name == "dup") Push(Types[^1]);
        else if (name is "ldsfld") Push(((FieldInfo)instruction.Operand!).FieldType);
        else if (name is "ldsflda") Push(typeof(nint));
        else if (name is "ldfld") Replace(1, ((FieldInfo)instruction.Operand!).FieldType);
        else if (name is "ldflda") Replace(1, typeof(nint));
        else if (name is "ldobj") Replace(1, (Type)instruction.Operand!);
        else if (name.StartsWith("ldind.", StringComparison.Ordinal)) Replace(1, Indirect(name));
        else if (name.StartsWith("conv.", StringComparison.Ordinal)) Replace(1, Converted(name));
        else if (name is "ceq" or "cgt" or "cgt.un" or "clt" or "clt.un") Replace(2, typeof(int));
        else if (name is "neg" or "not" or "nop" or "break" or "volatile." or "readonly." or "unaligned." or "tail.") return;
        else if (name is "shl" or "shr" or "shr.un") Pop();
        else if (Arithmetic.Contains(name)) Replace(2, Wider(Types[^2], Types[^1]));
        else if (name == "newarr") Replace(1, ((Type)instruction.Operand!).MakeArrayType());
        else if (name == "ldlen") Replace(1, typeof(nint));
        else if (name == "ldelema") Replace(2, typeof(nint));
        else if (name == "ldelem") Replace(2, (Type)instruction.Operand!);
        else if (name.StartsWith("ldelem.", StringComparison.Ordinal)) Replace(2, Indirect(name));
        else Pop(PoppedOnly(code));
    }

    /// <summary>Instructions that push nothing: branches, stores, pop. Their behaviour's name lists what they pop.</summary>
    static int PoppedOnly(OpCode code)
    {
        string popped = code.StackBehaviourPop.ToString();
        if (code.StackBehaviourPush != StackBehaviour.Push0 || popped == nameof(StackBehaviour.Varpop))
            throw new NotSupportedException($"the instruction {code.Name} in a kernel with barriers");
        return popped == nameof(StackBehaviour.Pop0) ? 0 : popped.Split('_').Length;
    }

    static readonly HashSet<string> Arithmetic =
    [
        "add", "sub", "mul", "div", "div.un", "rem", "rem.un", "and", "or", "xor", "add.ovf", "add.ovf.un", "sub.ovf", "sub.ovf.un",
            "mul.ovf", "mul.ovf.un",
    ];

    void Replace(int popped, Type pushed)
    {
        Pop(popped);
        Push(pushed);
    }

    static Type Wider(Type left, Type right) =>
        left == typeof(nint) || right == typeof(nint) || left.IsByRef || right.IsByRef ? typeof(nint)
        : left == typeof(double) || right == typeof(double) ? typeof(double)
        : left;

    static Type Indirect(string name) => name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..] switch
    {
        "i8" => typeof(long),
        "r4" => typeof(float),
        "r8" => typeof(double),
        "i" => typeof(nint),
        "ref" => typeof(object),
        _ => typeof(int),
    };

    static Type Converted(string name) => name.Split('.').First(part => part is not ("conv" or "ovf")) switch
    {
        "i8" or "u8" => typeof(long),
        "r4" => typeof(float),
        "r8" or "r" => typeof(double),
        "i" or "u" => typeof(nint),
        _ => typeof(int),
    };
}
