using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit;

/// <summary>What a kernel's head comment says beside its equations: loop order, arithmetic and traffic of a call, and why it is one kernel.</summary>
internal sealed record KernelNotes(string Loops, string Flops, string Bytes, string Why);

/// <summary>The comment over a kernel: the equations as the user wrote them, when their sizes are known, and the notes.</summary>
internal static class KernelHead
{
    public static void Write(CodeWriter writer, CheckedModel model, KernelSizes sizes, KernelPlan kernel, KernelNotes notes)
    {
        writer.Write("/// <summary>");
        for (int i = 0; i < kernel.Operations.Count; i++)
            writer.Write("/// " + Names.Xml(kernel.Operations[i].Text) + (i == kernel.Operations.Count - 1 ? "" : "<br/>"));
        writer.Write("/// </summary>\n/// <remarks>");
        writer.Write("/// Sizes: " + Binding(model, sizes, kernel) + "<br/>");
        writer.Write("/// Loops: " + Names.Xml(notes.Loops) + "<br/>");
        writer.Write("/// FLOPs: " + Names.Xml(notes.Flops) + ".<br/>");
        writer.Write("/// Bytes: " + Names.Xml(notes.Bytes) + ".<br/>");
        writer.Write("/// Grouped: " + Names.Xml(notes.Why));
        writer.Write("/// </remarks>");
    }

    /// <summary>A product of sizes, for the notes: <c>g·r·k</c>.</summary>
    public static string Dots(IEnumerable<string> axes) => axes.Any() ? string.Join("·", axes) : "1";

    /// <summary>The axes in play, by when their sizes are known.</summary>
    private static string Binding(CheckedModel model, KernelSizes sizes, KernelPlan kernel)
    {
        var axes = new List<string>();
        foreach (Operation operation in kernel.Operations)
        {
            IEnumerable<string> mentioned = operation.Reads.SelectMany(operand => operand.Axes).Concat(operation.Axes);
            foreach (string axis in mentioned.Where(axis => !axes.Contains(axis)))
                axes.Add(axis);
        }

        string Name(string axis) => sizes.Pinned.Any(pinned => pinned.Axis == axis) ? axis + " = " + sizes.Expression(axis) : axis;
        IEnumerable<string> Of(params AxisBinding[] bindings) => axes
            .Where(axis => bindings.Contains(model.Axes.FirstOrDefault(info => info.Name == axis)?.Binding ?? AxisBinding.Model))
            .Select(Name);
        (string Label, IEnumerable<string> Axes)[] groups =
        [
            ("of the model", Of(AxisBinding.Pinned, AxisBinding.Model)),
            ("of the call", Of(AxisBinding.Call)),
            ("of the cache", Of(AxisBinding.Seen)),
        ];
        IEnumerable<string> known = groups.Where(group => group.Axes.Any())
            .Select(group => $"{string.Join(", ", group.Axes)} {group.Label}");
        return string.Join("; ", known) + ".";
    }
}
