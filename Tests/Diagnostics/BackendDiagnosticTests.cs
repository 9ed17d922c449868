namespace Einsharp.Tests.Diagnostics;

/// <summary>EIN04xx: what the kernels can compute.</summary>
public class BackendDiagnosticTests
{
    [Fact]
    public Task EIN0401_No_kernel_computes_this_yet() => Failing.Reports(
        "EIN0401",
        "No kernel computes n = RmsNorm(\"b d, d -> b d\")(x, gain, Epsilon) yet: a gain or a bias is a [Param]",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [[|RmsNorm("b d, d -> b d", nameof(x), nameof(gain), Epsilon = nameof(Epsilon))|], As("n")]
            [Einsum("b d, f d -> b f", "n", nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x, [Axes("d")] Tensor gain);
        }
        """);

    [Fact]
    public Task EIN0402_No_GPU_kernel_computes_this_yet() => Failing.Reports(
        "EIN0402",
        "'Gated' runs on the CPU only, since kernels for GPUs cannot compute it yet: 'weights' has a Softmax over features, "
        + "which needs the whole row, but is not kept in memory",
        """
        // references Einsharp.Runtime.Ilgpu, ilgpu/1
        [Model]
        public sealed partial class Gated
        {
            [Param("e d", Init.Linear)] public partial Param Router { get; }
            [Param("e d", Init.Linear)] public partial Param Values { get; }

            [[|Einsum("b d, e d -> b e", nameof(x), nameof(Router))|], Softmax("e"), As("weights")]
            [Einsum("b d, e d -> b e", nameof(x), nameof(Values)), Multiply("weights")]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0403_The_GPU_library_is_of_another_version() => Failing.Reports(
        "EIN0403",
        "The generator writes kernels for Einsharp.Runtime.Ilgpu 'ilgpu/1', but the one that is referenced is 'ilgpu/0': "
        + "use the generator and the library of one release",
        """
        // references Einsharp.Runtime.Ilgpu, ilgpu/0
        [Model]
        public sealed partial class [|Layer|]
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);
}
