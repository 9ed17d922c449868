using Einsharp.Generator.Model;

namespace Einsharp.Generator.Emit;

/// <summary>
/// The members of a model whose declaration has an error, with bodies that throw: the program still binds, and the analyzer's message is the only
/// one that the user sees.
/// </summary>
internal static class ThrowingEmitter
{
    public static EquatableArray<SourceFile> Emit(ModelSpec spec)
    {
        if (!spec.IsPartial || spec.Unsupported is not null)
            return [];
        string body = $"=> throw new InvalidOperationException({Names.Literal($"The declaration of {spec.FullName} has errors; see the diagnostics EIN….")});";
        return [ModelEmitter.File(spec, "Errors", writer =>
        {
            writer.Write($"/// <summary>The sizes of a <see cref=\"{spec.Name}\"/>.</summary>\n{spec.Accessibility} sealed record {spec.Name}Sizes;\n");
            writer.Write($"/// <summary>The settings of a <see cref=\"{spec.Name}\"/>.</summary>\n{spec.Accessibility} sealed record {spec.Name}Settings;\n");
            using (writer.Open($"partial class {spec.Name}"))
            {
                foreach (ParamSpec param in spec.Params.Where(param => param.IsPartial))
                    writer.Write($"{param.Accessibility} partial {Names.Global(param.Type)} {param.Name} {body}");
                foreach (LayersSpec layers in spec.Layers.Where(layers => layers.IsPartial))
                    writer.Write($"{layers.Accessibility} partial {Names.Global(layers.Type)} {layers.Name} {body}");
                foreach (SettingSpec setting in spec.Settings.Where(setting => setting.IsPartial))
                    writer.Write($"{setting.Accessibility} partial {Names.Global(setting.Type)} {setting.Name} {body}");
                foreach (MethodSpec method in spec.Methods.Where(method => method.IsPartial))
                {
                    string parameters = string.Join(", ", method.Parameters.Select(parameter => $"{Names.Global(parameter.Type)} {Names.Identifier(parameter.Name)}"));
                    writer.Write($"{method.Accessibility}{(method.IsStatic ? " static" : "")} partial {Names.Global(method.ReturnType)} {method.Name}({parameters})", body);
                }
            }
        })];
    }
}
