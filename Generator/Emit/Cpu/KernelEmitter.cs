using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>
/// One kernel: a static method whose head comment says what it computes, over which sizes, in which order, at what cost, and why so.
/// Parameters and sizes are what the body turned out to use.
/// </summary>
internal abstract partial class KernelEmitter
{
    private readonly List<(string Type, string Name)> _parameters = [];
    private readonly CodeWriter _body = new();
    private readonly ModelPlan _plan;
    private readonly Func<string, string> _names;
    private bool _made;

    protected KernelEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, KernelPlan kernel)
    {
        (_plan, Method, Sizes, Kernel) = (plan, method, sizes, kernel);
        _names = method.Graph.NamesIn(kernel.Operations);
        Scope = new Scope(plan.Model, method, sizes.Expression);
    }

    protected KernelPlan Kernel { get; }

    protected MethodPlan Method { get; }

    protected KernelSizes Sizes { get; }

    protected Scope Scope { get; }

    protected CodeWriter Body => _body;

    /// <summary>What an axis is called in the kernel, whatever name an equation has for it.</summary>
    protected string Name(string axis) => _names(axis);

    /// <summary>The local that holds the number of rows.</summary>
    protected string RowCount => Scope.RowCount(Kernel.Rows);

    public static KernelEmitter For(ModelPlan plan, MethodPlan method, KernelSizes sizes, KernelPlan kernel) => kernel switch
    {
        SweepPlan sweep => new SweepEmitter(plan, method, sizes, sweep),
        AttentionPlan attention => new AttentionEmitter(plan, method, sizes, attention),
        ReducePlan reduce => new ReduceEmitter(plan, method, sizes, reduce),
        RearrangePlan rearrange => new RearrangeEmitter(plan, method, sizes, rearrange),
        ContractPlan contract => new ContractEmitter(plan, method, sizes, contract),
        _ => new RowEmitter(plan, method, sizes, kernel),
    };

    /// <summary>The call of the kernel, in the entry's names.</summary>
    public string Call
    {
        get
        {
            Make();
            return $"{Kernel.Name}({string.Join(", ", _parameters.Select(parameter => parameter.Name))});";
        }
    }

    public void Emit(CodeWriter writer)
    {
        Make();
        KernelHead.Write(writer, _plan.Model, Sizes, Kernel, new KernelNotes(Loops, Flops, Bytes, Why));
        IEnumerable<string> parameters = _parameters.Select(parameter => parameter.Type + " " + parameter.Name);
        using (writer.OpenMethod($"private static void {Kernel.Name}", parameters))
        {
            foreach (string declaration in Scope.Declarations())
                writer.Write(declaration);
            writer.Write(_body.ToString().TrimEnd('\n'));
        }
    }

    /// <summary>Writes the body, asking for parameters and sizes as it goes.</summary>
    protected abstract void EmitBody();

    /// <summary>Loop order, in words.</summary>
    protected abstract string Loops { get; }

    /// <summary>Arithmetic of one call, as an expression of the sizes.</summary>
    protected abstract string Flops { get; }

    /// <summary>Memory traffic of one call, as an expression of the sizes.</summary>
    protected abstract string Bytes { get; }

    /// <summary>Why these equations are one kernel.</summary>
    protected abstract string Why { get; }

    /// <summary>Makes the size of an axis a local of the kernel's own, which is no parameter then.</summary>
    protected string Own(string axis)
    {
        string local = Scope.Axis(axis);
        _own.Add(local);
        return local;
    }

    private readonly HashSet<string> _own = [];

    /// <summary>A parameter of the kernel, by the name that it has in the entry too.</summary>
    protected string Parameter(string type, string name)
    {
        int found = _parameters.FindIndex(parameter => parameter.Name == name);
        if (found < 0)
            _parameters.Add((type, name));
        else if (type == "Span<float>" && _parameters[found].Type != type)
            _parameters[found] = (type, name);
        return name;
    }

    /// <summary>A buffer that is read.</summary>
    protected string Read(string buffer) => Parameter("ReadOnlySpan<float>", Scope.Value(buffer));

    /// <summary>A buffer that is written.</summary>
    protected string Write(string buffer) => Parameter("Span<float>", Scope.Value(buffer));

    /// <summary>The member of the model.</summary>
    protected string Member(string name) => Parameter(_plan.Model.Spec.Name, "model") + "." + name;

    protected string Packed => Parameter("PackedRows", "packed");

    /// <summary>Declares the number of rows, and takes what it needs as parameters.</summary>
    protected void DeclareRows()
    {
        if (Kernel.Rows == Method.Sequence)
            Body.Write($"int {RowCount} = {Packed}.Count;");
        else
            Parameter("int", RowCount);
    }

    /// <summary>The local with the rotation's table; declares it once.</summary>
    protected string Table(RotateOperation rotate)
    {
        string local = Casing.Camel(rotate.Rope.Property) + Casing.Pascal(rotate.Axis);
        if (_tables.Add(local))
            Body.Write($"RopeTable {local} = {Member(rotate.Rope.Property)}.Table({Scope.Axis(rotate.Axis)}, {Packed}.Capacity);");
        return local;
    }

    private readonly HashSet<string> _tables = [];

    /// <summary>The slots of an appended value, one of each layout that is read; declares them once.</summary>
    protected List<string> CacheSlots(AppendOperation append) =>
        [.. Slot.Of(Method).Where(slot => slot.Append.Id == append.Id).Select(slot => CacheSlot(append, slot.Layout))];

    /// <summary>The slot of an appended value in a layout; declares it once.</summary>
    protected string CacheSlot(AppendOperation append, string layout)
    {
        IReadOnlyList<Slot> slots = Slot.Of(Method);
        bool isSecond = layout == Slot.Values && slots.Count(slot => slot.Append.Id == append.Id) > 1;
        string local = Scope.Value(append.Slot) + (isSecond ? "RowsSlot" : "Slot");
        if (_tables.Add(local))
        {
            int index = slots.ToList().FindIndex(slot => slot.Append.Id == append.Id && slot.Layout == layout);
            string number = index == 0 ? Parameter("int", "slot") : $"{Parameter("int", "slot")} + {Names.Literal(index)}";
            Body.Write($"CacheSlot {local} = {Parameter("KvCache", "cache")}.Slot({number});");
        }

        return local;
    }

    /// <summary>The buffer behind an operand.</summary>
    protected string BufferName(Operand operand)
    {
        Operand source = Method.Graph.Resolve(operand);
        return source.Kind == OperandKind.Input ? source.Name : Method.Buffers.First(buffer => buffer.Operation == source.Id).Name;
    }

    /// <summary>A product of sizes, for the notes: <c>g·r·k</c>.</summary>
    protected static string Dots(IEnumerable<string> axes) => KernelHead.Dots(axes);

    private void Make()
    {
        if (_made)
            return;
        _made = true;
        EmitBody();
        foreach (string axis in Scope.CallAxes.Where(axis => !_own.Contains(axis)))
            Parameter("int", axis);
        if (Scope.Declarations().Any(declaration => declaration.Contains("model.")))
            Parameter(_plan.Model.Spec.Name, "model");

        // In a fixed order, since the order of use is an accident.
        List<(string Type, string Name)> ordered = [.. _parameters.OrderBy(parameter => Order(parameter.Type, parameter.Name))];
        _parameters.Clear();
        _parameters.AddRange(ordered);
    }

    private static int Order(string type, string name) => type switch
    {
        _ when name == "model" => 0,
        "PackedRows" => 1,
        "int" when name != "slot" => 2,
        "Worker" => 3,
        "ReadOnlySpan<int>" or "ReadOnlySpan<bool>" => 4,
        "ReadOnlySpan<float>" => 5,
        "Span<float>" => 6,
        "KvCache" => 7,
        _ => 8,
    };

    /// <summary>A class of the library, qualified where the model has a member of the same name.</summary>
    protected string Library(string name)
    {
        ModelSpec spec = _plan.Model.Spec;
        IEnumerable<string> members = spec.Params.Select(param => param.Name)
            .Concat(spec.Layers.Select(layers => layers.Name))
            .Concat(spec.Settings.Select(setting => setting.Name));
        return members.Contains(name) || spec.Name == name ? LibraryNames.All[name] : name;
    }
}
