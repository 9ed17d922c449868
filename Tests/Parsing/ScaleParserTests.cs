using Einsharp.Generator.Syntax;

namespace Einsharp.Tests.Parsing;

/// <summary>Scale factors: numbers, axes, + - * /, parentheses and square roots.</summary>
public class ScaleParserTests
{
    [Theory]
    [InlineData("1/sqrt(k)", "1 / sqrt ( k )", "k")]
    [InlineData("0.5", "0.5", "")]
    [InlineData(" 2e-3 * ( d_in + 1 ) ", "2e-3 * ( d_in + 1 )", "d_in")]
    [InlineData("1/(d*d) - .5", "1 / ( d * d ) - .5", "d d")]
    [InlineData("sqrt(sqrt(k)/2)", "sqrt ( sqrt ( k ) / 2 )", "k")]
    public void Accepted(string text, string tokens, string axes)
    {
        ScaleSyntax scale = ScaleParser.Parse(text).Value!;
        Assert.Equal(tokens, string.Join(" ", scale.Expression.Tokens));
        Assert.Equal(axes, string.Join(" ", scale.Axes.Select(static axis => axis.Name)));
        Assert.All(scale.Axes, axis => Assert.Equal(axis.Name, text.Substring(axis.Start, axis.Length)));
    }

    [Theory]
    [InlineData("", -1, "")]
    [InlineData("1/", -1, "")]
    [InlineData("1/sqrt k", 7, "k")]
    [InlineData("sqrt(k", -1, "")]
    [InlineData("1 2", 2, "2")]
    [InlineData("1 % k", 2, "%")]
    [InlineData("-1", 0, "-")]
    [InlineData("(1))", 3, ")")]
    [InlineData("1e", 0, "1e")]
    [InlineData("1.", 0, "1.")]
    [InlineData("1e999", 0, "1e999")]
    public void Refused(string text, int start, string span)
    {
        SyntaxError error = ScaleParser.Parse(text).Error!;
        Assert.Equal("EIN0108", error.Id);
        Assert.Equal(start < 0 ? (0, -1) : (start, span.Length), (error.Start, error.Length));
        Assert.Equal(span, error.Length < 0 ? "" : text.Substring(error.Start, error.Length));
    }

    [Fact]
    public void A_thousand_parentheses_do_not_overflow_the_stack() =>
        Assert.Equal("EIN0108", ScaleParser.Parse(new string('(', 100_000)).Error!.Id);
}
