using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>A field of a kernel's arguments: what kernels read, and what the host fills in.</summary>
internal sealed record GpuField(string Type, string Name, string Host, string Doc);

/// <summary>A kernel method as the host knows it: its name, and the weights whose storage formats close its type parameters.</summary>
internal sealed record GpuMethod(string Name, EquatableArray<string> Stored);

/// <summary>
/// A kernel's body as a resident step calls it, once a unit: <c>METHOD&lt;TStored, TLanes&gt;(unit, size, args, …)</c>.
/// </summary>
/// <param name="Method">The method, which takes the unit, the sizes and the arguments first.</param>
/// <param name="Stored">The weights whose formats are its type parameters.</param>
/// <param name="Lanes">Whether it has the type parameter TLanes.</param>
/// <param name="Shared">Its further arguments, out of the step's shared memory: <c>staged</c>, 2,048 Float4, and <c>scratch</c>.</param>
/// <param name="Units">How many units there are for one row, as the host's expression; <c>part</c> is the number of features of a group.</param>
internal sealed record GpuResidentStep(string Method, EquatableArray<string> Stored, bool Lanes, string Shared, string Units);

/// <summary>
/// One kernel of the plan as ILGPU methods: one struct of arguments, one or more methods that take it (for few rows, for many, for tensor
/// cores), and the host's statements that choose and launch. Every method has two parameters, the sizes, which are constants when it is
/// compiled, and the arguments.
/// </summary>
internal abstract partial class GpuKernelEmitter
{
    private readonly ModelPlan _plan;
    private readonly Func<string, string> _names;
    private readonly List<GpuField> _fields = [];
    private readonly List<GpuMethod> _methods = [];
    private readonly CodeWriter _text = new();
    private readonly CodeWriter _arguments = new();
    private readonly CodeWriter _launches = new();
    private bool _made;

    protected GpuKernelEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, KernelPlan kernel)
    {
        (_plan, Method, Sizes, Kernel) = (plan, method, sizes, kernel);
        _names = method.Graph.NamesIn(kernel.Operations);
        Scope = NewScope();
        Host = new Scope(plan.Model, method, axis => axis);
        Body = new CodeWriter();
    }

    protected KernelPlan Kernel { get; }

    protected MethodPlan Method { get; }

    protected KernelSizes Sizes { get; }

    protected ModelPlan Plan => _plan;

    /// <summary>The locals of the method being written: a fresh scope for each.</summary>
    protected Scope Scope { get; private set; }

    /// <summary>Names of the host's locals; a size there is <c>_sizes.d</c>.</summary>
    protected Scope Host { get; }

    /// <summary>The body of the method being written.</summary>
    protected CodeWriter Body { get; private set; }

    /// <summary>What an axis is called in the kernel, whatever name an equation has for it.</summary>
    protected string Name(string axis) => _names(axis);

    /// <summary>The number of rows, as a kernel reads it.</summary>
    protected string RowCount =>
        Field("int", Scope.RowCount(Kernel.Rows), Scope.RowCount(Kernel.Rows), $"Rows ({Names.Join(Kernel.Rows)}).");

    /// <summary>The number of rows in the host's statements.</summary>
    protected string HostRowCount => Scope.RowCount(Kernel.Rows);

    public static GpuKernelEmitter For(ModelPlan plan, MethodPlan method, KernelSizes sizes, KernelPlan kernel) => kernel switch
    {
        SweepPlan sweep => new GpuSweepEmitter(plan, method, sizes, sweep),
        AttentionPlan attention => new GpuAttentionEmitter(plan, method, sizes, attention),
        ReducePlan reduce => new GpuReduceEmitter(plan, method, sizes, reduce),
        ContractPlan contract => new GpuContractEmitter(plan, method, sizes, contract),
        RearrangePlan rearrange => new GpuRearrangeEmitter(plan, method, sizes, rearrange),
        StatisticsPlan statistics => new GpuStatisticsEmitter(plan, method, sizes, statistics),
        _ => new GpuRowEmitter(plan, method, sizes, kernel),
    };

    /// <summary>The kernel of the plan that this is, or is a part of.</summary>
    public KernelPlan? PartOf { protected get; init; }

    /// <summary>Whether these are launches of a kernel of the plan.</summary>
    public bool Plans(KernelPlan kernel) => kernel == (PartOf ?? Kernel);

    /// <summary>The struct's name.</summary>
    public string ArgumentsType => Kernel.Name + "Args";

    public IReadOnlyList<GpuField> Fields
    {
        get
        {
            Make();
            return _fields;
        }
    }

    /// <summary>The entries: what the host loads.</summary>
    public IReadOnlyList<GpuMethod> Methods
    {
        get
        {
            Make();
            return _methods;
        }
    }

    /// <summary>The kernels' text.</summary>
    public string Text
    {
        get
        {
            Make();
            return _text.ToString().TrimEnd('\n');
        }
    }

    /// <summary>The bodies, one after another, that compute the kernel for one row.</summary>
    public abstract IReadOnlyList<GpuResidentStep> Resident { get; }

    /// <summary>Whether a resident step can have it: the host has nothing to do for it but to launch it.</summary>
    public virtual bool CanStay => true;

    /// <summary>The host's statement that makes the arguments.</summary>
    public string Arguments
    {
        get
        {
            Make();
            return _arguments.ToString().TrimEnd('\n') + ";";
        }
    }

    /// <summary>The host's statements.</summary>
    public string Launches
    {
        get
        {
            Make();
            return _launches.ToString().TrimEnd('\n');
        }
    }

    /// <summary>Writes the kernels by <see cref="Entry"/> and <see cref="Function"/>.</summary>
    protected abstract void EmitKernels();

    /// <summary>
    /// Writes the host's statements. In scope: <c>session</c> (GpuSession), <c>packed</c> (RowTable, where the method has positions), row
    /// counts, buffers under their names, <c>slot</c>, <c>_sizes</c>, and <see cref="Loaded"/> kernels. <see cref="ArgumentsLocal"/> holds the
    /// arguments.
    /// </summary>
    protected abstract void EmitLaunches(CodeWriter writer);

    /// <summary>The host's local with the arguments.</summary>
    public string ArgumentsLocal => Casing.Camel(Kernel.Name);

    /// <summary>The host's field with a loaded kernel.</summary>
    public static string Loaded(string method) => "_" + Casing.Camel(method);

    /// <summary>
    /// Writes an entry: <c>public static void NAME&lt;TUp, TGate, TLanes&gt;(SpecializedValue&lt;GpuSizes&gt; sizes, ARGS args)</c>. In its body the
    /// sizes that <see cref="Scope"/> is asked for are locals.
    /// </summary>
    /// <param name="name">The method.</param>
    /// <param name="stored">The weights whose formats are type parameters, in order; see <see cref="TypeParameter"/>.</param>
    /// <param name="lanes">Whether it has the type parameter TLanes.</param>
    /// <param name="notes">What the head comment says.</param>
    /// <param name="body">Writes to <see cref="Body"/>.</param>
    protected void Entry(string name, IEnumerable<string> stored, bool lanes, KernelNotes notes, Action body)
    {
        string[] weights = [.. stored.Distinct()];
        _methods.Add(new GpuMethod(name, weights.ToEquatable()));
        KernelHead.Write(_text, _plan.Model, Sizes, Kernel, notes);
        string[] parameters = ["SpecializedValue<GpuSizes> sizes", $"GpuArguments.{ArgumentsType} args"];
        WriteMethod("public static void " + name, weights, lanes, parameters, "GpuSizes size = sizes.Value;", body);
    }

    /// <summary>Writes a method that kernels call; it takes <c>GpuSizes size</c> first where it needs sizes.</summary>
    /// <param name="head">What stands before its type parameters: <c>private static void NAME</c>.</param>
    /// <param name="stored">The weights whose formats are type parameters.</param>
    /// <param name="lanes">Whether it has the type parameter TLanes.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="summary">One sentence for its documentation.</param>
    /// <param name="body">Writes to <see cref="Body"/>.</param>
    protected void Function(
        string head, IEnumerable<string> stored, bool lanes, IEnumerable<string> parameters, string summary, Action body)
    {
        _text.Write($"/// <summary>{Names.Xml(summary)}</summary>");
        WriteMethod(head, [.. stored.Distinct()], lanes, parameters, null, body);
    }

    private void WriteMethod(
        string head, string[] weights, bool lanes, IEnumerable<string> parameters, string? sizes, Action body)
    {
        Body = new CodeWriter();
        Scope = NewScope();
        body();
        List<string> types = [.. weights.Select(TypeParameter)];
        List<string> constraints = [.. types.Select(type => $"where {type} : struct, IStored")];
        if (lanes)
        {
            types.Add("TLanes");
            constraints.Add("where TLanes : struct, ILanes");
        }

        string list = types.Count == 0 ? "" : $"<{string.Join(", ", types)}>";
        using (_text.OpenMethod(head + list, parameters, constraints))
        {
            List<string> declarations = [.. Scope.Declarations()];
            if (sizes is not null && declarations.Any(declaration => declaration.Contains("size.")))
                _text.Write(sizes);
            foreach (string declaration in declarations)
                _text.Write(declaration);
            _text.Write(Body.ToString().TrimEnd('\n'));
        }

        _text.Gap();
    }

    private Scope NewScope() =>
        new(_plan.Model, Method, axis => Sizes.Literal(axis) ?? "size." + Names.Identifier(axis), GpuNames.Locals);

    private void Make()
    {
        if (_made)
            return;
        _made = true;
        EmitKernels();
        EmitLaunches(_launches);

        // Only now are all fields known; the order in which they were asked for is an accident.
        List<GpuField> ordered = [.. _fields.OrderBy(field => Order(field.Type))];
        _fields.Clear();
        _fields.AddRange(ordered);
        using (_arguments.Open($"var {ArgumentsLocal} = new GpuArguments.{ArgumentsType}"))
        {
            foreach (GpuField field in _fields)
                _arguments.Write($"{GpuNames.Field(field.Name)} = {field.Host},");
        }
    }

    private static int Order(string type) => type switch
    {
        "RowTable" => 0,
        "int" => 1,
        "ArrayView<int>" => 2,
        "ArrayView<float>" => 3,
        "ArrayView<UInt4>" => 4,
        "float" => 5,
        _ => 6,
    };

    /// <summary>A field of the arguments; declares it once. Returns what a kernel reads it by.</summary>
    /// <param name="type">Its type: a view, a number, or a struct of those.</param>
    /// <param name="name">Its name.</param>
    /// <param name="host">The host's expression for it.</param>
    /// <param name="doc">What it is, with its shape.</param>
    protected string Field(string type, string name, string host, string doc)
    {
        if (_fields.All(field => field.Name != name))
            _fields.Add(new GpuField(type, name, host, doc));
        return "args." + name;
    }

    /// <summary>A buffer of activations, f32, [rows, features].</summary>
    protected string Buffer(string buffer)
    {
        BufferPlan plan = Method.Buffer(buffer);
        string name = Scope.Value(buffer);
        return Field("ArrayView<float>", name, name, $"{Names.Join(plan.Rows)} by {Names.Join(plan.Features)}.");
    }

    /// <summary>An input of indices.</summary>
    protected string Indices(string input)
    {
        string name = Scope.Value(input);
        return Field("ArrayView<int>", name, name, "Indices, as the call gave them.");
    }

    /// <summary>
    /// A weight as a matrix whose rows cover <paramref name="contracted"/>, its last axes; read by <see cref="TypeParameter"/>.
    /// </summary>
    protected string Weight(string param, IEnumerable<string> contracted)
    {
        string length = string.Join(" * ", contracted.Select(HostSize)), key = MatrixField(param, contracted);
        _matrices[key] = $"loader.Matrix(model.{param}, {(length.Length == 0 ? "1" : length)})";
        return Field("ArrayView<UInt4>", param, key + ".View", $"{AxesOf(param)}, rows of whole units of 8.");
    }

    /// <summary>A parameter of one axis, f32.</summary>
    protected string Vector(string param)
    {
        _vectors[VectorField(param)] = $"loader.Vector(model.{param})";
        return Field("ArrayView<float>", param, VectorField(param) + ".View", $"{AxesOf(param)}.");
    }

    /// <summary>The host's fields for matrices: what loads each.</summary>
    public IReadOnlyDictionary<string, string> Matrices
    {
        get
        {
            Make();
            return _matrices;
        }
    }

    /// <summary>The host's fields for vectors: what loads each.</summary>
    public IReadOnlyDictionary<string, string> Vectors
    {
        get
        {
            Make();
            return _vectors;
        }
    }

    private readonly SortedDictionary<string, string> _matrices = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _vectors = new(StringComparer.Ordinal);

    /// <summary>The host's field for a weight of one of the kernel's methods.</summary>
    public string MatrixOf(string param)
    {
        Make();
        return _matrices.Keys.Single(key => key == "_" + param || key.StartsWith("_" + param + "By", StringComparison.Ordinal));
    }

    /// <summary>The host's field for a weight, if the kernel reads it.</summary>
    public string? FindMatrix(string param)
    {
        Make();
        return _matrices.Keys.FirstOrDefault(key => key == "_" + param || key.StartsWith("_" + param + "By", StringComparison.Ordinal));
    }

    /// <summary>The type parameter that a weight's storage format is.</summary>
    public static string TypeParameter(string param) => param == "Lanes" ? "TLanesStored" : "T" + param;

    /// <summary>The host's field for a weight whose rows cover these axes.</summary>
    protected static string MatrixField(string param, IEnumerable<string> contracted) =>
        "_" + param + "By" + string.Concat(contracted.Select(Casing.Pascal));

    private static string VectorField(string param) => "_" + param;

    private string AxesOf(string param) => Names.Join(_plan.Model.Params.First(other => other.Spec.Name == param).Axes);

    /// <summary>A size in the host's statements.</summary>
    protected string HostSize(string axis) => "_sizes." + Names.Identifier(Method.Graph.Original(axis));

    /// <summary>A product of sizes in the host's statements, to stand in an expression.</summary>
    protected string HostProduct(IEnumerable<string> axes)
    {
        string[] sizes = [.. axes.Select(HostSize)];
        return sizes.Length switch { 0 => "1", 1 => sizes[0], _ => "(" + string.Join(" * ", sizes) + ")" };
    }

    /// <summary>A setting of type float, such as a norm's epsilon.</summary>
    protected string Setting(SettingRef setting) => Field("float", setting.Property, "model." + setting.Property, $"{setting.Setting}.");

    /// <summary>A number of the declaration.</summary>
    protected string Scalar(ScalarRef scalar) =>
        scalar.Setting is { } setting ? Setting(setting) : Names.FloatLiteral(scalar.Literal!.Value);

    /// <summary>A scale factor, computed by the host in double.</summary>
    protected string Factor(ScaleExpression factor)
    {
        string expression = new Scope(_plan.Model, Method, axis => axis).Factor(factor, HostExtent);
        if (!_factors.Contains(expression))
            _factors.Add(expression);
        int index = _factors.IndexOf(expression);
        return Field("float", "factor" + (index == 0 ? "" : Names.Literal(index + 1)), expression, $"{Names.Xml(factor.Text)}.");
    }

    private readonly List<string> _factors = [];

    /// <summary>A rotation's table: a <c>RopeView</c>.</summary>
    protected string Rope(RotateOperation rotate) => Field(
        "RopeView", Casing.Camel(rotate.Rope.Property) + Casing.Pascal(rotate.Axis),
        $"session.Rope(model.{rotate.Rope.Property}, {HostSize(rotate.Axis)})", $"Cosines and sines of {rotate.Rope.Setting}.");

    /// <summary>A slot of the cache: a <c>CacheView</c>.</summary>
    protected string Cache(AppendOperation append, string layout)
    {
        IReadOnlyList<Slot> slots = Slot.Of(Method);
        bool isSecond = layout == Slot.Values && slots.Count(slot => slot.Append.Id == append.Id) > 1;
        int index = slots.ToList().FindIndex(slot => slot.Append.Id == append.Id && slot.Layout == layout);
        return Field(
            "CacheView", Scope.Value(append.Slot) + (isSecond ? "RowsSlot" : "Slot"),
            index == 0 ? "session.Slot(slot)" : $"session.Slot(slot + {Names.Literal(index)})", $"What is kept of {append.Slot}.");
    }

    /// <summary>The slots of an appended value, each to be written.</summary>
    protected List<string> Caches(AppendOperation append) =>
        [.. Slot.Of(Method).Where(slot => slot.Append.Id == append.Id).Select(slot => Cache(append, slot.Layout))];

    /// <summary>The heads' axes of an appended value, and the axis of a head's vector.</summary>
    protected static (EquatableArray<string> Heads, string Size) CacheAxes(AppendOperation append)
    {
        string[] features = [.. append.Input.Axes.Skip(2)];
        return (features.Take(features.Length - 1).ToEquatable(), features[features.Length - 1]);
    }

    /// <summary>The rows of the chunk: a <c>RowTable</c>.</summary>
    protected string Packed => Field("RowTable", "packed", "packed", "The sequence and position of each row.");

    /// <summary>Floats of device memory that the kernel needs beside the plan's buffers, as a host's expression; "0" for none.</summary>
    public virtual string ScratchFloats => "0";

    /// <summary>The buffer behind an operand.</summary>
    protected string BufferName(Operand operand)
    {
        Operand source = Method.Graph.Resolve(operand);
        return source.Kind == OperandKind.Input ? source.Name : Method.Buffers.First(buffer => buffer.Operation == source.Id).Name;
    }

    /// <summary>A product of sizes, for the notes: <c>g·r·k</c>.</summary>
    protected static string Dots(IEnumerable<string> axes) => KernelHead.Dots(axes);
}
