using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>Products of matrices: tiles of both operands in shared memory, four by four sums in a lane's registers.</summary>
internal sealed partial class GpuContractEmitter
{
    private void EmitTiles()
    {
        Body.Write("ArrayView<float> x = SharedMemory.Allocate<float>(Tiles.Floats);");
        Body.Write("ArrayView<float> w = SharedMemory.Allocate<float>(Tiles.Floats);");
        Body.Write("ArrayView<Float4> x4 = x.Cast<Float4>(), w4 = w.Cast<Float4>();");
        Body.Write("int across = Tiles.Across(Group.DimX), laneX = Group.IdxX % across, laneY = Group.IdxX / across;");
        Body.Write("int tileRows = Tiles.Rows(Group.DimX), tileColumns = Tiles.Features(Group.DimX);");
        Body.Write($"int rows = {Count(_step.M)}, columns = {Count(_step.N)}, length = {Count(_step.K)};");
        Body.Write("int tilesX = Tiles.Parts(columns, tileColumns), tilesY = Tiles.Parts(rows, tileRows);");
        Body.Write("int firstColumn = Grid.IdxX % tilesX * tileColumns, firstRow = Grid.IdxX / tilesX % tilesY * tileRows;");
        Body.Write("int group = Grid.IdxX / tilesX / tilesY;");
        var group = new Dictionary<string, string>(StringComparer.Ordinal);
        TakeApart("group", _step.Batch, group);
        Body.Write("Tile4x4 sums = default;");
        using (Body.Open("for (int from = 0; from < length; from += Tiles.Step)"))
        {
            EmitLoad("x", contract.A, "rows", "firstRow", "tileRows", _step.M, group);
            EmitLoad("w", contract.B!, "columns", "firstColumn", "tileColumns", _step.N, group);
            Body.Write("Lanes.Barrier();");
            using (Body.Open("for (int step = 0; step < Tiles.Step * Tiles.Line; step += Tiles.Line)"))
                Body.Write("sums = Tile4x4.Add(sums, x4[step + laneY], w4[step + laneX]);");
            Body.Gap();
            Body.Write("Lanes.Barrier();");
        }

        Body.Gap();
        Body.Write("int row = firstRow + 4 * laneY, column = firstColumn + 4 * laneX;");
        for (int row = 0; row < 4; row++)
        {
            for (int column = 0; column < 4; column++)
            {
                string place = $"{Ahead("row", row)}, {Ahead("column", column)}";
                Body.Write($"{Kernel.Name}Store(group, {place}, sizes.Value, args, sums.C{Names.Literal(row)}{Names.Literal(column)});");
            }
        }
    }

    private static string Ahead(string index, int by) => by == 0 ? index : $"{index} + {Names.Literal(by)}";

    /// <summary>
    /// A tile of an operand as [step of the sum][row or column], zeros past its end. Lanes side by side read what lies side by side.
    /// </summary>
    private void EmitLoad(
        string tile, ContractValue value, string end, string first, string width, EquatableArray<string> axes,
        IReadOnlyDictionary<string, string> group)
    {
        using (Body.Open($"for (int i = Group.IdxX; i < Tiles.Step * {width}; i += Group.DimX)"))
        {
            Body.Write(IsAlongSum(value)
                ? $"int line = {first} + i / Tiles.Step, at = from + i % Tiles.Step;"
                : $"int line = {first} + i % {width}, at = from + i / {width};");
            Body.Write("float value = 0;");
            using (Body.Open($"if (line < {end} && at < length)"))
            {
                Dictionary<string, string> place = group.ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);
                TakeApart("line", axes, place);
                TakeApart("at", _step.K, place);
                Body.Write($"value = {Element(value, place)};");
            }

            Body.Gap();
            Body.Write($"{tile}[(at - from) * Tiles.Stride + line - {first}] = value;");
        }

        Body.Gap();
    }

    private void EmitStore()
    {
        Body.Write($"if (row >= {Count(_step.M)} || column >= {Count(_step.N)})", "return;");
        Body.Gap();
        var at = new Dictionary<string, string>(StringComparer.Ordinal);
        TakeApart("group", _step.Batch, at);
        TakeApart("row", _step.M, at);
        TakeApart("column", _step.N, at);
        Body.Write($"{Element(contract.Made, at)} = sum;");
    }
}
