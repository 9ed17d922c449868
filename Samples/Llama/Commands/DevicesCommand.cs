using System.CommandLine;

namespace Einsharp.Samples.Commands;

/// <summary>Lists what a model can run on.</summary>
internal sealed class DevicesCommand : Command
{
    public DevicesCommand()
        : base("devices", "Lists the devices that --device takes.")
        => SetAction(_ => Program.Guard(_ =>
        {
            foreach (string line in Devices.List())
                Console.WriteLine(line);
            return 0;
        }));
}
