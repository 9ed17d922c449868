using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>The checked einsum, or why there is none: it is null exactly when an error was found.</summary>
internal sealed record EinsumCheck(CheckedEinsum? Einsum, EquatableArray<Finding> Findings);

/// <summary>Checks einsums that stand alone: what their parameters are, and that equation and operands belong together.</summary>
internal static class EinsumChecker
{
    private const string OperandTypes =
        "an operand is a Tensor, a Tensor<double>, or a ReadOnlyTensorSpan of float or double, and one Device may be among the parameters";

    /// <summary>Checks a method.</summary>
    public static EinsumCheck Check(EinsumMethodSpec method)
    {
        var findings = new FindingList();
        if (method.Parameters.Any(static parameter => parameter.Type.Kind == EinsumTypeKind.Unknown)
            || method.Result.Kind == EinsumTypeKind.Unknown || !StandsAlone(method, findings))
            return new EinsumCheck(null, findings.ToEquatable());
        CheckShape(method, findings);
        EinsumParameterSpec? destination = Destination(method);
        string? element = null, device = null;
        var operands = new List<EinsumParameterSpec>();
        foreach (EinsumParameterSpec parameter in method.Parameters)
        {
            if (parameter.Type.Kind == EinsumTypeKind.Device)
            {
                if (device is not null)
                    Refuse(method, parameter, "'" + device + "' is the device already", findings);
                device ??= parameter.Name;
            }
            else if (!parameter.Type.IsOperand || parameter.Type.Element is not ("float" or "double"))
            {
                Refuse(method, parameter, OperandTypes, findings);
            }
            else
            {
                element ??= parameter.Type.Element;
                if (parameter.Type.Element != element)
                    Refuse(
                        method, parameter, "'" + method.Parameters.First(static first => first.Type.IsOperand).Name + "' is of " + element
                        + ", and an einsum computes in one type", findings);
                if (parameter != destination)
                    operands.Add(parameter);
            }
        }

        element ??= "float";
        CheckResult(method, destination, element, findings);
        if (findings.Count > 0)
            return new EinsumCheck(null, findings.ToEquatable());

        ArgumentSpec argument = method.Einsum.Positional(0)!;
        EinsumTerms? terms = new EinsumEquationChecker(
            argument.Value, (start, length) => method.Einsum.At(argument.Index, start, length), findings)
            .Check("'" + method.Name + "'", operands.Count, _ => method.Einsum.At(argument.Index));
        if (terms is null)
            return new EinsumCheck(null, findings.ToEquatable());
        EinsumTerm result = destination is null
            ? new EinsumTerm("result", method.Result, terms.Output)
            : new EinsumTerm(destination.Name, destination.Type, terms.Output);
        var pinned = method.Pinned.Where(axis => axis.Size > 0 && terms.Inputs.Any(term => term.Contains(axis.Name)))
            .Select(static axis => new PinnedAxis(axis.Name, axis.Size)).ToEquatable();
        return new EinsumCheck(
            new CheckedEinsum(
                argument.Value, element,
                operands.Select((operand, i) => new EinsumTerm(operand.Name, operand.Type, terms.Inputs[i])).ToEquatable(), result,
                destination is null, device, pinned),
            findings.ToEquatable());
    }

    /// <summary>Checks a call. A site's argument is 0 for the equation and i + 1 for operand i.</summary>
    public static EinsumCheck Check(EinsumCallSpec call, string equationText)
    {
        var findings = new FindingList();
        if (call.Equation is not { } equation)
        {
            findings.Add(DiagnosticCatalogue.DynamicEquation, CallSite(0), equationText);
            return new EinsumCheck(null, findings.ToEquatable());
        }

        EinsumTerms? terms = new EinsumEquationChecker(equation, (start, length) => CallSite(0, start, length), findings)
            .Check("This call", call.Operands?.Count, static i => CallSite(i + 1));
        if (terms is null)
            return new EinsumCheck(null, findings.ToEquatable());
        var type = new EinsumTypeSpec(
            call.Element == "float" ? "global::Einsharp.Tensor" : "global::Einsharp.Tensor<double>", EinsumTypeKind.Tensor, call.Element);
        IEnumerable<EinsumTerm> operands = terms.Inputs.Select((axes, i) => new EinsumTerm(
            call.Operands?[i] ?? FormattableString.Invariant($"operand{i + 1}"), type, axes));
        return new EinsumCheck(
            new CheckedEinsum(
                equation, call.Element, operands.ToEquatable(), new EinsumTerm("result", type, terms.Output), true,
                call.HasDevice ? "device" : null, []),
            findings.ToEquatable());
    }

    private static Site CallSite(int argument, int start = 0, int length = -1) => new("", 0, argument, start, length);

    private static bool StandsAlone(EinsumMethodSpec method, FindingList findings)
    {
        string type = method.Containers[method.Containers.Count - 1].Name;
        AttributeSpec? other = method.Einsum.Kind != "Einsum" ? method.Einsum : method.Others.Count > 0 ? method.Others[0] : null;
        if (other is not null)
            findings.Add(
                DiagnosticCatalogue.NoModel, other.At(), "'" + AttributeName(other) + "' is part of a model's equation", type);
        else if (method.Einsum.Positional(1) is { } operand)
            findings.Add(
                DiagnosticCatalogue.NoModel, method.Einsum.At(operand.Index),
                "'" + operand.Value + "' names an operand of a model's equation", type);
        return findings.Count == 0;
    }

    private static string AttributeName(AttributeSpec attribute) => attribute.Kind.TrimStart('!');

    private static void CheckShape(EinsumMethodSpec method, FindingList findings)
    {
        if (method.Unsupported is { } unsupported)
        {
            findings.Add(
                DiagnosticCatalogue.EinsumShape, new Site(method.Name), method.Name, unsupported,
                "declare it as a partial method without a body or type parameters");
        }

        foreach (EinsumContainerSpec container in method.Containers)
        {
            if (container.Unsupported is { } reason)
                findings.Add(
                    DiagnosticCatalogue.EinsumShape, new Site(method.Name), container.Name, reason,
                    "declare '" + container.Head + "', as every type around '" + method.Name + "'");
        }
    }

    private static EinsumParameterSpec? Destination(EinsumMethodSpec method) =>
        method.Result.Kind == EinsumTypeKind.Void ? method.Parameters.LastOrDefault(static parameter => parameter.Type.IsOperand) : null;

    private static void CheckResult(EinsumMethodSpec method, EinsumParameterSpec? destination, string element, FindingList findings)
    {
        string tensor = element == "float" ? "Tensor" : "Tensor<" + element + ">", span = "TensorSpan<" + element + ">";
        string? found = null;
        if (method.Result.Kind == EinsumTypeKind.Void)
        {
            if (destination is null)
                found = "nothing, and has no parameter to write to";
            else if (destination.Type.Kind == EinsumTypeKind.ReadOnlySpan)
                found = "nothing, and '" + destination.Name + "', its last operand, cannot be written to";
        }
        else if (method.Result.Kind != EinsumTypeKind.Tensor || method.Result.Element != element)
        {
            found = "'" + Plain(method.Result.Text) + "'";
        }

        if (found is not null)
            findings.Add(
                DiagnosticCatalogue.EinsumResult, new Site(method.Name), method.Name, found,
                "return a '" + tensor + "', or return nothing and take a '" + span + "' as the last operand, to write to");
    }

    private static void Refuse(EinsumMethodSpec method, EinsumParameterSpec parameter, string why, FindingList findings) =>
        findings.Add(
            DiagnosticCatalogue.EinsumParameter, new Site(method.Name + "(" + parameter.Name + ")"), parameter.Name,
            parameter.Modifiers + Plain(parameter.Type.Text), why);

    private static string Plain(string type) =>
        type.Replace("global::", "").Replace("Einsharp.", "").Replace("System.Numerics.Tensors.", "");
}
