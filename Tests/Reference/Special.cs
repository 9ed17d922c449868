namespace Einsharp.Tests.Reference;

/// <summary>Functions of one number in float64, by their definitions.</summary>
internal static class Special
{
    public static double Sigmoid(double x) => x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x));

    public static double Swish(double x, double beta) => x * Sigmoid(beta * x);

    public static double Gelu(double x) => x * 0.5 * Erfc(-x / Math.Sqrt(2));

    public static double GeluTanh(double x) => x * Sigmoid(2 * Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));

    public static double Relu(double x) => Math.Max(x, 0);

    public static double SoftCap(double x, double cap) => cap * Math.Tanh(x / cap);

    /// <summary>The complementary error function: by its Taylor series near 0, by Laplace's continued fraction beyond.</summary>
    public static double Erfc(double x)
    {
        if (x < 0)
            return 2 - Erfc(-x);
        if (x < 2)
        {
            double term = x, sum = x;
            for (int n = 1; Math.Abs(term) > 1e-18; n++)
            {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }

            return 1 - 2 / Math.Sqrt(Math.PI) * sum;
        }

        double fraction = x;
        for (int n = 400; n > 0; n--)
            fraction = x + n / 2.0 / fraction;
        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / fraction;
    }
}
