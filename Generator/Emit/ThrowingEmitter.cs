using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit;

/// <summary>
/// What a model with an error gets: every member that its users and its parents name, with bodies that throw. The program still binds, and
/// the analyzer's message is the only one that its author sees.
/// </summary>
internal static class ThrowingEmitter
{
    public static EquatableArray<SourceFile> Emit(ModelSpec spec, EquatableArray<ModelSignature> submodels, bool gpu)
    {
        if (!spec.IsPartial || spec.Unsupported is not null)
            return [];
        ModelSignature signature = ModelChecker.Inherit(ModelChecker.Sign(spec), submodels);
        List<ModelSignature> family = [signature, .. submodels];
        return [ModelEmitter.File(spec, "Errors", writer =>
        {
            bool hasSettings = family.Any(member => member.Settings.Count > 0), ties = family.Any(member => member.Ties);
            EmitRecord(writer, spec, "Sizes", family.SelectMany(member => member.Sizes)
                .Select(size => ("int", Names.Identifier(size.Axis))));
            if (hasSettings)
            {
                EmitRecord(writer, spec, "Settings", family.SelectMany(member => member.Settings)
                    .Select(setting => (Names.Global(setting.Type), Casing.Pascal(setting.Setting))));
            }

            using (writer.Open($"partial class {spec.Name}"))
            {
                string message = Names.Literal($"The declaration of {spec.FullName} has errors: see its diagnostics.");
                string body = $"=> throw new InvalidOperationException({message});";
                EmitDeclared(writer, spec, body);
                EmitLibrary(writer, spec, signature, family, hasSettings, ties, body);
                if (gpu)
                    Ilgpu.GpuModelEmitter.EmitShell(writer, signature, family, body);
            }
        }, gpu)];
    }

    private static void EmitRecord(CodeWriter writer, ModelSpec spec, string kind, IEnumerable<(string Type, string Name)> properties)
    {
        writer.Write($"/// <summary>{kind} of a <see cref=\"{spec.Name}\"/>.</summary>");
        using (writer.Open($"{spec.Accessibility} sealed record {spec.Name}{kind}"))
        {
            IEnumerable<(string Type, string Name)> distinct = properties.GroupBy(property => property.Name, StringComparer.Ordinal)
                .Select(group => group.First());
            foreach ((string type, string name) in distinct)
                writer.Write($"/// <summary>{name}.</summary>\npublic required {type} {name} {{ get; init; }}");
        }

        writer.Gap();
    }

    private static void EmitDeclared(CodeWriter writer, ModelSpec spec, string body)
    {
        foreach (ParamSpec param in spec.Params.Where(param => param.IsPartial))
            writer.Write($"{param.Accessibility} partial {Names.Global(param.Type)} {param.Name} {body}");
        foreach (LayersSpec layers in spec.Layers.Where(layers => layers.IsPartial))
            writer.Write($"{layers.Accessibility} partial {Names.Global(layers.Type)} {layers.Name} {body}");
        foreach (SettingSpec setting in spec.Settings.Where(setting => setting.IsPartial))
            writer.Write($"{setting.Accessibility} partial {Names.Global(setting.Type)} {setting.Name} {body}");
        foreach (MethodSpec method in spec.Methods.Where(method => method.IsPartial))
        {
            string modifiers = method.Accessibility + (method.IsStatic ? " static" : "");
            string parameters = string.Join(", ", method.Parameters.Select(parameter =>
                $"{Names.Global(parameter.Type)} {Names.Identifier(parameter.Name)}"));
            writer.Write($"{modifiers} partial {Names.Global(method.ReturnType)} {method.Name}({parameters})", body);
        }
    }

    /// <summary>What is generated beside the declared members, as a user's code or a parent calls it.</summary>
    private static void EmitLibrary(
        CodeWriter writer, ModelSpec spec, ModelSignature signature, List<ModelSignature> family, bool hasSettings, bool ties, string body)
    {
        string name = spec.Name, rows = signature.IsSequence ? "PackedRows packed" : "int rowCount";
        string counts = signature.SplitsRows ? "long rows, long sequences, long positions" : "long rows";
        if (signature.ReadsCallSizes)
        {
            // As many sizes as the input has axes of the call: those that no size of the family is called.
            IEnumerable<string> sizes = signature.Input!.Value.Except(family.SelectMany(member => member.Sizes).Select(size => size.Axis))
                .Select((_, i) => "size" + Names.Literal(i));
            rows = string.Join(", ", (signature.IsSequence ? ["PackedRows packed"] : Array.Empty<string>()).Concat(sizes.Select(size => "int " + size)));
            counts = string.Join(", ", (signature.IsSequence ? ["rows"] : Array.Empty<string>()).Concat(sizes).Select(size => "long " + size));
        }

        string cache = signature.TakesCache ? "KvCache cache, int slot, " : "";
        string step = $"{rows}, Worker worker, ReadOnlySpan<float> input, Span<float> result, {cache}Span<float> workspace";
        string tied = ties ? ", bool tied = false" : "";
        string settings = hasSettings ? $", {name}Settings settings" : "";
        writer.Gap();
        if (hasSettings)
            writer.Write($"/// <summary>Throws: the declaration has errors.</summary>\npublic {name}Settings Settings {body}");
        writer.Write($"""
            /// <summary>Throws: the declaration has errors.</summary>
            public {name}({name}Sizes sizes{settings}, global::Einsharp.Device? device = null) {body}
            internal {name}({name}Sizes sizes{settings}, global::Einsharp.Device? device, string prefix) {body}
            /// <summary>Throws: the declaration has errors.</summary>
            public {name}Sizes Sizes {body}
            /// <summary>Throws: the declaration has errors.</summary>
            public global::Einsharp.Device Device {body}
            /// <summary>Throws: the declaration has errors.</summary>
            public IReadOnlyList<Param> Parameters {body}
            /// <summary>Throws: the declaration has errors.</summary>
            public void Initialise(ulong seed, WeightFormat format = WeightFormat.F32{tied}) {body}
            internal int ForwardWorkspace({counts}) {body}
            internal void ForwardStep({step}) {body}
            """);
        if (signature.AddsPositions)
            writer.Write($"internal void ForwardCheckPositions(int positions) {body}");
        if (spec.Methods.Any(method => method.Parameters.Any(parameter => parameter.Type == TypeNames.Cache)))
        {
            writer.Write($"""
                /// <summary>Throws: the declaration has errors.</summary>
                public KvCache CreateCache(int batch, int capacity) {body}
                /// <summary>Throws: the declaration has errors.</summary>
                public KvCache CreateCache(int batch, int capacity, CacheFormat format) {body}
                internal int CacheSlots {body}
                internal void AddCacheSlots(List<SlotGeometry> slots) {body}
                internal void Prepare(int capacity) {body}
                """);
        }
    }
}
