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
        "'Turned' runs on the CPU only, since kernels for GPUs cannot compute it yet: values that are computed together are turned by "
        + "different settings",
        """
        // references Einsharp.Runtime.Ilgpu, ilgpu/1
        [Model]
        public sealed partial class Turned
        {
            [Param("h k d", Init.Linear)] public partial Param Left { get; }
            [Param("h k d", Init.Linear)] public partial Param Right { get; }
            [Setting("near")] public partial Rope Near { get; }
            [Setting("far")] public partial Rope Far { get; }

            [[|Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Left))|], Rotate("s", "k", nameof(Near)), As("left")]
            [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Right)), Rotate("s", "k", nameof(Far)), Multiply("left")]
            public partial Tensor Forward([Axes("b s d")] Tensor x);
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
