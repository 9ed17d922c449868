using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Double;

/// <summary>
/// Makes a coroutine of a kernel, so that one thread can run its lanes in turns. What a kernel calls and what suspends in turn is put in
/// its place; every argument and local becomes a field of a frame; at a suspension point the method returns the point's number, and is
/// entered again with it. References in a frame are kept as addresses: frames and the double's memory do not move.
/// </summary>
internal sealed class CoroutineCompiler
{
    const int Ended = -1;
    static readonly ModuleBuilder Frames = AssemblyBuilder
        .DefineDynamicAssembly(new("ILGPU.Double.Frames"), AssemblyBuilderAccess.Run)
        .DefineDynamicModule("Frames");

    static readonly Dictionary<string, OpCode> LongForms = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .Where(code => code.OperandType == OperandType.InlineBrTarget)
        .ToDictionary(code => code.Name!);

    static int frameCount;

    readonly List<Type> fields = [];
    readonly List<string> sites = [];
    readonly List<int> resumeLabels = [];
    readonly List<Action<Emitter>> output = [];
    readonly KernelCode code = new();
    int labelCount;

    CoroutineCompiler() { }

    /// <summary>Compiles a kernel whose generic arguments are all given.</summary>
    /// <exception cref="NotSupportedException">The kernel has something in it that ILGPU, or the double, does not take.</exception>
    public static KernelProgram Compile(MethodInfo kernel)
    {
        try
        {
            return new CoroutineCompiler().Build(kernel);
        }
        catch (NotSupportedException e)
        {
            throw new NotSupportedException($"The kernel {KernelProgram.NameOf(kernel)} cannot be loaded: {e.Message}", e);
        }
    }

    KernelProgram Build(MethodInfo kernel)
    {
        int start = NewLabel();
        int[] arguments = [.. kernel.GetParameters().Select(p => NewField(p.ParameterType))];
        if (code.Suspends(kernel)) Inline(kernel, arguments, start, null);
        else CallPlainly(kernel, arguments, start);

        Type frame = Define();
        var method = new DynamicMethod(kernel.Name, typeof(int), [frame.MakeByRefType(), typeof(int)], kernel.Module, skipVisibility: true);
        var emitter = new Emitter(method.GetILGenerator(), [.. fields.Select((_, i) => frame.GetField($"f{i}")!)], labelCount);
        emitter.Il.Emit(OpCodes.Ldarg_1);
        emitter.Il.Emit(OpCodes.Switch, [emitter.Labels[start], .. resumeLabels.Select(label => emitter.Labels[label])]);
        foreach (Action<Emitter> write in output) write(emitter);
        Delegate step = method.CreateDelegate(typeof(LaneStep<>).MakeGenericType(frame));
        return new(kernel, frame, step, CopyArguments(kernel, frame, arguments.Length), sites, code.UsesAtomics);
    }

    /// <summary>Copies the arguments, the first fields, from one frame to another. Locals need not be cleared: C# assigns before it reads.</summary>
    static Delegate CopyArguments(MethodInfo kernel, Type frame, int count)
    {
        Type reference = frame.MakeByRefType();
        var method = new DynamicMethod(kernel.Name, typeof(void), [reference, reference], kernel.Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        foreach (FieldInfo field in Enumerable.Range(0, count).Select(i => frame.GetField($"f{i}")!))
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldfld, field);
            il.Emit(OpCodes.Stfld, field);
        }
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate(typeof(LaneStart<>).MakeGenericType(frame));
    }

    void CallPlainly(MethodInfo kernel, int[] arguments, int start) => output.Add(e =>
    {
        e.Il.MarkLabel(e.Labels[start]);
        foreach (int argument in arguments) e.Load(argument);
        e.Il.Emit(OpCodes.Call, kernel);
        e.Il.Emit(OpCodes.Ldc_I4, Ended);
        e.Il.Emit(OpCodes.Ret);
    });

    /// <summary>
    /// Writes a method's body in place. <paramref name="result"/> is null for the kernel itself, else where the body ends and the field of
    /// its result.
    /// </summary>
    void Inline(MethodBase method, int[] arguments, int begin, (int End, int? Field)? result)
    {
        MethodBody body = method.GetMethodBody()!;
        if (body.ExceptionHandlingClauses.Count > 0) throw new NotSupportedException($"{method.Name} has a try block");
        int[] locals = [.. body.LocalVariables.OrderBy(local => local.LocalIndex).Select(local => NewField(local.LocalType))];
        IReadOnlyList<Instruction> instructions = IlReader.Read(method);
        Dictionary<int, int> labels = instructions.SelectMany(i => i.Targets).Distinct().ToDictionary(offset => offset, _ => NewLabel());
        var stack = new StackTypes();
        MemberInfo? constraint = null;

        Mark(begin);
        foreach (Instruction instruction in instructions)
        {
            stack.Enter(instruction);
            if (labels.TryGetValue(instruction.Offset, out int label)) Mark(label);
            OpCode op = instruction.Code;
            if (op == OpCodes.Constrained) constraint = (MemberInfo)instruction.Operand!;
            else if (op == OpCodes.Ret) Return(result, stack);
            else if (instruction.Operand is MethodBase called && op.FlowControl == FlowControl.Call)
            {
                Call(method, instruction, called, (Type?)constraint, stack);
                constraint = null;
            }
            else if (!TryVariable(instruction, arguments, locals, stack))
            {
                Copy(instruction, labels);
                stack.Apply(instruction);
                continue;
            }
            stack.Leave(instruction);
        }
    }

    void Return((int End, int? Field)? result, StackTypes stack)
    {
        if (result is not { } to)
        {
            output.Add(e =>
            {
                e.Il.Emit(OpCodes.Ldc_I4, Ended);
                e.Il.Emit(OpCodes.Ret);
            });
            return;
        }
        if (to.Field is { } field)
        {
            stack.Pop();
            Store(field);
        }
        output.Add(e => e.Il.Emit(OpCodes.Br, e.Labels[to.End]));
    }

    void Call(MethodBase caller, Instruction instruction, MethodBase called, Type? constraint, StackTypes stack)
    {
        MethodBase target = KernelCode.Target(called, constraint);
        Type[] parameters = Parameters(target);
        bool creates = instruction.Code == OpCodes.Newobj;
        stack.Pop(parameters.Length - (creates ? 1 : 0));
        if (creates)
        {
            if (!target.DeclaringType!.IsValueType) throw new NotSupportedException(
                $"{caller.Name} makes a {target.DeclaringType.Name}, which is a class");
            output.Add(e => e.Il.Emit(OpCodes.Newobj, (ConstructorInfo)target));
            stack.Push(target.DeclaringType);
            return;
        }
        if (!code.Suspends(target)) output.Add(e => e.Call(instruction.Code, target, target == called ? constraint : null));
        else if (KernelCode.PointOf(target) is not null) Suspend(caller, instruction, (MethodInfo)target, stack);
        else InlineCall(target, parameters, stack);
        if (target is MethodInfo { ReturnType: var type }) stack.Push(Held(type));
    }

    void Suspend(MethodBase caller, Instruction instruction, MethodInfo target, StackTypes stack)
    {
        (MethodInfo begin, MethodInfo? end) = KernelCode.Halves(target);
        int resume = NewLabel(), go = NewLabel();
        resumeLabels.Add(resume);
        int state = resumeLabels.Count;
        string place = $"IL_{instruction.Offset:x4} of {caller.DeclaringType?.Name}.{caller.Name}";
        sites.Add($"{target.DeclaringType!.Name}.{target.Name} at {place}");
        output.Add(e =>
        {
            e.Il.Emit(OpCodes.Call, begin);
            e.Il.Emit(OpCodes.Brfalse, e.Labels[go]);
        });
        int[] kept = PutAway(stack);
        output.Add(e =>
        {
            e.Il.Emit(OpCodes.Ldc_I4, state);
            e.Il.Emit(OpCodes.Ret);
        });
        Mark(resume);
        Bring(kept);
        Mark(go);
        if (end is not null) output.Add(e => e.Il.Emit(OpCodes.Call, end));
    }

    void InlineCall(MethodBase target, Type[] parameters, StackTypes stack)
    {
        int[] arguments = [.. parameters.Select(NewField)];
        for (int i = arguments.Length - 1; i >= 0; i--) Store(arguments[i]);
        int[] kept = PutAway(stack);
        Type returned = ((MethodInfo)target).ReturnType;
        int? result = returned == typeof(void) ? null : NewField(returned);
        int end = NewLabel();
        Inline(target, arguments, NewLabel(), (end, result));
        Mark(end);
        Bring(kept);
        if (result is { } field) output.Add(e => e.Load(field));
    }

    /// <summary>
    /// Puts the stack into fields. A reference among it (<c>y[i] = Sum(…)</c> takes the element's first) is not an access yet.
    /// </summary>
    int[] PutAway(StackTypes stack)
    {
        int[] kept = [.. stack.Types.Select(NewField)];
        for (int i = kept.Length - 1; i >= 0; i--)
        {
            if (fields[kept[i]] == typeof(nint)) output.Add(e => e.Notify(nameof(Lane.Hold)));
            Store(kept[i]);
        }
        return kept;
    }

    void Bring(int[] kept)
    {
        foreach (int field in kept)
        {
            output.Add(e => e.Load(field));
            if (fields[field] == typeof(nint)) output.Add(e => e.Notify(nameof(Lane.TakeUp)));
        }
    }

    /// <summary>Arguments and locals are fields of the frame.</summary>
    bool TryVariable(Instruction instruction, int[] arguments, int[] locals, StackTypes stack)
    {
        string name = instruction.Code.Name!;
        string kind = name.Split('.')[0];
        if (kind is not ("ldarg" or "ldarga" or "starg" or "ldloc" or "ldloca" or "stloc")) return false;
        int index = instruction.Operand as int? ?? name[^1] - '0';
        int field = (kind.Contains("arg", StringComparison.Ordinal) ? arguments : locals)[index];
        if (kind.StartsWith("st", StringComparison.Ordinal))
        {
            stack.Pop();
            Store(field);
        }
        else if (kind is "ldarga" or "ldloca")
        {
            output.Add(e => e.LoadAddress(field));
            stack.Push(typeof(nint));
        }
        else
        {
            output.Add(e => e.Load(field));
            stack.Push(fields[field]);
        }
        return true;
    }

    void Copy(Instruction instruction, Dictionary<int, int> labels)
    {
        OpCode op = instruction.Code;
        if (op == OpCodes.Throw || op == OpCodes.Ldftn || op == OpCodes.Localloc || op == OpCodes.Box || op == OpCodes.Calli)
            throw new NotSupportedException($"the instruction {op.Name}");
        output.Add(e =>
        {
            switch (instruction.Operand)
            {
                case null: e.Il.Emit(op); break;
                case int[] targets: e.Il.Emit(op, [.. targets.Select(target => e.Labels[labels[target]])]); break;
                case int target when instruction.Targets.Any(): e.Il.Emit(LongForm(op), e.Labels[labels[target]]); break;
                case int value when op == OpCodes.Unaligned: e.Il.Emit(op, (byte)value); break;
                case int value: e.Il.Emit(OpCodes.Ldc_I4, value); break;
                case long value: e.Il.Emit(op, value); break;
                case float value: e.Il.Emit(op, value); break;
                case double value: e.Il.Emit(op, value); break;
                case string value: e.Il.Emit(op, value); break;
                case FieldInfo field: e.Il.Emit(op, field); break;
                case Type type: e.Il.Emit(op, type); break;
                default: throw new NotSupportedException($"the instruction {op.Name}");
            }
        });
    }

    static OpCode LongForm(OpCode op) => LongForms[op.Name!.EndsWith(".s", StringComparison.Ordinal) ? op.Name[..^2] : op.Name];

    static Type[] Parameters(MethodBase method)
    {
        IEnumerable<Type> parameters = method.GetParameters().Select(p => p.ParameterType);
        return method.IsStatic
            ? [.. parameters]
            : [method.DeclaringType!.IsValueType ? method.DeclaringType.MakeByRefType() : method.DeclaringType, .. parameters];
    }

    /// <summary>The type of a field that holds a value: references are held as addresses.</summary>
    static Type Held(Type type) => type.IsByRef || type.IsPointer ? typeof(nint) : type;

    void Mark(int label) => output.Add(e => e.Il.MarkLabel(e.Labels[label]));

    void Store(int field) => output.Add(e => e.Store(field));

    int NewLabel() => labelCount++;

    int NewField(Type type)
    {
        fields.Add(Held(type));
        return fields.Count - 1;
    }

    Type Define()
    {
        lock (Frames)
        {
            TypeBuilder builder = Frames.DefineType(
                $"Frame{++frameCount}", TypeAttributes.Public | TypeAttributes.Sealed, typeof(ValueType));
            for (int i = 0; i < fields.Count; i++) builder.DefineField($"f{i}", fields[i], FieldAttributes.Public);
            return builder.CreateType();
        }
    }

    /// <summary>The generator of a coroutine's IL, with its fields and labels.</summary>
    sealed class Emitter
    {
        readonly FieldInfo[] fields;
        readonly Dictionary<Type, LocalBuilder> scratch = [];

        public Emitter(ILGenerator il, FieldInfo[] fields, int labels)
        {
            Il = il;
            this.fields = fields;
            Labels = [.. Enumerable.Range(0, labels).Select(_ => il.DefineLabel())];
        }

        public ILGenerator Il { get; }

        public Label[] Labels { get; }

        public void Load(int field)
        {
            Il.Emit(OpCodes.Ldarg_0);
            Il.Emit(OpCodes.Ldfld, fields[field]);
        }

        public void LoadAddress(int field)
        {
            Il.Emit(OpCodes.Ldarg_0);
            Il.Emit(OpCodes.Ldflda, fields[field]);
        }

        /// <summary>Stores the top of the stack, over which the frame's address must be slipped.</summary>
        public void Store(int field)
        {
            Type type = fields[field].FieldType;
            if (!scratch.TryGetValue(type, out LocalBuilder? local)) scratch[type] = local = Il.DeclareLocal(type);
            if (type == typeof(nint)) Il.Emit(OpCodes.Conv_U);
            Il.Emit(OpCodes.Stloc, local);
            Il.Emit(OpCodes.Ldarg_0);
            Il.Emit(OpCodes.Ldloc, local);
            Il.Emit(OpCodes.Stfld, fields[field]);
        }

        /// <summary>Tells the lane of the address on the stack.</summary>
        public void Notify(string method)
        {
            Il.Emit(OpCodes.Dup);
            Il.Emit(OpCodes.Call, typeof(Lane).GetMethod(method)!);
        }

        public void Call(OpCode op, MethodBase target, Type? constraint)
        {
            if (constraint is not null) Il.Emit(OpCodes.Constrained, constraint);
            if (target is ConstructorInfo constructor) Il.Emit(op, constructor);
            else Il.Emit(op, (MethodInfo)target);
        }
    }
}
