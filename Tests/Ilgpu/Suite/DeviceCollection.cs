using Xunit.Abstractions;

namespace Einsharp.Tests.Ilgpu;

/// <summary>The tests on devices: one after another, as they share the devices.</summary>
[CollectionDefinition(nameof(DeviceCollection))]
public sealed class DeviceCollection;

/// <summary>Which devices the suite runs on.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class PresentDeviceTests(ITestOutputHelper output)
{
    [Fact]
    public void The_suite_says_what_it_runs_on()
    {
        foreach (string line in TestDevices.Describe())
        {
            output.WriteLine(line);
            Console.Error.WriteLine("devices under test: " + line);
        }

        Assert.NotEmpty(TestDevices.All);
    }
}
