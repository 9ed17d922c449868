using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Einsharp.Weights;

namespace Einsharp.Tests.Reference;

/// <summary>One result of PyTorch: its shape, and its values as float64.</summary>
internal sealed record Vector(string Name, int[] Shape, double[] Values);

/// <summary>The results that vectors.py wrote, by name.</summary>
/// <remarks>
/// The norm of every comparison: an error is taken relative to the largest magnitude of its row, a row being the last axis. Element by
/// element would not do: a sum of n products whose result is small by cancellation has, in any order of summation and in PyTorch too,
/// an error in proportion to the products and not to the result. One scale for the whole would let wrong rows of small numbers pass.
/// </remarks>
internal sealed class Vectors
{
    /// <summary>How far a float32 result may be off, in the norm of this class.</summary>
    public const double Single = 1e-5;

    /// <summary>How far a float64 result may be off.</summary>
    public const double Double = 1e-12;

    private readonly Dictionary<string, Vector> _byName = new(StringComparer.Ordinal);

    private Vectors(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach (StoredTensor tensor in file.Tensors)
        {
            double[] values = tensor.Type == ElementType.F64
                ? MemoryMarshal.Cast<byte, double>(file.Data(tensor.Name)).ToArray()
                : [.. MemoryMarshal.Cast<byte, float>(file.Data(tensor.Name)).ToArray().Select(value => (double)value)];
            _byName.Add(tensor.Name, new Vector(tensor.Name, [.. tensor.Shape.ToArray().Select(size => (int)size)], values));
        }
    }

    /// <summary>The committed file's.</summary>
    public static Vectors Committed { get; } = new(Path.Combine(Folder, "vectors.safetensors"));

    /// <summary>Where the sources of the vectors are.</summary>
    public static string Folder => SourceFolder();

    public IReadOnlyDictionary<string, Vector> ByName => _byName;

    public static Vectors Read(string path) => new(path);

    /// <summary>A result of one case: "Case/result".</summary>
    public Vector this[string name] =>
        _byName.TryGetValue(name, out Vector? vector) ? vector : throw new KeyNotFoundException($"vectors.py writes no {name}");

    /// <summary>
    /// Fails where the shape is another or a value is further off than <paramref name="relative"/> of its row's largest magnitude; NaN must
    /// be NaN.
    /// </summary>
    public static void Same(Vector expected, ReadOnlySpan<int> shape, ReadOnlySpan<double> found, double relative)
    {
        Assert.True(
            shape.SequenceEqual(expected.Shape), $"{expected.Name}: expected the shape {Text(expected.Shape)}, found {Text(shape)}");
        int columns = expected.Shape.Length == 0 ? 1 : expected.Shape[^1];
        for (int row = 0; row < found.Length; row += columns)
        {
            double scale = 0;
            foreach (double value in expected.Values.AsSpan(row, columns))
                scale = double.IsNaN(value) ? scale : Math.Max(scale, Math.Abs(value));
            for (int i = row; i < row + columns; i++)
            {
                double wanted = expected.Values[i], error = Math.Abs(wanted - found[i]);
                if (error <= relative * scale || wanted == found[i] || (double.IsNaN(wanted) && double.IsNaN(found[i])))
                    continue;
                Assert.Fail(string.Create(CultureInfo.InvariantCulture,
                    $"{expected.Name} {Text(expected.Shape)}: row {row / columns}, column {i - row}: PyTorch has {wanted:R}, "
                    + $"found {found[i]:R}, off by {error / scale:0.0e0} of the row's largest; allowed {relative:0.0e0}"));
            }
        }
    }

    private static string Text(ReadOnlySpan<int> shape) => "[" + string.Join(", ", shape.ToArray()) + "]";

    private static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
