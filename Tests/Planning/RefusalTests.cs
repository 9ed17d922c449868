using Einsharp.Tests.Diagnostics;

namespace Einsharp.Tests.Planning;

/// <summary>EIN0401: every reason for which the planner has no kernel, at the attribute that opens the bracket.</summary>
public sealed class RefusalTests
{
    [Fact]
    public Task AStaticMethod() => Refuses(
        "Forward", "a static method has no model to take sizes from",
        """
        [Param("f d", Init.Linear)] public partial Param W { get; }

        [[|Einsum("b d, f d -> b f", nameof(x), nameof(W))|], Silu]
        public static partial Tensor Forward([Axes("b d")] Tensor x);
        """);

    [Fact]
    public Task ASecondMethodWithACache() => Refuses(
        "Second", "'First' takes the model's cache already; one method of a model can",
        """
        [Param("f d", Init.Linear)] public partial Param W { get; }

        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), Append("s -> t", nameof(cache)), As("keys")]
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), As("q")]
        [Einsum("b s f, b t f -> b s t", "q", "keys"), Softmax("t"), As("p")]
        [Einsum("b s t, b t f -> b s f", "p", "keys")]
        public partial Tensor First([Axes("b s d")] Tensor x, KvCache? cache);

        [[|Einsum("b s d, f d -> b s f", nameof(x), nameof(W))|], Append("s -> t", nameof(cache)), As("keys")]
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), Silu, As("q")]
        [Einsum("b s f, b t f -> b s t", "q", "keys"), Softmax("t"), As("p")]
        [Einsum("b s t, b t f -> b s f", "p", "keys")]
        public partial Tensor Second([Axes("b s d")] Tensor x, KvCache? cache);
        """);

    [Theory]
    [InlineData("s d")]
    [InlineData("a b s d")]
    public Task PositionsWithoutABatchAxisBeforeThem(string axes) => Refuses(
        "Rotate(\"s\", \"d\", Rotation)", "positions need a value whose axes begin with a batch axis and the position axis, as in 'b s d'",
        $$"""
        [Param("d", Init.Ones)] public partial Param Gain { get; }
        [Setting("rope")] public partial Rope Rotation { get; }

        [[|Einsum("{{axes}}, d -> {{axes}}", nameof(x), nameof(Gain))|], Rotate("s", "d", nameof(Rotation))]
        public partial Tensor Forward([Axes("{{axes}}")] Tensor x);
        """);

    [Fact]
    public Task PositionsOfTwoBatches() => Refuses(
        "Rotate(\"s\", \"d\", Rotation)", "the method already counts positions along 'b s'",
        """
        [Param("d", Init.Ones)] public partial Param Gain { get; }
        [Param("v d", Init.Embedding)] public partial Param Table { get; }
        [Setting("rope")] public partial Rope Rotation { get; }

        [Einsum("b s d, d -> b s d", nameof(x), nameof(Gain)), Rotate("s", "d", nameof(Rotation)), As("y")]
        [[|Gather("c s, v d -> c s d", nameof(ids), nameof(Table))|], Rotate("s", "d", nameof(Rotation)), As("z")]
        [Einsum("b s d, c s d -> b c s", "y", "z")]
        public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("c s")] Tensor<int> ids);
        """);

    [Fact]
    public Task AGainThatIsNoParameter() => Refuses(
        "y = RmsNorm(\"b d, d -> b d\")(x, gain, Epsilon)", "a gain or a bias is a [Param]",
        """
        [Param("f d", Init.Linear)] public partial Param W { get; }
        [Setting("eps")] public partial float Epsilon { get; }

        [[|RmsNorm("b d, d -> b d", nameof(x), nameof(gain), Epsilon = nameof(Epsilon))|], As("y")]
        [Einsum("b d, f d -> b f", "y", nameof(W))]
        public partial Tensor Forward([Axes("b d")] Tensor x, [Axes("d")] Tensor gain);
        """);

    [Fact]
    public Task IndicesWithAnAxisOfTheModel() => Refuses(
        "Gather(\"b f, v f2 -> b f f2\")(ids, Table)", "the indices have an axis of the model in 'b f'",
        """
        [Param("v f2", Init.Embedding)] public partial Param Table { get; }
        [Param("f", Init.Ones)] public partial Param Gain { get; }

        [[|Gather("b f, v f2 -> b f f2", nameof(ids), nameof(Table))|], Multiply(nameof(Gain))]
        public partial Tensor Forward([Axes("b f")] Tensor<int> ids);
        """);

    [Fact]
    public Task PairsOfPositionsBehindACache() => Refuses(
        "sure = Einsum(\"b s f, b u f -> b s u\")(h, other)",
        "'b s u' pairs positions with 'u', and in a method with a cache every sequence has its own number of positions",
        """
        [Param("f d", Init.Linear)] public partial Param W { get; }

        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), As("h"), Rename("s -> u"), As("other")]
        [[|Einsum("b s f, b u f -> b s u", "h", "other")|], Softmax("u"), Reduce("b s u -> b s", Reduction.Max), As("sure")]
        [Einsum("b s f -> b s f", "h"), Append("s -> t", nameof(cache)), As("keys")]
        [Einsum("b s f, b t f -> b s t", "h", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b s t, b t f -> b s f", "p", "keys"), Multiply("sure")]
        public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        """);

    [Fact]
    public Task AMaskOfWhatIsNoScoreBehindACache() => Refuses(
        "Mask(\"b s\", keep)", "no kernel applies it to this layout yet",
        """
        [Param("f d", Init.Linear)] public partial Param W { get; }

        [[|Einsum("b s d, f d -> b s f", nameof(x), nameof(W))|], Mask("b s", nameof(keep)), Softmax("f"), As("h")]
        [Einsum("b s f -> b s f", "h"), Append("s -> t", nameof(cache)), As("keys")]
        [Einsum("b s f, b t f -> b s t", "h", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b s t, b t f -> b s f", "p", "keys")]
        public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b s")] Tensor<bool> keep, KvCache? cache);
        """);

    [Theory]
    [InlineData(
        "[|Einsum(\"b s d, d -> b d\", \"heads\", nameof(Gain))|]", "Einsum(\"b s d, d -> b d\")(heads, Gain)",
        "'heads' has the rows 'b s' and the result 'b'")]
    [InlineData(
        "[|Reduce(\"b s d -> s d\", \"heads\", Reduction.Max)|], Multiply(nameof(Gain))", "Reduce(\"b s d -> s d\", Max)(heads)",
        "it is over 'b' and keeps 's', and in a method with a cache every sequence has its own number of positions")]
    [InlineData(
        "[|Einsum(\"b s d -> b s d\", \"heads\")|], Softmax(\"b\"), Multiply(nameof(Gain))", "Softmax(\"b\")",
        "it goes along 'b', and in a method with a cache every sequence has its own number of positions")]
    [InlineData(
        "[|Rearrange(\"b s d -> s b d\", \"heads\")|], Multiply(nameof(Gain))", "Rearrange(\"b s d -> s b d\")(heads)",
        "it moves 'b' or 's', and in a method with a cache every sequence has its own number of positions")]
    [InlineData(
        "[|Rearrange(\"b s d -> (n: b s) d\", \"heads\")|], Multiply(nameof(Gain))", "Rearrange(\"b s d -> (n: b s) d\")(heads)",
        "it moves 'b' or 's', and in a method with a cache every sequence has its own number of positions")]
    public Task WhatNeedsSequencesOfOneLength(string bracket, string what, string why) => Refuses(
        what, why,
        $$"""
        [Param("d", Init.Ones)] public partial Param Gain { get; }

        [Einsum("b s d -> b s d", nameof(x)), Append("s -> t", nameof(cache)), As("keys")]
        [Einsum("b s d, b t d -> b s t", nameof(x), "keys"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b s t, b t d -> b s d", "p", "keys"), As("heads")]
        [{{bracket}}]
        public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        """);

    [Theory]
    [InlineData("Rotate(\"s\", \"h\", nameof(Rotation)), Rotate(\"s\", \"d\", nameof(Rotation))", "Rotate(\"s\", \"h\", Rotation)")]
    public Task ALayoutThatNoModifierIsWrittenFor(string modifiers, string what) => Refuses(
        what, "no kernel applies it to this layout yet",
        $$"""
        [Param("h d e", Init.Linear)] public partial Param W { get; }
        [Setting("rope")] public partial Rope Rotation { get; }

        [[|Einsum("b s e, h d e -> b s h d", nameof(x), nameof(W))|], {{modifiers}}]
        public partial Tensor Forward([Axes("b s e")] Tensor x);
        """);

    [Fact]
    public Task KeysOfTheNewPositionsAloneBehindACache() => Attends(
        "p = Einsum(\"b s g r k, b t g k -> b g r s t\")(other, keys)",
        "Rename makes 't' of the new positions alone, and in a method with a cache earlier ones are to be seen: "
        + "write Append(\"s -> t\", nameof(cache))",
        """
        Append("s -> t", nameof(cache)), As("keys")]
        [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys")
        """,
        """
        Rename("s -> t"), As("keys")]
        [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Rename("s -> t"), As("values")]
        [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> u", nameof(cache)), As("cached")]
        [Einsum("b s g r k, b u g k -> b g r s u", "q", "cached"), Softmax("u"), As("weights")]
        [Einsum("b g r s u, b u g k -> b s g r k", "weights", "cached"), As("other")]
        [[|Einsum("b s g r k, b t g k -> b g r s t", "other", "keys")|]
        """);

    // Attention with some lines changed.
    private static Task Attends(string what, string why, string old, string changed) => Refuses(
        what, why,
        """
        [Param("g r k d", Init.Linear)] public partial Param Query { get; }
        [Param("g k d", Init.Linear)] public partial Param Key { get; }
        [Param("g k d", Init.Linear)] public partial Param Value { get; }

        [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
        [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
        [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
        public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        """, old, changed);

    [Theory]
    [InlineData("Silu", "Silu")]
    [InlineData("Causal(\"s\", \"t\"), Softmax(\"g\")", "Softmax(\"g\")")]
    [InlineData("Add(\"q2\")", "Add(q2)")]
    public Task OtherModifiersOfScores(string modifiers, string what) => Attends(
        what, "scores over the cache can have Scale, SoftCap, Alibi, Causal, Window, Mask and then Softmax over the cache's axis",
        "[Einsum(\"b s g r k, b t g k -> b g r s t\", \"q\", \"keys\"), Scale(\"2\"), Causal(\"s\", \"t\"), Softmax(\"t\"), As(\"p\")]",
        (modifiers.Contains("q2", StringComparison.Ordinal) ? "[Einsum(\"b s g r k -> b s g\", \"q\"), As(\"q2\")]\n" : "")
        + "[[|Einsum(\"b s g r k, b t g k -> b g r s t\", \"q\", \"keys\")|], " + modifiers + ", Softmax(\"t\"), As(\"p\")]");

    [Fact]
    public Task NoSoftmaxBetweenScoresAndValues() => Attends(
        "Einsum(\"b g r s t, b t g k -> b s g r k\")(p, values)",
        "scores over the cache can have Scale, SoftCap, Alibi, Causal, Window, Mask and then Softmax over the cache's axis",
        "Softmax(\"t\"), As(\"p\")]\n[Einsum(\"b g r s t, b t g k -> b s g r k\", \"p\", \"values\")]",
        "As(\"p\")]\n[[|Einsum(\"b g r s t, b t g k -> b s g r k\", \"p\", \"values\")|]]");

    [Fact]
    public Task ScoresThatNobodyReads() => Attends(
        "Einsum(\"b s g r k, b t g k -> b g r s t\")(heads, keys)",
        "scores over the cache must go through one Softmax into one einsum with the values",
        """
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
        """,
        """
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values"), As("heads")]
        [[|Einsum("b s g r k, b t g k -> b g r s t", "heads", "keys")|], Scale("2")]
        """);

    [Fact]
    public Task AResultThatIsASoftmaxOverTheCache() => Attends(
        "Softmax(\"t\")", "the softmax over the cache must be read by one einsum with the values in the cache",
        """
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
        """,
        """
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values"), As("heads")]
        [[|Einsum("b s g r k, b t g k -> b g r s t", "heads", "keys")|], Softmax("t")]
        """);

    [Fact]
    public Task ASoftmaxThatIsReadTwice() => Attends(
        "Softmax(\"t\")", "the softmax over the cache must be read by one einsum with the values in the cache",
        """
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
        """,
        """
        [[|Einsum("b s g r k, b t g k -> b g r s t", "q", "keys")|], Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values"), As("one")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values"), Add("one")]
        """);

    [Fact]
    public Task ACausalAfterTheSoftmax() => Attends(
        "Softmax(\"t\")", "the softmax over the cache must be read by one einsum with the values in the cache",
        """[Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]""",
        """[[|Einsum("b s g r k, b t g k -> b g r s t", "q", "keys")|], Softmax("t"), Causal("s", "t"), As("p")]""");

    [Fact]
    public Task BothOperandsInTheCache() => Attends(
        "p = Einsum(\"b t g k, b t g k -> b g t\")(keys, values)",
        "both operands are in the cache; attention reads queries of the new positions",
        """
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
        """,
        """
        [[|Einsum("b t g k, b t g k -> b g t", "keys", "values")|], Softmax("t"), As("p")]
        [Einsum("b g t, b t g k -> b g k", "p", "values"), As("z")]
        [Einsum("b s g r k, b g k -> b s g r k", "q", "z")]
        """);

    [Theory]
    [InlineData("b s g r k, b t g k -> g r s t", "g r s t, b t g k -> b s g r k")]
    [InlineData("b s g r k, b t g k -> b g r s t", "b g r s t, b t g k -> b s g k")]
    [InlineData("b s g r k, b t g k -> b r s t", "b r s t, b t g k -> b s r g k")]
    public Task OtherEquationsOverTheCache(string scores, string weighted) => Attends(
        $"p = Einsum(\"{scores}\")(q, keys)",
        "attention over the cache reads queries, and keys and values of a slot each: heads, then one axis of the vectors; "
        + "every axis of the scores but the cache's is one of the result",
        """
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
        """,
        $"""
        [[|Einsum("{scores}", "q", "keys")|], Softmax("t"), As("p")]
        [Einsum("{weighted}", "p", "values")]
        """);

    [Fact]
    public Task ASumOverTheCache() => Attends(
        "sum = Einsum(\"b t g k -> b g k\")(values)", "axis 't' in 'b t g k' counts the positions seen, which only attention reads",
        """
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
        """,
        """
        [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b g r s t, b t g k -> b s g r k", "p", "keys"), As("heads")]
        [[|Einsum("b t g k -> b g k", "values")|], As("sum")]
        [Einsum("b s g r k, b g k -> b s g r k", "heads", "sum")]
        """);

    [Fact]
    public Task AnAppendedValueThatIsModified() => Attends(
        "Append(\"s -> t\", cache)", "a value appended to the cache can only be read by attention",
        """[Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]""",
        """[[|Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key))|], Append("s -> t", nameof(cache)), Silu, As("keys")]""");

    private static Task Refuses(string what, string why, string body, string old = "", string changed = "")
    {
        string marked = old.Length == 0 ? body : body.Replace(old, changed, StringComparison.Ordinal);
        Assert.Contains("[|", marked, StringComparison.Ordinal);
        return Failing.Reports(
            "EIN0401", $"No kernel computes {what} yet: {why}", "[Model]\npublic sealed partial class Declared\n{\n" + marked + "\n}\n");
    }
}
