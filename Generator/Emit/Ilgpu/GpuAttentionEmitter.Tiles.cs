using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Many rows: scores of a tile of queries with a step of positions, which become weights in shared memory, and then sums of values, which
/// stay in registers from the first step to the last.
/// </summary>
internal sealed partial class GpuAttentionEmitter
{
    // Columns of values that the lanes of a line have four each of: eight lanes on a GPU.
    private const int LineColumns = 32;

    // Floats of a key that are in shared memory at a time.
    private const int PartFloats = 64;

    /// <summary>How many fours of columns a lane sums at most, where it is known.</summary>
    private int Sections => Pinned(attention.ValueSize) switch
    {
        <= LineColumns => 1,
        <= 2 * LineColumns => 2,
        _ => 4,
    };

    private void EmitTiles()
    {
        string loops = $"tiles of queries × {Dots(attention.Groups)} (a group of lanes each), steps of {attention.Seen}; "
            + $"four queries by four positions a lane, {attention.Size} innermost; then by fours of {attention.ValueSize}.";
        var notes = new KernelNotes(
            loops, Flops, CacheBytes + " tile of queries", $"{NoScores}; a key or value that is read serves every query of the tile.");
        Entry(Tiles, [], lanes: false, notes, () =>
        {
            Body.Write("""
                ArrayView<Float4> queryTile = SharedMemory.Allocate<Float4>(AttentionTile.Queries * AttentionTile.Stride);
                ArrayView<Float4> cacheTile = SharedMemory.Allocate<Float4>(AttentionTile.Positions * AttentionTile.Stride);
                ArrayView<Float4> weightTile = SharedMemory.Allocate<Float4>(AttentionTile.Queries * AttentionTile.WeightStride);
                ArrayView<float> sideTile = SharedMemory.Allocate<float>(AttentionTile.Queries * AttentionTile.SideStride);
                ArrayView<float> weights = weightTile.Cast<float>();
                """);
            DeclareSizes();
            Body.Gap();
            EmitPlace();
            Body.Gap();
            string widest = Sections == 1 ? "across"
                : Pinned(attention.ValueSize) is not null ? $"{Names.Literal(Sections)} * across"
                : $"({ValueSize} > {Names.Literal(2 * LineColumns)} ? 4 : {ValueSize} > {Names.Literal(LineColumns)} ? 2 : 1) * across";
            Body.Write($"// As many columns of values at a time as fit into registers.\nint width = {widest};");
            using (Body.Open($"for (int pass = 0; pass < Fours.Count({ValueSize}); pass += width)"))
            {
                Body.Write($"Float4 highest = Fours.All({(HasModify ? Lowest : "float.NegativeInfinity")}), total = Fours.All(0);");
                Body.Write($"Rows4 {string.Join(", ", Each(Sections).Select(i => $"{ValueSums}{i} = Rows4.Zero"))};");
                using (Body.Open($"for (int step = {Start}; step < seen; step += 4 * across)"))
                {
                    EmitScores();
                    Body.Gap();
                    EmitWeights();
                    Body.Gap();
                    EmitValues(0);
                    if (Sections > 2)
                        When(Pinned(attention.ValueSize), ValueSize, 2 * LineColumns, () => EmitValues(2));
                }

                Body.Gap();
                EmitStore();
            }
        });
    }

    private static IEnumerable<string> Each(int count) => Enumerable.Range(0, count).Select(i => Names.Literal(i));

    /// <summary>Which queries the group and the lane have, and what those see.</summary>
    private void EmitPlace()
    {
        Body.Write("// Lanes in a line have the same queries, lanes in a column the same positions.");
        Body.Write("""
            int lane = Group.IdxX, across = AttentionTile.Across(Group.DimX), down = AttentionTile.Down(Group.DimX);
            int line = lane / across, column = lane % across;
            bool isActive = line < down;
            """);
        Body.Gap();
        Body.Write("// The last blocks of a sequence see most: they go first.");
        Body.Write("int tiles = AttentionTile.Tiles(Group.DimX, perGroup), tile = Grid.DimX - 1 - Grid.IdxX, group = Grid.IdxY;");
        Body.Write($"""
            int block = tile / tiles * 4, first = tile % tiles * 4 * down;
            int sequence = {Packed}.Blocks[block], firstRow = {Packed}.Blocks[block + 1], queries = {Packed}.Blocks[block + 2] * perGroup;
            if (first >= queries)
                return;
            """);
        Body.Gap();
        if (attention.Causal)
        {
            Body.Write("// Positions after the tile's last row are of no use to it.");
            Body.Write($"""
                int firstPosition = {Packed}.Blocks[block + 3], last = Math.Min(first + 4 * down, queries) - 1;
                int seen = firstPosition + last / perGroup + 1;
                """);
            foreach (string i in Each(4))
                Body.Write($"int seen{i} = Math.Min(firstPosition + (first + line{Below(i)}) / perGroup + 1, seen);");
        }
        else
        {
            Body.Write($"int seen = {AllSeen};");
            if (Windows.Count > 0)
                Body.Write($"int firstPosition = {Packed}.Blocks[block + 3], last = Math.Min(first + 4 * down, queries) - 1;");
        }

        EmitWindows("firstPosition + first / perGroup", "firstPosition + last / perGroup", "4 * across");
        DeclareCache();
        string fours = $"Fours.Count({Size})";
        string loaded = Pinned(attention.Size) is { } pinned
            ? Names.Literal(Math.Min(PartFloats / 4, (pinned + 3) / 4))
            : $"{Size} > {Names.Literal(PartFloats)} ? AttentionTile.Part : {fours}";
        Body.Write($"int fours = {fours}, partFours = {loaded};");
    }

    private static string Below(string index) => index switch { "0" => "", "1" => " + down", _ => $" + {index} * down" };

    private void EmitScores()
    {
        Body.Write("int count = Math.Min(4 * across, seen - step);\nRows4 scores = Rows4.Zero;");
        bool isWhole = Pinned(attention.Size) <= PartFloats;
        if (isWhole)
        {
            using (Body.Open($"if (step == {Start})"))
                EmitQueries("0");
            Body.Gap();
            EmitPart("0");
            return;
        }

        using (Body.Open("for (int part = 0; part < fours; part += AttentionTile.Part)"))
        {
            Body.Write("if (part > 0)", "Lanes.Barrier();");
            if (Pinned(attention.Size) is null)
            {
                using (Body.Open($"if ({Size} > {Names.Literal(PartFloats)} || step == {Start})"))
                    EmitQueries("part");
                Body.Gap();
            }
            else
            {
                EmitQueries("part");
            }

            EmitPart("part");
        }
    }

    private void EmitQueries(string part)
    {
        using (Body.Open("for (int i = lane; i < 4 * down * partFours; i += Group.DimX)"))
        {
            string four = part == "0" ? "i % partFours" : $"Math.Min({part} + i % partFours, fours - 1)";
            Body.Write($"int vector = {attention.Name}Vector(sizes.Value, firstRow, group, Math.Min(first + i / partFours, queries - 1));");
            Body.Write($"Float4 query = Fours.Load({Buffer(attention.Queries)}, vector, {Size}, {four});");
            Body.Write($"queryTile[i / partFours * AttentionTile.Stride + i % partFours] = {Scaled("query")};");
        }
    }

    private void EmitPart(string part)
    {
        Body.Write($"AttentionTile.Load(keys, step, count, {Size}, {part}, partFours, cacheTile, 4 * across, AttentionTile.Stride);");
        Body.Write("Lanes.Barrier();");
        using (Body.Open("if (isActive)"))
        {
            string end = part == "0" ? "partFours" : "end";
            if (part != "0")
                Body.Write($"int end = Math.Min(partFours, fours - {part});");
            using (Body.Open($"for (int i = 0; i < {end}; i++)"))
            {
                Body.Write("""
                    Rows4 queryRows = Rows4.Load(queryTile, line * AttentionTile.Stride + i, down * AttentionTile.Stride);
                    Rows4 keyRows = Rows4.Load(cacheTile, column * AttentionTile.Stride + i, across * AttentionTile.Stride);
                    scores = Rows4.AddDots(scores, queryRows, keyRows);
                    """);
            }
        }
    }

    private void EmitWeights()
    {
        string seen = attention.Causal ? string.Join(", ", Each(4).Select(i => "seen" + i)) : "seen, seen, seen, seen";
        Body.Write("// A line's lanes need the highest score of all of them.");
        using (Body.Open("if (isActive)"))
        {
            if (HasModify)
            {
                Body.Write("int key = step + column;");
                foreach (string i in Each(4))
                {
                    Body.Write($"int query{i} = Math.Min(first + line{Below(i)}, queries - 1);");
                    Body.Write($"scores.Row{i} = {Modify}Four(\n    sizes.Value, firstRow + query{i} / perGroup, group, query{i} % perGroup, key, across, seen - 1, "
                        + $"scores.Row{i}, args);");
                }
            }

            Body.Write($"scores = AttentionTile.Mask(scores, step + column, across, {seen});");
            Body.Write("AttentionTile.StoreSide(sideTile, line, down, column, Rows4.Max(scores));");
        }

        Body.Gap();
        Body.Write("Lanes.Barrier();");
        using (Body.Open("if (isActive)"))
        {
            Body.Write("""
                Float4 before = highest;
                highest = AttentionTile.MaxAcross(highest, sideTile, line, down, across);
                Float4 factors = Fours.Exp(before, highest);
                scores = Rows4.Exp(scores, highest);
                total = Fours.MultiplyAdd(total, factors, Rows4.Sum(scores));
                AttentionTile.StoreWeights(weights, line, down, column, across, scores);
                """);
            EachSection(0, Sections, i => $"{ValueSums}{i} = Rows4.Scale({ValueSums}{i}, factors);");
        }
    }

    /// <summary>A statement for each four of columns, behind its guard.</summary>
    private void EachSection(int first, int end, Func<string, string> statement)
    {
        for (int i = first; i < end; i++)
        {
            // Where the first is behind a guard of its own, the others are too.
            string text = statement(Names.Literal(i));
            int limit = i == 1 ? LineColumns : 2 * LineColumns;
            if (i == first || first > 0 || Pinned(attention.ValueSize) is not null)
                Body.Write(text);
            else
                Body.Write($"if ({ValueSize} > {Names.Literal(limit)})", text);
        }
    }

    /// <summary>Sums two fours of columns a lane.</summary>
    private void EmitValues(int section)
    {
        int end = Math.Min(section + 2, Sections);
        string line = Names.Literal(LineColumns / 4), wide = end - section == 1 ? line
            : section > 0 || Pinned(attention.ValueSize) is not null ? "AttentionTile.Part"
            : $"{ValueSize} > {Names.Literal(LineColumns)} ? AttentionTile.Part : {line}";
        string from = section == 0 ? "pass" : "pass + 2 * across";
        Body.Write($"AttentionTile.Load(values, step, count, {ValueSize}, {from}, {wide}, cacheTile, 4 * across, AttentionTile.Part);");
        Body.Write("Lanes.Barrier();");
        using (Body.Open("if (isActive)"))
        {
            using (Body.Open("for (int i = 0; i < across; i++)"))
            {
                Body.Write("""
                    int from = line * AttentionTile.WeightStride + i, at = 4 * i * AttentionTile.Part + column;
                    Rows4 weightRows = Rows4.Load(weightTile, from, down * AttentionTile.WeightStride);
                    """);
                EachSection(section, end, i =>
                {
                    string at = i is "0" or "2" ? "at" : "at + across";
                    string valueRows = $"Rows4.Load(cacheTile, {at}, AttentionTile.Part)";
                    return $"{ValueSums}{i} = Rows4.AddProduct({ValueSums}{i}, weightRows, {valueRows});";
                });
            }
        }

        Body.Gap();
        Body.Write("Lanes.Barrier();");
    }

    private void EmitStore()
    {
        Body.Write("// Each lane of a line has weighed its own positions.");
        Body.Write("if (isActive)", "AttentionTile.StoreSide(sideTile, line, down, column, total);");
        Body.Write("Lanes.Barrier();");
        using (Body.Open("if (isActive)"))
        {
            Body.Write("total = Fours.Inverse(AttentionTile.SumAcross(sideTile, line, down, across));");
            EachSection(0, Sections, i => $"{ValueSums}{i} = Rows4.Scale({ValueSums}{i}, total);");
            foreach (string i in Each(4))
            {
                using (Body.Open($"if (first + line{Below(i)} < queries)"))
                {
                    string vector = $"{attention.Name}Vector(sizes.Value, firstRow, group, first + line{Below(i)})";
                    Body.Write($"int vector = {vector}, four = pass + column;");
                    EachSection(0, Sections, section =>
                    {
                        string four = section switch { "0" => "four", "1" => "four + across", _ => $"four + {section} * across" };
                        return $"Fours.Store({Buffer(attention.Output)}, vector, {ValueSize}, {four}, {ValueSums}{section}.Row{i});";
                    });
                }

                Body.Gap();
            }
        }
    }
}
