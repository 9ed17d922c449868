using Einsharp.Generator.Model;

namespace Einsharp.Generator.Emit.Cpu;

// What hides scores that are kept in memory, or moves them, by the positions of a query and a key: their plain indices.
internal abstract partial class KernelEmitter
{
    private void EmitScores(Operation operation, string y, EquatableArray<string> features)
    {
        string elementwise = Library("Elementwise");
        switch (operation)
        {
            case CausalOperation causal:
                EmitCompared(y, features, causal.Query, causal.Key, [], (run, query, key) => key is null
                    ? $"{elementwise}.Causal({run}, {query});"
                    : $"if ({key} > {query})\n    {Hidden(run)}");
                break;
            case WindowOperation window:
                string size = window.Size.Literal is { } number ? Names.Literal((int)number) : Member(window.Size.Setting!.Property);
                EmitCompared(y, features, window.Query, window.Key, [], (run, query, key) => key is null
                    ? $"{elementwise}.Window({run}, {query}, {size});"
                    : $"if (Math.Abs({key} - {Operand(query)}) >= {size})\n    {Hidden(run)}");
                break;
            case AlibiOperation alibi:
                EmitCompared(y, features, alibi.Query, alibi.Key, alibi.Heads, (run, query, key) =>
                {
                    string slope = $"{Library("OnlineSoftmax")}.AlibiSlope({IndexAmong(alibi.Heads, features)}, {Scope.Length(alibi.Heads)})";
                    return key is null
                        ? $"{elementwise}.Alibi({run}, {query}, {slope});"
                        : IsNumber(run) ? $"{run} += {slope} * ({key} - {Operand(query)});"
                        : $"{elementwise}.Add({run}, {slope} * ({key} - {Operand(query)}));";
                });
                break;
            case MaskOperation mask:
                string seen = Parameter("ReadOnlySpan<bool>", Scope.Value(mask.Mask.Name));
                EmitSpread(y, features, mask.Mask, part => part.IsAligned && !IsNumber(part.Run)
                    ? $"{elementwise}.Mask({part.Run}, {seen}.Slice({part.Place}, {part.Length}));"
                    : $"if (!{seen}[{part.Place}])\n    {Hidden(part.Run)}");
                break;
        }
    }

    private static bool IsNumber(string run) => run.EndsWith("]", StringComparison.Ordinal);

    private static string Hidden(string run) => IsNumber(run) ? $"{run} = float.NegativeInfinity;" : $"{run}.Fill(float.NegativeInfinity);";

    private static string Operand(string index) => index.Contains(' ') ? $"({index})" : index;

    /// <summary>
    /// A row of scores in runs: along the keys, where they are innermost (the key is null then), else of what one query and one key have, so that a
    /// run is one thing.
    /// </summary>
    private void EmitCompared(
        string y, EquatableArray<string> features, string query, string key, EquatableArray<string> heads,
        Func<string, string, string?, string> statement)
    {
        List<string> own = [.. features.Select(Name)];
        bool alongKeys = own.Count > 0 && own[own.Count - 1] == Name(key);
        HashSet<string> looked = [Name(query), Name(key), .. heads.Select(Name)];
        int run = alongKeys ? 1 : own.AsEnumerable().Reverse().TakeWhile(axis => !looked.Contains(axis)).Count();
        string[] outer = [.. own.Take(own.Count - run)], inner = [.. own.Skip(own.Count - run)];
        List<CodeWriter.Block> loops = [.. outer.Select(axis =>
            Body.Open($"for (int {Index(axis)} = 0; {Index(axis)} < {Scope.Axis(axis)}; {Index(axis)}++)"))];
        string at = Times(Offset(outer), inner);
        string part = run == 0 ? $"{y}[{at}]" : outer.Length == 0 ? y : $"{y}.Slice({at}, {Scope.Length(inner)})";
        Body.Write(statement(part, IndexAmong([query], features), alongKeys ? null : IndexAmong([key], features)));
        for (int i = loops.Count - 1; i >= 0; i--)
            loops[i].Dispose();
    }

    /// <summary>The index along several axes as one, of loops over features or of the row.</summary>
    private string IndexAmong(EquatableArray<string> axes, EquatableArray<string> features)
    {
        string[] own = [.. features.Select(Name)];
        string place = "";
        foreach (string axis in axes.Select(Name))
        {
            string index = own.Contains(axis) ? Index(axis) : RowIndex(axis);
            place = place.Length == 0 ? index : $"{Operand(place)} * {Scope.Axis(axis)} + {Operand(index)}";
        }

        return place.Length == 0 ? "0" : place;
    }
}
