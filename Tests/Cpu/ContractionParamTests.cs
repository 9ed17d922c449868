using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

public class ContractionParamTests
{
    private static Param Stored(double[] values, WeightFormat format)
    {
        var param = new Param("W", "w", "i j", [1, values.Length], Initializer.Zeros);
        param.Allocate(format);
        param.Set([.. values.Select(value => (float)value)]);
        return param;
    }

    private static double[] Read(Param param)
    {
        var values = new float[param.Count];
        param.CopyTo(values);
        return [.. values.Select(value => (double)value)];
    }

    private static float[] Floats(double[] values) => [.. values.Select(value => (float)value)];

    private static void AssertNear(ContractionCase x, double[] a, double[] b, Action<float[]> call)
    {
        var c = new float[x.LengthC];
        Array.Fill(c, (float)ContractionCase.Untouched);
        call(c);
        (double[] sums, double[] sizes) = x.Expected(a, b);
        double tolerance = x.Tolerance<float>();
        for (int i = 0; i < c.Length; i++) Assert.InRange(c[i], sums[i] - tolerance * sizes[i], sums[i] + tolerance * sizes[i]);
    }

    [Theory]
    [InlineData(WeightFormat.F32)]
    [InlineData(WeightFormat.BF16)]
    [InlineData(WeightFormat.F16)]
    public void ParametersAreWidened(WeightFormat format)
    {
        using var device = new CpuDevice(2);
        var random = new Random(3);
        for (int i = 0; i < 12; i++)
        {
            ContractionCase x = ContractionCase.Draw(random, [2], [i % 3 == 0 ? 3 : 37], [41], [i % 2 == 0 ? 19 : 333]);
            Param a = Stored(x.A, format), b = Stored(x.B, format);
            double[] ra = Read(a), rb = Read(b);
            AssertNear(x, ra, x.B, c => Contraction.MatrixMatrix(device, a, Floats(x.B), c, x.Batch, x.M, x.N, x.K));
            AssertNear(x, x.A, rb, c => Contraction.MatrixMatrix(device, Floats(x.A), b, c, x.Batch, x.M, x.N, x.K));
            AssertNear(x, ra, rb, c => Contraction.MatrixMatrix(device, a, b, c, x.Batch, x.M, x.N, x.K));

            x = ContractionCase.Draw(random, [3], [37], [], [97]);
            a = Stored(x.A, format);
            b = Stored(x.B, format);
            ra = Read(a);
            rb = Read(b);
            AssertNear(x, ra, x.B, c => Contraction.MatrixVector(device, a, Floats(x.B), c, x.Batch, x.M, x.K));
            AssertNear(x, x.A, rb, c => Contraction.MatrixVector(device, Floats(x.A), b, c, x.Batch, x.M, x.K));
            AssertNear(x, ra, rb, c => Contraction.MatrixVector(device, a, b, c, x.Batch, x.M, x.K));

            x = ContractionCase.Draw(random, [5], [], [], [197]);
            a = Stored(x.A, format);
            ra = Read(a);
            AssertNear(x, ra, x.B, c => Contraction.Dot(device, a, Floats(x.B), c, x.Batch, x.K));

            x = ContractionCase.Draw(random, [5], [7], [39], []);
            a = Stored(x.A, format);
            ra = Read(a);
            AssertNear(x, ra, x.B, c => Contraction.Outer(device, a, Floats(x.B), c, x.Batch, x.M, x.N));

            x = ContractionCase.Draw(random, [5, 40], [], [], [7, 3], hasB: false);
            a = Stored(x.A, format);
            ra = Read(a);
            AssertNear(x, ra, [], c => Contraction.Sum(device, a, c, x.Batch, x.K));
        }
    }
}
