using System.CommandLine;
using System.Globalization;
using Einsharp.Weights;
using Spectre.Console;

namespace Einsharp.Samples.Commands;

/// <summary>Shows what a checkpoint holds beside what the declaration asks for.</summary>
internal sealed class InspectCommand : Command
{
    private readonly Option<string> _model = Flags.Model(required: true);

    public InspectCommand()
        : base(
            "inspect", "Shows the tensors, their layouts and sizes, and what is missing or extra. Exit code 1 if the model does not fit.")
    {
        Add(_model);
        SetAction(result => Program.Guard(_ => Run(result.GetValue(_model)!)));
    }

    private static int Run(string directory)
    {
        LlamaConfig config = LlamaConfig.Read(directory);
        using Checkpoint checkpoint = Checkpoint.Open(directory);
        Llama model = Llama.Create(config);
        var options = new LoadOptions { Tied = config.IsTied };

        var table = new Table().Border(TableBorder.Simple).AddColumns("tensor", "axes", "sizes", "stored", "bytes");
        table.Columns[4].RightAligned();
        foreach (Param param in model.Parameters)
        {
            StoredTensor? tensor = checkpoint.Find(param.CheckpointName);
            string name = tensor is null || tensor.StoredName == tensor.Name ? "" : $" {tensor.StoredName}";
            string stored = tensor is not null ? $"{tensor.TypeName} [{string.Join(", ", tensor.Shape.ToArray())}]{name}"
                : param.Or is not null && config.IsTied ? $"shares {param.Or.CheckpointName}" : "missing";
            string bytes = tensor?.Bytes.ToString("N0", CultureInfo.InvariantCulture) ?? "";
            string shape = string.Join("·", param.Shape.ToArray());
            table.AddRow(Markup.Escape(param.CheckpointName), param.Axes, shape, Markup.Escape(stored), bytes);
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = 200;
        if (GgufFile.Is(directory)) WriteMetadata(directory);
        console.Write(table);
        long count = model.Parameters.Where(param => param.Or is null || checkpoint.Find(param.CheckpointName) is not null)
            .Sum(param => param.Count);
        Console.WriteLine(config);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count:N0} parameters, {checkpoint.Bytes:N0} bytes in {Path.GetFileName(checkpoint.Path)}"));
        CheckpointDifference difference = checkpoint.Compare(model.Parameters, options);
        Console.WriteLine(difference.IsEmpty ? "nothing is missing, nothing is extra" : difference.ToString());
        return difference.IsEmpty ? 0 : 1;
    }

    private static void WriteMetadata(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        foreach ((string key, GgufValue value) in file.Metadata)
            Console.WriteLine($"{key} = {value}");
    }
}
