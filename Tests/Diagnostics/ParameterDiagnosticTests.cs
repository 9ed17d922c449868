namespace Einsharp.Tests.Diagnostics;

/// <summary>EIN03xx: parameters.</summary>
public class ParameterDiagnosticTests
{
    [Fact]
    public Task EIN0301_Init_Linear_needs_an_einsum() => Failing.Reports(
        "EIN0301",
        "'Gain' is initialised by Init.Linear, whose variance is read off the einsum that uses it, and no Einsum does; "
        + "choose a rule for what reads it, such as Init.Ones for a gain or Init.Embedding for a table",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("d", [|Init.Linear|])] public partial Param Gain { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [RmsNorm("b d, d -> b d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0302_Two_einsums_give_a_parameter_two_variances() => Failing.Reports(
        "EIN0302",
        "This einsum contracts 'f' of 'Weight', and an earlier one contracts 'd', so Init.Linear has no one fan-in; "
        + "state the rule: Init.TruncatedNormal with Deviation",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), As("h")]
            [Einsum("b f, f d -> b d", "h", [|nameof(Weight)|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0303_An_initialisation_rule_has_the_wrong_numbers() => Failing.Reports(
        "EIN0303",
        "Init.Normal of 'Weight' has no Deviation; add Deviation = 0.02, for example",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", [|Init.Normal|])] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0304_A_parameter_cannot_stand_in_for_another() => Failing.Reports(
        "EIN0304",
        "'Table' cannot stand in for 'Head': its axes are 'v d' and not 'd v'; share memory between equal layouts only",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("v d", Init.Embedding)] public partial Param Table { get; }
            [Param("d v", Init.Linear, Or = [|nameof(Table)|])] public partial Param Head { get; }

            [Gather("b s, v d -> b s d", nameof(ids), nameof(Table)), As("h")]
            [Einsum("b s d, d v -> b s v", "h", nameof(Head))]
            public partial Tensor Forward([Axes("b s")] Tensor<int> ids);
        }
        """);

    [Fact]
    public Task EIN0305_No_equation_reads_a_parameter() => Failing.Reports(
        "EIN0305",
        "No equation reads 'Bias'; use it or remove it, since it would be allocated, loaded and never read",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Param("f", Init.Zeros)] public partial Param [|Bias|] { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0306_A_checkpoint_name_is_not_one_tensor_s() => Failing.Reports(
        "EIN0306",
        "From = \"proj.weight\" of 'Bias' is the tensor of 'Weight' too; tie the two by Or = nameof(Weight)",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear, From = "proj.weight")] public partial Param Weight { get; }
            [Param("f", Init.Zeros, From = [|"proj.weight"|])] public partial Param Bias { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), Add(nameof(Bias))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);
}
