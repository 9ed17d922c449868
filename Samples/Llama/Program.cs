using System.CommandLine;
using System.CommandLine.Parsing;
using Einsharp.Samples.Commands;

namespace Einsharp.Samples;

/// <summary>The command line: a Llama on the CPU, with nothing but .NET.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        var root = new RootCommand("Runs a Llama declared in C# attributes and compiled by Einsharp. Without a command: a scene by the small model that comes with it.")
        {
            new GenerateCommand(), new LogitsCommand(), new BenchCommand(), new InspectCommand(),
        };
        root.SetAction((_, cancellation) => Guard(() => StoryCommand.Run(cancellation)));
        return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    /// <summary>Whatever goes wrong is one line on standard error and exit code 1; an interruption by the user is 130.</summary>
    /// <remarks>On a thread of its own, because Ctrl+C is heard only while the action has not returned.</remarks>
    internal static Task<int> Guard(Func<int> run) => Task.Run(() =>
    {
        try
        {
            return run();
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
    });
}
