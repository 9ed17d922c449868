using System.CommandLine;
using System.Runtime.InteropServices;
using Einsharp.Samples.Commands;

namespace Einsharp.Samples;

/// <summary>The command line: a Llama, with nothing but .NET.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        var root = new RootCommand("Runs a Llama declared in C# attributes and compiled by Einsharp. "
            + "Without a command: a scene by the small model that comes with it.")
        {
            new GenerateCommand(), new LogitsCommand(), new BenchCommand(), new InspectCommand(), new ConvertCommand(),
            new DevicesCommand(),
        };
        root.SetAction(_ => Guard(StoryCommand.Run));
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            string message = string.Join(' ', parsed.Errors[0].Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            Console.Error.WriteLine("error: " + message);
            return 1;
        }

        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>
    /// Whatever goes wrong is one line on standard error and exit code 1. Ctrl+C cancels, exit code 130; a second one ends the program.
    /// </summary>
    internal static int Guard(Func<CancellationToken, int> run)
    {
        using var interrupted = new CancellationTokenSource();
        using var registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = !interrupted.IsCancellationRequested;
            interrupted.Cancel();
        });
        try
        {
            return run(interrupted.Token);
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception error)
        {
            // An argument's name means something to a programmer only.
            string message = error.Message.ReplaceLineEndings(" ");
            int parameter = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
            Console.Error.WriteLine("error: " + (parameter < 0 ? message : message[..parameter]));
            return 1;
        }
    }
}
