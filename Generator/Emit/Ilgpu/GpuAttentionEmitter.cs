using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Attention over the cache. Of many rows, a group of lanes takes a tile of queries; of few, a share of the positions, and a second kernel
/// combines the shares.
/// </summary>
internal sealed partial class GpuAttentionEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, AttentionPlan attention)
    : GpuKernelEmitter(plan, method, sizes, attention)
{
    /// <summary>
    /// Whether keys and values are in the cache and the axes lie as groups, queries of a group, size: then tiles of queries share what they read.
    /// </summary>
    private bool IsStandard
    {
        get
        {
            if (attention.Keys.Append is not { } keys || attention.Values.Append is not { } values)
                return false;
            EquatableArray<string> heads = attention.Groups.Concat(attention.PerGroup).ToEquatable();
            IEnumerable<string> Heads(AppendOperation append) => append.Axes.Skip(2).Take(append.Axes.Count - 3);
            return attention.QueryAxes.Skip(2).SequenceEqual(heads.Concat(attention.Sizes))
                && attention.OutputAxes.Skip(2).SequenceEqual(heads.Concat(attention.ValueSizes))
                && Heads(keys).SequenceEqual(attention.Groups) && Heads(values).SequenceEqual(attention.Groups);
        }
    }

    private const string ValueSums = "sums", Memory = "Memory.SubView";

    private const string DecodeTiles =
        "AttentionDecode.QueryTile(staged), AttentionDecode.CacheTile(staged), AttentionDecode.ScoreTile(staged)";

    private string Tiles => attention.Name + "Tiles";

    private string Decode => attention.Name + "Decode";

    private string Combine => attention.Name + "Combine";

    public override string ScratchFloats => !IsStandard ? "0" :
        $"AttentionDecode.ScratchFloats({HostLength(attention.Groups.Concat(attention.PerGroup))}, {HostSize(attention.ValueSize)})";

    protected override void EmitKernels()
    {
        if (HasModify)
            EmitModify();
        if (!IsStandard)
        {
            EmitQuery();
            return;
        }

        EmitVector();
        EmitTiles();
        EmitDecode();
        EmitCombine();
    }

    // The tiles of a resident step lie in the memory where a sweep stages its rows.
    public override IReadOnlyList<GpuResidentStep> Resident => !IsStandard
        ? [new(Query + "Unit", [], Lanes: false, "scratch", QueryUnits)]
        :
    [
        new(Decode + "Unit", [], Lanes: false, DecodeTiles, DecodeUnits),
        new(Combine + "Unit", [], Lanes: false, "", $"{ArgumentsLocal}.splits > 1 ? {CombineUnits} : 0"),
    ];

    private string DecodeUnits => $"packed.Count * {Times(HostLength(attention.Groups))}"
        + $"AttentionDecode.Sets({HostLength(attention.PerGroup)}) * {ArgumentsLocal}.splits";

    private string CombineUnits => $"packed.Count{Times(HostLength(attention.Groups.Concat(attention.PerGroup)), before: true)}";

    protected override void EmitLaunches(CodeWriter writer)
    {
        if (!IsStandard)
        {
            writer.Write(Launch(Query, QueryUnits, "1"));
            return;
        }

        string groups = HostLength(attention.Groups), perGroup = HostLength(attention.PerGroup);
        using (writer.Open("if (AttentionDecode.IsFor(packed))"))
        {
            writer.Write(Launch(Decode, DecodeUnits, "1"));
            writer.Write($"if ({ArgumentsLocal}.splits > 1)", Launch(Combine, CombineUnits, "1"));
        }

        using (writer.Open("else"))
            writer.Write(Launch(Tiles, $"packed.BlockCount * AttentionTile.Tiles(session.Device.Lanes, {perGroup})", groups));
    }

    private string Launch(string method, string groupsX, string groupsY) =>
        $"{Loaded(method)}.Launch(session.Stream, {groupsX}, {groupsY}, _sizes, {ArgumentsLocal});";

    private static string Times(string factor, bool before = false) => factor == "1" ? "" : before ? " * " + factor : factor + " * ";

    private string HostLength(IEnumerable<string> axes)
    {
        string[] all = [.. axes.Select(HostSize)];
        return all.Length == 0 ? "1" : string.Join(" * ", all);
    }

    /// <summary>The number of shares a row's positions are taken in.</summary>
    private string Splits => Field(
        "int", "splits",
        $"AttentionDecode.Splits(packed, {Times(HostLength(attention.Groups))}AttentionDecode.Sets({HostLength(attention.PerGroup)}), "
        + "session.Device.Multiprocessors)",
        "In how many shares the positions of a row are taken, when rows are few.");

    /// <summary>Where the shares meet.</summary>
    private string Partials => Field(
        "ArrayView<float>", "partialValues", "session.Scratch",
        $"Sums, highest scores and total weights of the shares: {Names.Join(attention.Rows)} "
        + $"{Names.Join(attention.Groups.Concat(attention.PerGroup))} by splits.");

    private string Keys => Cache(attention.Keys.Append!, Slot.Keys);

    private string Values => Cache(attention.Values.Append!, Slot.Values);

    private string Heads => string.Join(" ", attention.Groups.Concat(attention.PerGroup));

    /// <summary>Locals for the products of sizes that the kernel speaks of.</summary>
    private void DeclareSizes(bool perGroup = true)
    {
        Body.Write($"int groups = {Scope.Length(attention.Groups)};");
        if (perGroup)
            Body.Write($"int perGroup = {Scope.Length(attention.PerGroup)};");
    }

    private string Size => Scope.Axis(attention.Size);

    private string ValueSize => Scope.Axis(attention.ValueSize);

    /// <summary>A pinned size, or null.</summary>
    private int? Pinned(string axis) =>
        Sizes.Literal(axis) is { } literal
            ? int.Parse(literal, System.Globalization.CultureInfo.InvariantCulture)
            : null;

    private int? PinnedPerGroup => attention.PerGroup.Aggregate((int?)1, (product, axis) => product * Pinned(axis));

    /// <summary>
    /// What is done only if a size is greater than a number: decided here where the size is pinned, else when the kernel is compiled.
    /// </summary>
    private void When(int? pinned, string size, int limit, Action emit)
    {
        if (pinned is { } known)
        {
            if (known > limit)
                emit();
            return;
        }

        using (Body.Open($"if ({size} > {Names.Literal(limit)})"))
            emit();
        Body.Gap();
    }

    /// <summary>Queries are scaled once, so that scores need not be.</summary>
    private string Scaled(string query) => attention.Scales.Count == 0
        ? query
        : $"Fours.Scale({query}, {string.Join(" * ", attention.Scales.Select(Factor))})";

    /// <summary>Views of the keys and values of one group of heads, as far as they are seen.</summary>
    private void DeclareCache()
    {
        string keys = Keys, values = Values;
        Body.Write("long head = (long)sequence * groups + group;");
        Body.Write($"ArrayView<float> keys = {keys}.{Memory}(head * {keys}.Capacity * {Size}, (long)seen * {Size});");
        Body.Write($"ArrayView<float> values = {values}.{Memory}(head * {values}.Capacity * {ValueSize}, (long)seen * {ValueSize});");
    }

    /// <summary>The last position of a sequence that the chunk brings, and one more.</summary>
    private string AllSeen => $"{Packed}.Position[{Packed}.Offset[sequence + 1] - 1] + 1";

    private string Flops
    {
        get
        {
            string half = attention.Causal ? " (half of that where every position is new)" : "";
            string heads = Dots(attention.Groups.Concat(attention.PerGroup));
            return $"2·{Dots(attention.Rows)}·{attention.Seen}·{heads}·({attention.Size} + {attention.ValueSize}){half}";
        }
    }

    private string CacheBytes =>
        $"4·{attention.Rows[0]}·{attention.Seen}·{Dots(attention.Groups)}·({attention.Size} + {attention.ValueSize}) of the cache for each";

    private string NoScores =>
        $"a running maximum and sum replace the {Names.Join(attention.Operations[0].Axes)} tensor of scores, which never exists";

    /// <summary>Where a query's vector lies, counted in vectors.</summary>
    private void EmitVector() => Function(
        $"private static int {attention.Name}Vector", [], lanes: false, ["GpuSizes size", "int firstRow", "int group", "int query"],
        $"The index of a query's vector in [{Names.Join(attention.Rows)}][{Heads}]; queries that share keys lie beside each other.",
        () =>
        {
            DeclareSizes();
            Body.Write("return ((firstRow + query / perGroup) * groups + group) * perGroup + query % perGroup;");
        });
}
