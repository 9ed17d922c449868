using System.Reflection;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan.Contractions;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Einsums;

/// <summary>
/// Equations that are computed in one order or another, by the sizes of the call: each order with sizes for which it is taken, against the
/// definition. The seed is fixed.
/// </summary>
public class RandomOrderTests
{
    private const int Equations = 100, Draws = 3000, MostProducts = 20000;

    [Fact]
    public void Every_order_of_random_equations()
    {
        var random = new Random(3);
        List<Drawn> equations = [.. Forever(() => Drawn.Draw(random)).Where(static drawn => drawn.Orders.Count > 1).Take(Equations)];
        string source = "using Einsharp;\npublic static partial class Batch\n{\n" + string.Concat(equations.Select(
            static (drawn, i) => "    " + drawn.Of(drawn.Axes.ToDictionary(static axis => axis, static _ => 1)).Declare(i) + "\n")) + "}\n";
        using Compiled compiled = Compiled.Of(source);
        Type type = compiled.Assembly.GetType("Batch")!;
        int orders = 0, missed = 0;
        for (int i = 0; i < equations.Count; i++)
        {
            MethodInfo method = type.GetMethod($"E{i}")!;
            for (int order = 0; order < equations[i].Orders.Count; order++)
            {
                orders++;
                if (equations[i].SizesThatTake(order, random) is not { } sizes)
                {
                    missed++;
                    continue;
                }

                RandomEquation equation = equations[i].Of(sizes);
                NaiveEinsum.Dense[] operands = equation.Operands(random);
                NaiveEinsum.Dense expected = NaiveEinsum.Of(equation.Text, operands);
                Assert.Equal(expected.Values, EinsumInvoker.Invoke(method, equation.Element, operands).Values);
            }
        }

        Assert.Equal(0, missed);
        Assert.True(orders > 2 * Equations);
    }

    private static IEnumerable<T> Forever<T>(Func<T> draw)
    {
        while (true)
            yield return draw();
    }

    private sealed record Drawn(string[] Axes, string[][] Terms, string[] Output, string Element, EquatableArray<ContractionPath> Orders)
    {
        public static Drawn Draw(Random random)
        {
            string[] axes = ["a", "b", "c", "d", "e", "f"];
            string[][] terms = [.. Enumerable.Range(0, random.Next(3, 6))
                .Select(_ => axes.OrderBy(_ => random.Next()).Take(random.Next(1, 4)).ToArray())];
            string[] used = [.. terms.SelectMany(static term => term).Distinct()];
            string[] output = [.. used.Where(_ => random.Next(2) == 0)];
            EquatableArray<ContractionPath> orders = ContractionPlanner.PlanOrders(
                [.. terms.Select(static term => term.ToEquatable())], output.ToEquatable(), static _ => null);
            return new Drawn(used, terms, output, random.Next(2) == 0 ? "float" : "double", orders);
        }

        public RandomEquation Of(Dictionary<string, int> sizes)
        {
            string text = string.Join(", ", Terms.Select(static term => string.Join(" ", term))) + " -> " + string.Join(" ", Output);
            return new RandomEquation(
                text, [.. Terms.Select(term => term.Select(axis => sizes[axis]).ToArray())], Element, EquationForm.Tensors);
        }

        /// <summary>Small sizes for which an order has the fewest FLOPs, and fewer than those before it; null where none are found.</summary>
        public Dictionary<string, int>? SizesThatTake(int order, Random random)
        {
            for (int i = 0; i < Draws; i++)
            {
                var sizes = Axes.ToDictionary(static axis => axis, _ => random.Next(2) == 0 ? random.Next(1, 4) : random.Next(1, 17));
                if (sizes.Values.Aggregate(1, static (product, size) => product * size) > MostProducts)
                    continue;
                double[] flops = [.. Orders.Select(path => path.Flops(axis => sizes[axis]))];
                if (Array.IndexOf(flops, flops.Min()) == order)
                    return sizes;
            }

            return null;
        }
    }
}
