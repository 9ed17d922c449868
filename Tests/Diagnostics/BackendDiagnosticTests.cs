namespace Einsharp.Tests.Diagnostics;

/// <summary>EIN04xx: what the kernels can compute.</summary>
public class BackendDiagnosticTests
{
    [Fact]
    public Task EIN0401_No_kernel_computes_this_yet() => Failing.Reports(
        "EIN0401",
        "No kernel computes Einsum(\"b d, f d -> b f\")(x, Weight) yet: more than one float tensor parameter is not "
        + "supported yet",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [[|Einsum("b d, f d -> b f", nameof(x), nameof(Weight))|], Multiply(nameof(y))]
            public partial Tensor Forward([Axes("b d")] Tensor x, [Axes("b f")] Tensor y);
        }
        """);
}
