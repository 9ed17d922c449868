using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Few rows: what there is to do is to read the cache, so its positions are dealt out to enough groups of lanes to keep the memory busy,
/// and what those found is combined.
/// </summary>
internal sealed partial class GpuAttentionEmitter
{
    // Queries that a group of lanes has at a time; see AttentionDecode.Queries.
    private const int MostQueries = 8;

    private int DecodeQueries => Math.Min(MostQueries, PinnedPerGroup ?? MostQueries);

    private void EmitDecode()
    {
        Function(
            $"internal static void {Decode}Unit", [], lanes: false,
            [
                "int unit", "GpuSizes size", $"GpuArguments.{ArgumentsType} args",
                "ArrayView<Float4> queryTile", "ArrayView<Float4> cacheTile", "ArrayView<Float4> scoreTile",
            ],
            "A share of the positions for the queries of one row that share keys and values.", EmitUnit);
        string loops = $"rows × {Dots(attention.Groups)} × shares of {attention.Seen} (a group of lanes each), steps of {attention.Seen}; "
            + $"a position a lane, {attention.Size} innermost; then of every n-th four positions a four of {attention.ValueSize} a lane.";
        var notes = new KernelNotes(
            loops, Flops, CacheBytes + " row", $"{NoScores}; the queries of a group share the keys and values that are read.");
        Entry(Decode, [], lanes: false, notes, () =>
        {
            Body.Write("ArrayView<Float4> staged = SharedMemory.Allocate<Float4>(AttentionDecode.SharedFours);");
            Body.Write($"{Decode}Unit(\n    Grid.IdxX, sizes.Value, args, {DecodeTiles});");
        });
    }

    private void EmitUnit()
    {
        DeclareSizes();
        EmitShare();
        Body.Gap();
        Body.Write("// A lane takes four columns of the values, of every slices-th four positions.");
        Body.Write($"""
            int lane = Group.IdxX, lanes = Math.Min(Group.DimX, AttentionDecode.MostLanes), fours = Fours.Count({Size});
            int valueFours = Fours.Count({ValueSize}), width = Math.Min(valueFours, lanes);
            int slices = Math.Min(lanes / width, AttentionDecode.Positions / 4), slice = lane / width, column = lane % width;
            ArrayView<float> scores = scoreTile.Cast<float>();
            """);
        string loaded = Pinned(attention.Size) is { } pinned
            ? Names.Literal(Math.Min(PartFloats / 4, (pinned + 3) / 4))
            : $"{Size} > {Names.Literal(PartFloats)} ? AttentionTile.Part : fours";
        Body.Write($"int partFours = {loaded};");
        using (Body.Open("for (int pass = 0; pass < valueFours; pass += width)"))
        {
            Body.Write("int four = Math.Min(pass + column, valueFours - 1);");
            IEnumerable<string> parts = Each(DecodeQueries).Select(i => $"part{i} = {(i == "0" ? "SoftmaxPart.Empty" : "part0")}");
            Body.Write($"SoftmaxPart {string.Join(", ", parts)};");
            using (Body.Open("for (int step = from; step < to; step += AttentionDecode.Positions)"))
                EmitStep();
            Body.Gap();
            EmitJoin();
        }
    }

    /// <summary>Which queries and positions the unit has.</summary>
    private void EmitShare()
    {
        bool isOneSet = PinnedPerGroup <= MostQueries;
        string splits = Splits;
        if (!isOneSet)
            Body.Write("int sets = AttentionDecode.Sets(perGroup);");
        Body.Write($"int split = unit % {splits}, rest = unit / {splits};");
        Body.Write(isOneSet
            ? "const int first = 0;\nint queries = perGroup;"
            : """
                int first = rest % sets * AttentionDecode.Queries, queries = Math.Min(perGroup - first, AttentionDecode.Queries);
                rest /= sets;
                """);
        Body.Write("int group = rest % groups, row = rest / groups;");
        Body.Write($"int sequence = {Packed}.Sequence[row];");
        Body.Write($"int seen = {(attention.Causal ? $"{Packed}.Position[row] + 1" : AllSeen)};");
        if (Windows.Count > 0)
            Body.Write($"int position = {Packed}.Position[row];");
        EmitWindows("position", "position", null);
        Body.Gap();
        Body.Write("// Whole steps a share; the last may be shorter, or empty.");
        string all = Windows.Count == 0 ? "seen" : "seen - start", begin = Windows.Count == 0 ? "" : "start + ";
        Body.Write($"""
            int steps = ({all} + AttentionDecode.Positions - 1) / AttentionDecode.Positions;
            int share = (steps + {splits} - 1) / {splits} * AttentionDecode.Positions;
            int from = {begin}split * share, to = Math.Min(from + share, seen);
            """);
        DeclareCache();
    }

    private void EmitStep()
    {
        Body.Write("// The first values are under way while the scores are made.");
        Body.Write($"""
            int count = Math.Min(AttentionDecode.Positions, to - step);
            Rows4 next = AttentionDecode.Load(values, step + 4 * slice, to, {ValueSize}, four);
            """);
        int? size = Pinned(attention.Size);
        if (size <= PartFloats)
        {
            using (Body.Open("if (step == from)"))
                EmitDecodeQueries("0");
            Body.Gap();
            EmitDecodePart("0");
        }
        else
        {
            using (Body.Open("for (int part = 0; part < fours; part += AttentionTile.Part)"))
            {
                if (size is not null)
                {
                    EmitDecodeQueries("part");
                }
                else
                {
                    using (Body.Open($"if ({Size} > {Names.Literal(PartFloats)} || step == from)"))
                        EmitDecodeQueries("part");
                    Body.Gap();
                }

                EmitDecodePart("part");
            }
        }

        Body.Gap();
        using (Body.Open("if (slice < slices)"))
        {
            using (Body.Open("for (int i = slice; 4 * i < count; i += slices)"))
            {
                Body.Write("Rows4 now = next;");
                Body.Write($"next = AttentionDecode.Load(values, step + 4 * (i + slices), to, {ValueSize}, four);");
                foreach (string i in Each(DecodeQueries))
                {
                    string add = $"part{i} = SoftmaxPart.Add(part{i}, scoreTile[{ScoreRow(i)}i], now);";
                    if (i == "0" || PinnedPerGroup <= MostQueries)
                        Body.Write(add);
                    else
                        Body.Write($"if (perGroup > {i} && queries > {i})", add);
                }
            }
        }
    }

    private static string ScoreRow(string query) => query switch
    {
        "0" => "",
        "1" => "AttentionDecode.Positions / 4 + ",
        _ => $"{query} * AttentionDecode.Positions / 4 + ",
    };

    private void EmitDecodeQueries(string part)
    {
        using (Body.Open("for (int i = lane; i < queries * partFours; i += Group.DimX)"))
        {
            string four = part == "0" ? "i % partFours" : $"Math.Min({part} + i % partFours, fours - 1)";
            string query = PinnedPerGroup == 1 ? "0" : "first + i / partFours";
            Body.Write($"int vector = {attention.Name}Vector(size, row, group, {query});");
            Body.Write($"Float4 query = Fours.Load({Buffer(attention.Queries)}, vector, {Size}, {four});");
            Body.Write($"queryTile[i / partFours * AttentionTile.Part + i % partFours] = {Scaled("query")};");
        }
    }

    private void EmitDecodePart(string part)
    {
        string end = part == "0" ? "partFours" : "end";
        Body.Write($"AttentionTile.Load(\n    keys, step, count, {Size}, {part}, partFours, cacheTile, AttentionDecode.Positions, "
            + "AttentionTile.Stride);");
        Body.Write("Lanes.Barrier();");
        using (Body.Open("for (int i = lane; i < queries * AttentionDecode.Positions; i += Group.DimX)"))
        {
            Body.Write("int query = i / AttentionDecode.Positions * AttentionTile.Part, key = i % AttentionDecode.Positions;");
            Body.Write($"int at = key * AttentionTile.Stride;\nfloat score = {(part == "0" ? "0" : "part == 0 ? 0 : scores[i]")};");
            if (part != "0")
                Body.Write($"int end = Math.Min(partFours, fours - {part});");
            void Fours() => Body.Write($"for (int k4 = 0; k4 < {end}; k4 += 4)",
                "score = Rows4.AddDot(score, Rows4.Load(queryTile, query + k4, 1), Rows4.Load(cacheTile, at + k4, 1));");
            void Ones() => Body.Write($"for (int k4 = 0; k4 < {end}; k4++)",
                "score = Fours.AddDot(score, queryTile[query + k4], cacheTile[at + k4]);");
            if (Pinned(attention.Size) is { } pinned)
            {
                if (pinned % 16 == 0)
                    Fours();
                else
                    Ones();
            }
            else
            {
                using (Body.Open($"if ({Size} % 16 == 0)"))
                    Fours();
                using (Body.Open("else"))
                    Ones();
                Body.Gap();
            }

            if (HasModify)
            {
                string isLast = part == "0" ? "" : $" && {part} + partFours >= fours";
                Body.Write($"if (key < count{isLast})",
                    $"score = {Modify}(size, row, group, first + i / AttentionDecode.Positions, step + key, score, args);");
            }

            Body.Write("scores[i] = key < count ? score : float.NegativeInfinity;");
        }

        Body.Gap();
        Body.Write("Lanes.Barrier();");
    }

    private void EmitJoin()
    {
        Body.Write("// The slices' parts of each query meet in shared memory.");
        Body.Write("Lanes.Barrier();");
        using (Body.Open("if (slice < slices)"))
        {
            foreach (string i in Each(DecodeQueries))
            {
                string store = $"AttentionDecode.Store(cacheTile, scores, slice, {i}, width, column, part{i});";
                if (i == "0" || PinnedPerGroup is not null)
                    Body.Write(store);
                else
                    Body.Write($"if (perGroup > {i})", store);
            }
        }

        Body.Gap();
        Body.Write("Lanes.Barrier();");
        string splits = Splits;
        using (Body.Open("for (int i = lane; i < queries * width; i += Group.DimX)"))
        {
            Body.Write("SoftmaxPart all = AttentionDecode.Join(cacheTile, scores, slices, i / width, width, i % width);");
            Body.Write($"int vector = {attention.Name}Vector(size, row, group, first + i / width), to4 = pass + i % width;");
            using (Body.Open($"if ({splits} == 1)"))
                Body.Write($"Fours.Store({Buffer(attention.Output)}, vector, {ValueSize}, to4, Fours.Scale(all.Sum, 1f / all.Total));");
            using (Body.Open("else"))
            {
                Body.Write($"int shares = {Packed}.Count * groups * perGroup * {splits};");
                Body.Write($"AttentionDecode.StoreShare({Partials}, shares, vector * {splits} + split, {ValueSize}, to4, all);");
            }
        }

        Body.Gap();
        Body.Write("Lanes.Barrier();");
    }

    private void EmitCombine()
    {
        string splits = Splits;
        Function(
            $"internal static void {Combine}Unit", [], lanes: false, ["int unit", "GpuSizes size", $"GpuArguments.{ArgumentsType} args"],
            "The shares of one query.", () =>
            {
                DeclareSizes();
                Body.Write($"int shares = {Packed}.Count * groups * perGroup * {splits}, first = unit * {splits};");
                using (Body.Open($"for (int four = Group.IdxX; four < Fours.Count({ValueSize}); four += Group.DimX)"))
                {
                    Body.Write("SoftmaxPart all = SoftmaxPart.Empty;");
                    Body.Write($"for (int share = first; share < first + {splits}; share++)",
                        $"all = SoftmaxPart.Join(all, AttentionDecode.LoadShare({Partials}, shares, share, {ValueSize}, four));");
                    Body.Write($"Fours.Store({Buffer(attention.Output)}, unit, {ValueSize}, four, Fours.Scale(all.Sum, 1f / all.Total));");
                }
            });
        string heads = Dots(attention.Rows.Concat(attention.Groups).Concat(attention.PerGroup));
        var notes = new KernelNotes(
            $"{heads} (a group of lanes each), {attention.ValueSize} (four columns a lane), shares.",
            $"3·{heads}·shares·{attention.ValueSize}",
            $"4·{heads}·((shares + 1)·{attention.ValueSize} + 2·shares)",
            "the shares of a query were found by groups of lanes that do not wait for each other.");
        Entry(Combine, [], lanes: false, notes, () => Body.Write($"{Combine}Unit(Grid.IdxX, sizes.Value, args);"));
    }
}
