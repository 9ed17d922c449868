using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit;

/// <summary>The forward methods as the user calls them: checks, the way into the kernels, the workspace, and the cache.</summary>
internal static class ForwardEmitter
{
    public static void Emit(CodeWriter writer, ModelPlan plan, bool gpu)
    {
        using (writer.Open($"partial class {plan.Model.Spec.Name}"))
        {
            foreach (MethodPlan method in plan.Methods)
            {
                new MethodEmitter(writer, plan, method, gpu).Emit();
                writer.Gap();
            }

            if (plan.Methods.FirstOrDefault(method => method.Graph.Cache is not null) is { } cached)
                EmitCache(writer, cached, gpu);
        }
    }

    private static void EmitCache(CodeWriter writer, MethodPlan method, bool gpu)
    {
        List<RunPlan> layers = [.. method.Kernels.OfType<RunPlan>().Where(run => run.TakesCache)];
        writer.Write("/// <summary>Makes the cache of one caller, in f32, and the workspace that goes with it. "
            + "Callers with a cache each may run at the same time.</summary>");
        writer.Write("""
            /// <param name="batch">How many sequences.</param>
            /// <param name="capacity">The most positions of a sequence.</param>
            public KvCache CreateCache(int batch, int capacity) => CreateCache(batch, capacity, CacheFormat.F32);
            """);
        writer.Gap();
        writer.Write("/// <summary>Makes the cache of one caller, and the workspace that goes with it. "
            + "Callers with a cache each may run at the same time.</summary>");
        writer.Write("""
            /// <param name="batch">How many sequences.</param>
            /// <param name="capacity">The most positions of a sequence.</param>
            /// <param name="format">How the cache keeps its elements.</param>
            /// <exception cref="NotSupportedException">The device keeps no such cache.</exception>
            """);
        using (writer.Open("public KvCache CreateCache(int batch, int capacity, CacheFormat format)"))
        {
            writer.Write("var slots = new List<SlotGeometry>();\nAddCacheSlots(slots);\nPrepare(capacity);");
            string chunk = method.Chunked ? ", CpuSession.ChunkRows" : "";
            writer.Write($"var cache = new KvCache(batch, capacity, slots.ToArray(), Device, format{chunk});");
            string session = $"new {SessionEmitter.TypeName(method, false)}(this, cache)";
            if (!gpu)
            {
                writer.Write($"cache.Session = {session};\nreturn cache;");
            }
            else
            {
                using (writer.Open("try"))
                {
                    writer.Write($"cache.Session = Device is CpuDevice ? {session} : new {SessionEmitter.TypeName(method, true)}(this, cache);");
                    writer.Write("return cache;");
                }

                using (writer.Open("catch"))
                    writer.Write("cache.Dispose();\nthrow;");
            }
        }

        writer.Gap();
        writer.Write("/// <summary>How many slots of a cache this model uses, its layers' included.</summary>");
        int own = Slot.Of(method).Count;
        IEnumerable<string> counts = layers.Select(run =>
            $"({run.Layers}.Count == 0 ? 0 : {run.Layers}.Count * {run.Layers}[0].CacheSlots)");
        string count = string.Join(" + ", own > 0 || layers.Count == 0 ? counts.Prepend(Names.Literal(own)) : counts);
        writer.Write($"internal int CacheSlots => {count};");
        writer.Gap();
        writer.Write("/// <summary>What this model keeps of each position, in the order of its slots.</summary>");
        using (writer.Open("internal void AddCacheSlots(List<SlotGeometry> slots)"))
        {
            foreach (Slot slot in Slot.Of(method))
            {
                string name = Names.Literal(slot.Append.Slot), size = "Sizes." + Names.Identifier(slot.Size);
                string heads = slot.Heads.Count == 0
                    ? "1"
                    : string.Join(" * ", slot.Heads.Select(axis => "Sizes." + Names.Identifier(axis)));
                string window = slot.Window(method) is { } reach ? $", Window: {reach}" : "";
                writer.Write($"slots.Add(new SlotGeometry({name}, Heads: {heads}, Size: {size}, SlotLayout.{slot.Layout}{window}));");
            }

            foreach (RunPlan run in layers)
                writer.Write($"foreach (global::{run.Model} layer in {run.Layers})", "layer.AddCacheSlots(slots);");
        }

        writer.Gap();
        writer.Write("/// <summary>Makes what depends on the number of positions: the tables of rotations.</summary>");
        using (writer.Open("internal void Prepare(int capacity)"))
        {
            IEnumerable<string> tables = method.Graph.Operations.OfType<RotateOperation>()
                .Select(rotate => $"{rotate.Rope.Property}.Table(Sizes.{Names.Identifier(rotate.Axis)}, capacity);").Distinct();
            foreach (string table in tables)
                writer.Write(table);
            foreach (RunPlan run in layers)
                writer.Write($"foreach (global::{run.Model} layer in {run.Layers})", "layer.Prepare(capacity);");
        }
    }
}

/// <summary>One forward method.</summary>
internal sealed class MethodEmitter
{
    private readonly CodeWriter _writer;
    private readonly ModelPlan _plan;
    private readonly MethodPlan _method;
    private readonly MethodSpec _spec;
    private readonly Scope _scope;
    private readonly EquatableArray<CallAxis> _callAxes;
    private readonly List<StepParameter> _step;
    private readonly bool _gpu;

    public MethodEmitter(CodeWriter writer, ModelPlan plan, MethodPlan method, bool gpu)
    {
        _gpu = gpu;
        (_writer, _plan, _method, _spec) = (writer, plan, method, method.Graph.Method);
        _scope = new Scope(plan.Model, method, axis => "Sizes." + Names.Identifier(axis));
        _callAxes = CallAxis.Of(plan.Model, _spec);
        _step = Steps.Parameters(plan.Model, method, _scope);
    }

    public void Emit()
    {
        EmitForward();
        _writer.Gap();
        SessionEmitter.Emit(_writer, _plan, _method, _step, _callAxes, gpu: false);
        _writer.Gap();
        if (_gpu)
        {
            SessionEmitter.Emit(_writer, _plan, _method, _step, _callAxes, gpu: true);
            _writer.Gap();
        }

        EmitStep();
        _writer.Gap();
        EmitWorkspace();
        if (Steps.AddsPositions(_plan.Model, _method))
        {
            _writer.Gap();
            EmitCheckPositions();
        }
    }

    private void EmitCheckPositions()
    {
        _writer.Write("/// <summary>Checks that the tables of positions have those of a call, the layers' tables included.</summary>");
        using (_writer.Open($"internal void {_spec.Name}CheckPositions(int positions)"))
        {
            foreach (Operand table in _method.Graph.Operations.OfType<AddPositionsOperation>().Select(add => add.Table).Distinct())
            {
                string axis = table.Axes[0];
                _writer.Write($"CallShape.Positions({Names.Literal(table.Name)}, {Names.Literal(axis)}, {Size(axis)}, positions);");
            }

            foreach (RunPlan run in _method.Kernels.OfType<RunPlan>().Where(run => Steps.AddsPositions(_plan.Model, run)))
                _writer.Write($"foreach (global::{run.Model} layer in {run.Layers})", "layer.ForwardCheckPositions(positions);");
        }
    }

    private void EmitForward()
    {
        string parameters = string.Join(", ", _spec.Parameters.Select(parameter =>
            $"{Names.Global(parameter.Type)} {Names.Identifier(parameter.Name)}"));
        using (_writer.Open($"{_spec.Accessibility} partial {Names.Global(_spec.ReturnType)} {_spec.Name}({parameters})"))
        {
            EmitChecks();
            string arguments = string.Join(", ", CallAxis.Tensors(_spec).Select(item => Names.Identifier(item.Parameter.Name))
                .Concat(_callAxes.Select(axis => SizeOf(axis.Name))));
            string session = Own("session"), used = Own("usedCache");
            if (_method.Graph.Cache is null)
            {
                if (_gpu)
                {
                    string own = Own("gpuSession");
                    using (_writer.Open("if (Device is not CpuDevice)"))
                        _writer.Write($"using var {own} = new {SessionEmitter.TypeName(_method, true)}(this);\nreturn {own}.Call({arguments});");
                    _writer.Gap();
                }

                _writer.Write($"using var {session} = new {_spec.Name}Call(this);\nreturn {session}.Call({arguments});");
                return;
            }

            string cache = Names.Identifier(_method.Graph.Cache);
            string batch = SizeOf(_method.Sequence!.Value[0]), positions = SizeOf(_method.Sequence!.Value[1]);
            string cpuCall = SessionEmitter.TypeName(_method, false), gpuCall = SessionEmitter.TypeName(_method, true);
            string model = $"({cache}.Session as {cpuCall})?.Model";
            if (_gpu)
                model = $"({model} ?? ({cache}.Session as {gpuCall})?.Model)";
            _writer.Write($"if ({cache} is not null && {model} != this)",
                $"throw new ArgumentException(\"The cache was not made by this model's CreateCache.\", nameof({cache}));");
            IEnumerable<string> shape = _method.Graph.Result.Axes.Select(axis => Steps.Size(_method, axis, SizeOf, Size));
            _writer.Write($"if ({cache} is null && {batch} == 0)", $"return new Tensor({string.Join(", ", shape)});");
            _writer.Gap();
            _writer.Write("// Without a cache, all there is to see are the new positions: a cache that lasts for the call.");
            _writer.Write($"KvCache {used} = {cache} ?? CreateCache({batch}, Math.Max(1, {positions}));");
            using (_writer.Open("try"))
            {
                if (_gpu)
                    _writer.Write($"if ({used}.Session is {gpuCall} {session})", $"return {session}.Call({arguments});");
                _writer.Write($"return (({cpuCall}){used}.Session!).Call({arguments});");
            }

            using (_writer.Open("finally"))
                _writer.Write($"if ({cache} is null)", $"{used}.Dispose();");
        }
    }

    /// <summary>A local of the method that the user declared, whose parameters keep their names.</summary>
    private string Own(string name) => _spec.Parameters.Any(parameter => parameter.Name == name) ? Own(name + "_") : name;

    private string SizeOf(string axis) => Own(axis + "Size");

    private void EmitChecks()
    {
        foreach ((MethodParameterSpec parameter, string[] axes) in CallAxis.Tensors(_spec))
        {
            string name = Names.Identifier(parameter.Name), text = Names.Literal(Names.Join(axes));
            _writer.Write($"ArgumentNullException.ThrowIfNull({name});");
            _writer.Write($"CallShape.Rank({Names.Literal(parameter.Name)}, {text}, {name}.Shape, {Names.Literal(axes.Length)});");
            for (int i = 0; i < axes.Length; i++)
            {
                // How many positions a cache has seen is known when the call has begun, which checks it.
                if (IsSeen(axes[i]))
                    continue;
                CallAxis? call = _callAxes.FirstOrDefault(axis => axis.Name == Original(axes[i]));
                if (call is not null && call.Parameter == parameter.Name && call.Index == i)
                {
                    _writer.Write($"int {SizeOf(axes[i])} = {name}.Shape[{Names.Literal(i)}];");
                    continue;
                }

                (string size, string from) = call is null
                    ? ("Sizes." + Names.Identifier(axes[i]), "the model's sizes")
                    : (SizeOf(call.Name), call.Name == axes[i] ? $"'{call.Parameter}'" : $"'{call.Parameter}', whose axis '{call.Name}' it is");
                string place = $"{name}.Shape, {Names.Literal(i)}, {Names.Literal(axes[i])}";
                _writer.Write($"CallShape.Axis({Names.Literal(parameter.Name)}, {text}, {place}, {size}, {Names.Literal(from)});");
            }
        }
    }

    private bool IsSeen(string axis) => _plan.Model.Axes.Any(info => info.Name == axis && info.Binding == AxisBinding.Seen);

    private void EmitStep()
    {
        string arguments = string.Join(", ", _step.Select(parameter => parameter.Name));
        _writer.Write("/// <summary>The kernels of one chunk, run by every worker of the team at once. "
            + "A barrier is due before the result is read.</summary>");
        using (_writer.OpenMethod($"internal void {_spec.Name}Step", _step.Select(parameter => parameter.ToString())))
        {
            foreach (string check in GroupChecks(_method, Size))
                _writer.Write(check);
            foreach (KernelSizes set in KernelSizes.Of(_plan.Model).Where(set => set.SetName is not null))
            {
                using (_writer.Open($"if (Sizes.Are{set.Property})"))
                    _writer.Write($"{set.ClassName}.{_spec.Name}(this, {arguments});\nreturn;");
                _writer.Gap();
            }

            _writer.Write($"Kernels.{_spec.Name}(this, {arguments});");
        }
    }

    /// <summary>The statements of a step that compare groups of axes with sizes of the call, which fit or do not.</summary>
    public static IEnumerable<string> GroupChecks(MethodPlan method, Func<string, string> size) =>
        method.Graph.Operations.OfType<RearrangeOperation>().SelectMany(rearrange => rearrange.Groups)
            .Where(group => group.Unknown != group.Whole
                && group.Parts.Append(group.Whole).Any(axis => method.CallAxes.Contains(method.Graph.Original(axis))))
            .Distinct().Select(group => GroupCheck(group, axis => Steps.Size(method, axis, Scope.Local, size)));

    /// <summary>The statement that compares a group of axes with the axis that it is.</summary>
    public static string GroupCheck(AxisGroup group, Func<string, string> size)
    {
        IEnumerable<string> known = group.Parts.Where(part => part != group.Unknown).Select(size);
        string product = known.Any() ? "(long)" + string.Join(" * ", known) : "1";
        string all = $"{Names.Literal(group.Whole)}, {size(group.Whole)}, {Names.Literal(Names.Join(group.Parts))}, {product}";
        return group.Unknown is null ? $"CallShape.Group({all});" : $"CallShape.Split({all}, {Names.Literal(group.Unknown)});";
    }

    /// <summary>The workspace as an expression of the numbers of rows: a parent adds it to its own.</summary>
    private void EmitWorkspace()
    {
        List<EquatableArray<string>> spaces = Steps.RowSpaces(_method);
        _writer.Write("/// <summary>Floats of workspace for so many rows. "
            + "Fills in where each slot begins, and last where the slots end.</summary>");
        _writer.Write("/// <remarks>\n/// Buffers that are never alive together share a slot.");
        for (int slot = 0; slot < _method.WorkspaceSlots; slot++)
        {
            IEnumerable<string> buffers = BuffersOf(slot)
                .Select(buffer => $"{buffer.Name} ({Names.Join(buffer.Rows.Concat(buffer.Features).Concat(Blocked(buffer)))})");
            _writer.Write($"/// Slot {Names.Literal(slot)}: {string.Join(", ", buffers)}.");
        }

        _writer.Write("/// </remarks>");
        List<(string Name, string Argument)> counted = Steps.WorkspaceParameters(_plan.Model, _method);
        string counts = string.Concat(counted.Select(count => $"long {count.Name}, "));
        using (_writer.Open($"internal int {_spec.Name}Workspace({counts}Span<int> slots)"))
        {
            if (_method.ReadsCallSizes)
            {
                foreach (EquatableArray<string> space in spaces.Where(space => space.Count > 0))
                    _writer.Write(Steps.RowDeclaration(_method, space, Size, "packedRows").Replace("int ", "long "));
            }

            _writer.Write("int floats = 0;");
            for (int slot = 0; slot < _method.WorkspaceSlots; slot++)
            {
                IEnumerable<string> sizes = BuffersOf(slot).Select(buffer => Steps.Length(buffer, Size)).Distinct();
                _writer.Write($"slots[{Names.Literal(slot)}] = floats;");
                string largest = sizes.Aggregate((left, right) => $"Math.Max({left}, {right})");
                _writer.Write($"floats = checked(floats + ForwardSession.Padded({largest}));");
            }

            _writer.Write($"slots[{Names.Literal(_method.WorkspaceSlots)}] = floats;");
            foreach (RunPlan run in _method.Kernels.OfType<RunPlan>())
            {
                string layer = $"{run.Layers}[0].ForwardWorkspace({Steps.LayerRowCounts(run, _plan.Model, axis => Steps.Size(_method, axis, Scope.Local, Size))})";
                _writer.Write($"floats = checked(floats + ({run.Layers}.Count == 0 ? 0 : {layer}));");
            }

            _writer.Write("return floats;");
        }

        _writer.Gap();
        string rows = string.Join(", ", counted.Select(count => "long " + count.Name));
        string arguments = string.Concat(counted.Select(count => count.Name + ", "));
        _writer.Write("/// <summary>Floats of workspace for so many rows.</summary>");
        _writer.Write($"internal int {_spec.Name}Workspace({rows}) =>",
            $"{_spec.Name}Workspace({arguments}stackalloc int[{Names.Literal(_method.WorkspaceSlots + 1)}]);");
    }

    private static IEnumerable<string> Blocked(BufferPlan buffer) => buffer.Blocked is null ? [] : [buffer.Blocked];

    private string Size(string axis) => "Sizes." + Names.Identifier(Original(axis));

    private string Original(string axis) => _method.Graph.Original(axis);

    private IEnumerable<BufferPlan> BuffersOf(int slot) =>
        _method.Buffers.Where(buffer => buffer.Role == BufferRole.Workspace && buffer.Slot == slot);
}
