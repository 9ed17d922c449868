using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Syntax;

namespace Einsharp.Tests.Parsing;

/// <summary>What the notation takes and what it refuses, and where.</summary>
public class EinsumParserTests
{
    [Theory]
    [InlineData("b s d, f d -> b s f", "b s d|f d|b s f")]
    [InlineData("batch seq d_in, d_out d_in -> batch seq d_out", "batch seq d_in|d_out d_in|batch seq d_out")]
    [InlineData("  i   j ,j k->i k ", "i j|j k|i k")]
    [InlineData("i\tj\n-> j i", "i j|j i")]
    [InlineData("i j -> j i", "i j|j i")]
    [InlineData("i ->", "i|")]
    [InlineData("i, j -> i j", "i|j|i j")]
    [InlineData(", d -> d", "|d|d")]
    [InlineData("i i -> i", "i i|i")]
    [InlineData("b i j, b j k, b k l, l -> b i", "b i j|b j k|b k l|l|b i")]
    [InlineData("_a a1 é -> é", "_a a1 é|é")]
    public void Accepted(string text, string expected)
    {
        EquationSyntax equation = EinsumParser.ParseEquation(text).Value!;
        Assert.Equal(
            expected, string.Join("|", equation.Inputs.Append(equation.Output).Select(static term => string.Join(" ", term.Names))));
        foreach (TermSyntax term in equation.Inputs.Append(equation.Output))
        {
            Assert.All(term.Axes, axis => Assert.Equal(axis.Name, text.Substring(axis.Start, axis.Length)));
            if (term.Axes.Count > 0)
                Assert.Equal(
                    text.Substring(term.Start, term.Length), text[term.Axes[0].Start..(term.Axes[^1].Start + term.Axes[^1].Length)]);
        }
    }

    [Theory]
    [InlineData("... d, f d -> ... f", "... d|f d|... f")]
    [InlineData("b ... d,... -> ...d b", "b ... d|...|... d b")]
    [InlineData("...->...", "...|...")]
    public void An_ellipsis_is_one_axis(string text, string expected)
    {
        EquationSyntax equation = EinsumParser.ParseEquation(text, takesEllipsis: true).Value!;
        Assert.Equal(
            expected, string.Join("|", equation.Inputs.Append(equation.Output).Select(static term => string.Join(" ", term.Names))));
    }

    [Theory]
    [InlineData("... a ... -> ...", "EIN0113", 6, 3)]
    [InlineData("... -> ... ...", "EIN0113", 11, 3)]
    [InlineData(".... -> a", "EIN0101", 0, 4)]
    [InlineData(". . . -> a", "EIN0101", 0, 1)]
    public void An_ellipsis_refused(string text, string id, int start, int length)
    {
        SyntaxError error = EinsumParser.ParseEquation(text, takesEllipsis: true).Error!;
        Assert.Equal((id, start, length), (error.Id, error.Start, error.Length));
    }

    [Fact]
    public void More_axes_than_letters()
    {
        string axes = string.Join(" ", Enumerable.Range(0, 60).Select(static i => $"a{i}"));
        Assert.Equal(60, EinsumParser.ParseEquation(axes + " -> " + axes).Value!.Output.Axes.Count);
    }

    [Theory]
    [InlineData("i j, j k", "EIN0103", "")]
    [InlineData("", "EIN0103", "")]
    [InlineData("i -> j -> k", "EIN0104", "->")]
    [InlineData("i ->-> k", "EIN0104", "->")]
    [InlineData("... d -> ... f", "EIN0105", "...")]
    [InlineData("i .. -> i", "EIN0101", "..")]
    [InlineData("i .... -> i", "EIN0101", "....")]
    [InlineData("i . -> i", "EIN0101", ".")]
    [InlineData("i - > i", "EIN0101", "-")]
    [InlineData("i - i", "EIN0101", "-")]
    [InlineData("(i j) -> i j", "EIN0101", "(")]
    [InlineData("i j) -> i j", "EIN0101", ")")]
    [InlineData("i 2j -> i", "EIN0102", "2j")]
    [InlineData("i 12 -> i", "EIN0102", "12")]
    [InlineData("i -> i, j", "EIN0101", ",")]
    [InlineData("i; j -> i", "EIN0101", ";")]
    [InlineData("i $ -> i", "EIN0101", "$")]
    [InlineData("i 😀 -> i", "EIN0101", "😀")]
    public void Refused(string text, string id, string span)
    {
        SyntaxError error = EinsumParser.ParseEquation(text).Error!;
        Assert.Equal(id, error.Id);
        Assert.Equal(span, error.Length < 0 ? "" : text.Substring(error.Start, error.Length));
    }

    [Theory]
    [InlineData("ij,jk", "i j, j k -> i k")]
    [InlineData("b s d, f d", "b s d, f d -> b f s")]
    [InlineData("i i", "i i ->")]
    [InlineData("seq d_in, d_out d_in", "seq d_in, d_out d_in -> d_out seq")]
    public void A_missing_output_is_offered(string text, string fix) =>
        Assert.Equal(fix, EinsumParser.ParseEquation(text).Error!.Arguments[1]);

    [Theory]
    [InlineData("g r k d", "g r k d")]
    [InlineData(" d ", "d")]
    [InlineData("", "")]
    public void Axis_lists(string text, string expected) =>
        Assert.Equal(expected, string.Join(" ", EinsumParser.ParseAxes(text).Value!.Names));

    [Theory]
    [InlineData("g, k", "EIN0101", ",")]
    [InlineData("g -> k", "EIN0101", "->")]
    [InlineData("3d", "EIN0102", "3d")]
    [InlineData("... d", "EIN0105", "...")]
    public void Axis_lists_refused(string text, string id, string span)
    {
        SyntaxError error = EinsumParser.ParseAxes(text).Error!;
        Assert.Equal((id, span), (error.Id, text.Substring(error.Start, error.Length)));
    }

    [Theory]
    [InlineData("s -> t", "s", 0, "t", 5)]
    [InlineData("  seq->seen ", "seq", 2, "seen", 7)]
    public void Renamings(string text, string from, int fromAt, string to, int toAt) =>
        Assert.Equal(new RenamingSyntax(new AxisToken(from, fromAt), new AxisToken(to, toAt)), EinsumParser.ParseRenaming(text).Value);

    [Theory]
    [InlineData("s")]
    [InlineData("")]
    [InlineData("s t")]
    [InlineData("s -> ")]
    [InlineData("s -> t u")]
    [InlineData("s, t -> u")]
    public void Renamings_refused(string text) =>
        Assert.Equal(DiagnosticCatalogue.NotARenaming.Id, EinsumParser.ParseRenaming(text).Error!.Id);

    [Theory]
    [InlineData("d=2048", "d", 2048, 0)]
    [InlineData(" d_in = 1", "d_in", 1, 1)]
    public void Sizes(string text, string axis, int size, int start) =>
        Assert.Equal(new SizeSyntax(new AxisToken(axis, start), size), EinsumParser.ParseSize(text));

    [Theory]
    [InlineData("d")]
    [InlineData("d=")]
    [InlineData("=3")]
    [InlineData("d=0")]
    [InlineData("d=-1")]
    [InlineData("d=1.5")]
    [InlineData("d=1=2")]
    [InlineData("2d=1")]
    [InlineData("d=99999999999")]
    public void Sizes_refused(string text) => Assert.Null(EinsumParser.ParseSize(text));
}
