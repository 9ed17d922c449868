using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Emit;

/// <summary>What the comment over a step of an einsum says: its class, its cost and its place in the path.</summary>
internal static class ContractHead
{
    public static string Loops(ContractPlan contract, string how) =>
        $"{how}: {contract.Made.PlainName} = {string.Join(" · ", contract.Reads.Select(value => value.PlainName))}"
        + (contract.Step.K.Count == 0 ? "." : $", summed over {string.Join(" ", contract.Step.K.Select(axis => Axis(contract, axis)))}.");

    public static string Flops(ContractPlan contract) => contract.Step.Flops is { Factor: > 0 } flops
        ? (flops with { Axes = flops.Axes.Select(axis => Axis(contract, axis)).ToEquatable() }).ToString()
        : "none";

    public static string Bytes(ContractPlan contract) =>
        string.Join(" + ", contract.Reads.Select(value => Size(contract, value) is var size && value.IsParam ? size + " weights" : "4·" + size))
        + $", read; 4·{Size(contract, contract.Made)}, written";

    public static string Why(ContractPlan contract)
    {
        int steps = contract.Path.Steps.Count;
        if (steps == 1)
            return "an einsum that is neither a sweep over weights nor attention.";
        int number = contract.Path.Steps.ToList().IndexOf(contract.Step) + 1;
        string order = contract.Path.IsOptimal ? "no other order has fewer FLOPs" : "the order is greedy";
        return FormattableString.Invariant($"step {number} of {steps} of the einsum; {order}, sizes unknown here counting as ")
            + FormattableString.Invariant($"{ContractionPlanner.UnknownSize}{Rows(contract)}.");
    }

    private static string Rows(ContractPlan contract) => contract.Reads.Append(contract.Made).Any(value => value.HasRows)
        ? FormattableString.Invariant($", {string.Join("·", contract.Rows)} as {ContractPlan.ChunkRows}")
        : "";

    private static string Size(ContractPlan contract, ContractValue value) =>
        KernelHead.Dots(value.Axes.Select(axis => Axis(contract, axis)));

    private static string Axis(ContractPlan contract, string axis) =>
        axis == ContractPlan.RowAxis ? string.Join("·", contract.Rows) : axis;
}
