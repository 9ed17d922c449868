using System.Globalization;
using Einsharp.Cpu;

namespace Einsharp.Tests.Weights;

public sealed class NativeBlockTests
{
    [Fact]
    public unsafe void SmallMatricesLieInMemoryOfHugePages()
    {
        if (!Directory.Exists("/sys/kernel/mm/transparent_hugepage"))
        {
            Console.Error.WriteLine("skipped: huge pages under small matrices, for this system has none");
            return;
        }
        // A third of a huge page each.
        Param[] weights = Constants(12, 512, 300, 0);
        foreach (Param w in weights)
        {
            Assert.Equal(0, (nint)w.Data % 64);
            Assert.Contains("hg", FlagsAt((nuint)w.Data).Split(' '));
        }
        AssertConstants(weights, 0);
    }

    [Fact]
    public void MoreThanASlabHasAndMoreAfterThatIsFreed()
    {
        Param[] kept = Constants(3, 256, 256, -1);
        for (int round = 0; round < 3; round++)
        {
            // Twelve times 6 MB are more than one slab has.
            Param[] weights = Constants(12, 1024, 1536, round);
            AssertConstants(weights, round);
            weights = [];
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        AssertConstants(kept, -1);
    }

    /// <summary>Matrices of which each has one value, and no two the same.</summary>
    private static Param[] Constants(int count, int rows, int columns, int first) =>
    [
        .. Enumerable.Range(first, count).Select(value =>
        {
            var w = new Param("W", "w", "o i", [rows, columns], Initializer.Zeros);
            w.Allocate(WeightFormat.F32);
            w.Set([.. Enumerable.Repeat((float)value, rows * columns)]);
            return w;
        }),
    ];

    private static void AssertConstants(Param[] weights, int first)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            var values = new float[weights[i].Count];
            weights[i].CopyTo(values);
            Assert.Equal(-1, values.AsSpan().IndexOfAnyExcept((float)(first + i)));
        }
    }

    private static string FlagsAt(nuint address)
    {
        bool isInside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] range = line.Split(' ')[0].Split('-');
            if (range.Length == 2 && nuint.TryParse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nuint from)
                && nuint.TryParse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nuint to))
            {
                isInside = address >= from && address < to;
            }
            else if (isInside && line.StartsWith("VmFlags:", StringComparison.Ordinal))
            {
                return line;
            }
        }
        throw new InvalidOperationException("no mapping has the address");
    }
}
