using System.Reflection;

namespace Einsharp.Tests.Reference;

/// <summary>The einsums of einsums.txt in float32 and float64 against torch.einsum.</summary>
public sealed class EinsumParityTests
{
    private static readonly Dictionary<string, EinsumLine> s_lines =
        EinsumList.Read().ToDictionary(line => line.Name, StringComparer.Ordinal);

    public static TheoryData<string> Names => [.. s_lines.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void EinsumIsPyTorchs(string name) => Check(s_lines[name], Vectors.Committed);

    [Fact]
    public void ThereAreAHundredAndMore() => Assert.InRange(s_lines.Count, 100, 1000);

    /// <summary>EinsumCases.cs is written from the list; here it is compared with it.</summary>
    [Fact]
    public void DeclarationsAreThoseOfTheList()
    {
        foreach (Type type in (Type[])[typeof(EinsumFloats), typeof(EinsumDoubles)])
        {
            var declared = type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
                .Where(method => method.GetCustomAttribute<EinsumAttribute>() is not null)
                .Select(method => (method.Name, method.GetCustomAttribute<EinsumAttribute>()!.Equation, method.GetParameters().Length));
            Assert.Equal(
                s_lines.Values.Select(line => (line.Name, line.Equation, line.Shapes.Length)).Order(), declared.Order());
        }

        Assert.Equal(s_lines.Keys.Order(StringComparer.Ordinal), EinsumFloats.ByName.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(s_lines.Keys.Order(StringComparer.Ordinal), EinsumDoubles.ByName.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>Computes an einsum in both and compares it with PyTorch's.</summary>
    internal static void Check(EinsumLine einsum, Vectors vectors)
    {
        Tensor[] floats = new Tensor[einsum.Shapes.Length];
        Tensor<double>[] doubles = new Tensor<double>[floats.Length];
        for (int i = 0; i < floats.Length; i++)
        {
            floats[i] = new Tensor(einsum.Shapes[i]);
            Draws.Floats($"{einsum.Name}/{i}", floats[i].Length).CopyTo(floats[i].Span);
            doubles[i] = new Tensor<double>(einsum.Shapes[i]);
            Draws.Doubles($"{einsum.Name}/{i}", doubles[i].Length).CopyTo(doubles[i].Span);
        }

        Tensor single = EinsumFloats.ByName[einsum.Name](floats);
        Vectors.Same(
            vectors[$"{einsum.Name}/f32"], single.Shape, [.. single.Span.ToArray().Select(value => (double)value)], Vectors.Single);
        Tensor<double> wide = EinsumDoubles.ByName[einsum.Name](doubles);
        Vectors.Same(vectors[$"{einsum.Name}/f64"], wide.Shape, wide.Span, Vectors.Double);
    }
}
