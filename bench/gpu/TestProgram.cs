using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Einsharp.Tests;

/// <summary>
/// The entry of a test project that is published self-contained and run where there is no SDK: the tests by xunit's own framework, and no
/// runner. <c>dotnet test</c> does not come here.
/// <code>
/// PROGRAM [--filter TEXT]… [--serial]
/// </code>
/// A filter takes the tests whose full name has TEXT in it. The last line is as of <c>dotnet test</c>; the exit code is 1 if a test failed
/// or none ran.
/// </summary>
internal static class TestProgram
{
    private static int Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var filters = new List<string>();
        bool isSerial = false;
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--serial")
            {
                isSerial = true;
            }
            else if (args[i] == "--filter" && i + 1 < args.Length)
            {
                filters.Add(args[++i]);
            }
            else
            {
                Console.Error.WriteLine($"error: '{args[i]}' is no option; there are --filter TEXT and --serial.");
                return 2;
            }
        }

        Assembly assembly = typeof(TestProgram).Assembly;
        var options = new Options { DisableParallelization = isSerial };
        using var framework = new XunitTestFramework(new Discovery());
        using var found = new Discovery();
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        discoverer.Find(false, found, options);
        found.Done.WaitOne();
        List<ITestCase> cases = filters.Count == 0
            ? found.Cases
            : [.. found.Cases.Where(one => filters.Exists(text => one.DisplayName.Contains(text, StringComparison.OrdinalIgnoreCase)))];

        using var results = new Results();
        using ITestFrameworkExecutor executor = framework.GetExecutor(assembly.GetName());
        long start = Stopwatch.GetTimestamp();
        executor.RunTests(cases, results, options);
        results.Done.WaitOne();
        string verdict = results.Failed == 0 && results.Total > 0 ? "Passed!" : "Failed!";
        Console.WriteLine(
            $"{verdict}  - Failed: {results.Failed}, Passed: {results.Passed}, Skipped: {results.Skipped}, Total: {results.Total}, "
            + $"Duration: {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s - {assembly.GetName().Name}");
        return results.Failed == 0 && results.Total > 0 ? 0 : 1;
    }

    /// <summary>Collects the tests there are; what the framework has to say besides goes to standard error.</summary>
    private sealed class Discovery : LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        public List<ITestCase> Cases { get; } = [];

        public ManualResetEvent Done { get; } = new(false);

        public void Dispose() => Done.Dispose();

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestCaseDiscoveryMessage one)
                Cases.Add(one.TestCase);
            else if (message is IDiscoveryCompleteMessage)
                Done.Set();
            else if (message is IDiagnosticMessage diagnostic)
                Console.Error.WriteLine(diagnostic.Message);
            return true;
        }
    }

    /// <summary>Counts results and prints a line for each, in case the rest is cut off. One message comes at a time.</summary>
    private sealed class Results : LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        public ManualResetEvent Done { get; } = new(false);

        public int Failed { get; private set; }

        public int Skipped { get; private set; }

        public int Total { get; private set; }

        public int Passed => Total - Failed - Skipped;

        public void Dispose() => Done.Dispose();

        public bool OnMessage(IMessageSinkMessage message)
        {
            switch (message)
            {
                case ITestAssemblyFinished:
                    Done.Set();
                    break;
                case ITestFailed failed:
                    Total++;
                    Fail(failed.Test.DisplayName, failed);
                    break;
                case ITestSkipped skipped:
                    Total++;
                    Skipped++;
                    Console.WriteLine($"skipped {skipped.Test.DisplayName}: {skipped.Reason}");
                    break;
                case ITestResultMessage passed:
                    Total++;
                    Console.WriteLine($"passed  {passed.Test.DisplayName} ({passed.ExecutionTime:F1} s)");
                    break;

                // What breaks outside a test: an error of the framework, or of a fixture or Dispose.
                case IFailureInformation broken:
                    Total++;
                    Fail(message.GetType().Name, broken);
                    break;
            }

            return true;
        }

        private void Fail(string name, IFailureInformation failure)
        {
            Failed++;
            Console.WriteLine($"FAILED  {name}");
            for (int i = 0; i < failure.Messages.Length; i++)
                Console.WriteLine($"{failure.ExceptionTypes[i]}: {failure.Messages[i]}\n{failure.StackTraces[i]}");
        }
    }

    /// <summary>The framework's options: all as by default but one.</summary>
    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

        public bool DisableParallelization
        {
            init => _values["xunit.execution.DisableParallelization"] = value;
        }

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out object? value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
