using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Einsharp.Tests.Program;
using Xunit.Abstractions;

namespace Einsharp.Tests.Cpu;

/// <summary>
/// The kernels' tests once more, in processes that use less than this processor has. Which path a kernel takes is settled when it is compiled to
/// machine code, so a process has but one.
/// </summary>
public class ProcessorTests(ITestOutputHelper output)
{
    /// <summary>What .NET is told not to use. Without AVX2 the blocks' sums are those of the loop with which the other paths are compared.</summary>
    public static TheoryData<string[], string> Without => new()
    {
        { ["AVXVNNI"], "" },
        { ["AVX512"], "" },
        { ["AVX512", "AVXVNNI"], "" },
        { ["AVX2"], nameof(BlockSweepTests) },
    };

    [Theory]
    [MemberData(nameof(Without))]
    public void KernelsPassTheirTestsWithLess(string[] features, string leftOut)
    {
        foreach (string feature in features)
        {
            bool isThere = feature switch { "AVX512" => Vector512.IsHardwareAccelerated, "AVXVNNI" => AvxVnni.IsSupported, _ => Avx2.IsSupported };
            if (isThere) continue;
            output.WriteLine($"not run without {string.Join(" and ", features)}: this processor has no {feature}");
            return;
        }

        Type[] tests =
        [
            typeof(ActivationTests), typeof(BlockSweepTests), typeof(CacheElementTests), typeof(ContractionParamTests), typeof(ContractionRowTests),
            typeof(ContractionTests), typeof(ElementwiseTests), typeof(KvCacheTests), typeof(OnlineSoftmaxTests), typeof(PackedRowsTests), typeof(SweepTests),
        ];
        string filter = string.Join('|', tests.Where(test => test.Name != leftOut).Select(test => $"FullyQualifiedName~{test.FullName}."));
        Outcome outcome = Outcome.OfDotnet(
            TimeSpan.FromMinutes(2), ["vstest", typeof(ProcessorTests).Assembly.Location, "--TestCaseFilter:" + filter],
            [.. features.Select(feature => ($"DOTNET_Enable{feature}", "0"))]);
        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Error);
        output.WriteLine(outcome.Output);
    }
}
