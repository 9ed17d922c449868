using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>Attention over the cache: a unit is a block of consecutive rows of one sequence and one group of heads.</summary>
internal sealed class AttentionEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, AttentionPlan attention)
    : KernelEmitter(plan, method, sizes, attention)
{
    protected override string Loops =>
        $"blocks of rows × {Dots(attention.Groups)} (dealt out to the workers), steps of {attention.Seen}, "
        + $"queries of the block in register tiles, {attention.Size} and {attention.ValueSize} innermost.";

    protected override string Flops
    {
        get
        {
            string heads = Dots(attention.Groups.Concat(attention.PerGroup));
            string half = attention.Causal ? " (half of that where every position is new)" : "";
            return $"2·{Dots(attention.Rows)}·{attention.Seen}·{heads}·({attention.Size} + {attention.ValueSize}){half}";
        }
    }

    protected override string Bytes =>
        $"4·{attention.Rows[0]}·{attention.Seen}·{Dots(attention.Groups)}·({attention.Size} + {attention.ValueSize}) "
        + "of the cache for each block of rows";

    protected override string Why =>
        $"a running maximum and sum replace the {Names.Join(attention.Operations[0].Axes)} tensor of scores, which never exists; "
        + "the queries of a group share its keys and values.";

    protected override void EmitBody()
    {
        string groups = Scope.Product(attention.Groups), perGroup = Scope.Product(attention.PerGroup);
        string size = Scope.Axis(attention.Size), valueSize = Scope.Axis(attention.ValueSize);
        string keys = CacheSlot(attention.Keys, Slot.Keys), values = CacheSlot(attention.Values, Slot.Values);
        string packed = Packed;
        Parameter("Worker", "worker");
        string queries = Read(attention.Queries), output = Write(attention.Output);
        string factor = attention.Scales.Count == 0 ? "1f" : string.Join(" * ", attention.Scales.Select(Scope.Factor));
        Body.Write($"float factor = {factor};");
        if (groups != "1")
            Body.Write($"int groups = {Scope.Length(attention.Groups)};");
        string groupCount = groups == "1" ? "1" : "groups";
        Body.Gap();
        using (Body.Open($"while (worker.Next({packed}.Blocks{(groups == "1" ? "" : " * groups")}, out int unit))"))
        {
            Body.Write(groups == "1"
                ? "int group = 0;\nRowBlock block = packed.Block(unit);"
                : "int group = unit % groups;\nRowBlock block = packed.Block(unit / groups);");
            Body.Write(perGroup == "1" ? "int queries = block.Count;" : $"int queries = block.Count * {perGroup};");
            Body.Write($"var softmax = new OnlineSoftmax(worker, queries, {size}, {valueSize});");
            string row = perGroup == "1" ? "block.FirstRow + query" : $"block.FirstRow + query / {perGroup}";
            string head = perGroup == "1" ? "group" : $"group * {perGroup} + query % {perGroup}";
            string heads = groupCount == "1" ? perGroup : perGroup == "1" ? groupCount : $"{groupCount} * {perGroup}";
            string at = $"(({row}) * {(heads.Contains(' ') ? $"({heads})" : heads)} + {head})";
            Body.Write("for (int query = 0; query < queries; query++)",
                $"softmax.Load(query, {queries}.Slice({at} * {size}, {size}), factor);");
            Body.Gap();
            Body.Write(attention.Causal
                ? "// Keys after the block's last row are of no use to it.\nint seen = block.FirstPosition + block.Count;"
                : $"int seen = {packed}.Seen(block.Sequence);");
            using (Body.Open("for (int step = 0; step < seen; step += OnlineSoftmax.Step)"))
            {
                Body.Write("int count = Math.Min(OnlineSoftmax.Step, seen - step);");
                Body.Write($"softmax.Scores({keys}.Block(block.Sequence, group, step, count), count);");
                if (attention.Causal)
                    Body.Write($"softmax.Causal(block.FirstPosition, {perGroup}, step);");
                Body.Write($"softmax.Accumulate({values}.Block(block.Sequence, group, step, count));");
            }

            Body.Gap();
            Body.Write("for (int query = 0; query < queries; query++)",
                $"softmax.Store(query, {output}.Slice({at} * {valueSize}, {valueSize}));");
        }
    }
}
