using System.CommandLine;
using System.Globalization;
using Einsharp.Text;
using Einsharp.Weights;
using Spectre.Console;

namespace Einsharp.Samples.Commands;

/// <summary>Writes a model with its weights in another format: a folder that --model takes.</summary>
internal sealed class ConvertCommand : Command
{
    /// <summary>The files of a Hugging Face folder that say what the weights do not; the first two must be there.</summary>
    private static readonly string[] Companions =
        ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json"];

    private readonly Option<string> _model = Flags.Model(required: true);
    private readonly Option<string?> _format = Flags.Format();
    private readonly Option<string> _out = new("--out")
    {
        Description = "The folder to write; it must not be there yet.", HelpName = "DIR", Required = true,
    };

    public ConvertCommand()
        : base("convert", "Writes a model with its weights in another format, as a folder that --model takes.")
    {
        _format.Required = true;
        _format.Description = "The format of the weights; rows that are no whole blocks of it become q8_0 or f16, norms f32.";
        foreach (Option option in (Option[])[_model, _format, _out])
            Add(option);
        SetAction(result => Program.Guard(cancellation => Run(
            result.GetValue(_model)!, Flags.Parse(result.GetValue(_format))!.Value, result.GetValue(_out)!, cancellation)));
    }

    private static int Run(string source, WeightFormat format, string target, CancellationToken cancellation)
    {
        target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        if (Path.Exists(target))
            throw new InvalidDataException($"{target} is there already, and nothing is written over.");
        LlamaConfig config = LlamaConfig.Read(source);
        using Checkpoint checkpoint = Checkpoint.Open(source);

        // All is written under another name, beside: a folder of the right name is a whole one.
        string part = $"{target}.{Guid.NewGuid():N}.part";
        IReadOnlyList<ConvertedTensor> tensors;
        Directory.CreateDirectory(part);
        try
        {
            WriteCompanions(source, config, part);
            var options = new LoadOptions { Format = format, Tied = config.IsTied };
            tensors = checkpoint.Convert(Llama.Create(config).Parameters, Path.Combine(part, "model.safetensors"), options, cancellation);
            Directory.Move(part, target);
        }
        catch
        {
            Directory.Delete(part, recursive: true);
            throw;
        }

        Report(tensors, target);
        return 0;
    }

    private static void WriteCompanions(string source, LlamaConfig config, string part)
    {
        if (GgufFile.Is(source))
        {
            File.WriteAllText(Path.Combine(part, "config.json"), config.ToJson());
            File.WriteAllBytes(Path.Combine(part, "tokenizer.json"), Tokenizer.ReadJson(source));
            return;
        }

        string folder = Directory.Exists(source) ? source : Path.GetDirectoryName(Path.GetFullPath(source))!;
        foreach ((int number, string name) in Companions.Index())
        {
            if (number < 2 || File.Exists(Path.Combine(folder, name)))
                File.Copy(Path.Combine(folder, name), Path.Combine(part, name));
        }
    }

    private static void Report(IReadOnlyList<ConvertedTensor> tensors, string target)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("tensor", "from", "to", "bytes", "ratio");
        table.Columns[3].RightAligned();
        table.Columns[4].RightAligned();
        static string Number(long bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture);
        static string Ratio(long from, long to) => (to / (double)Math.Max(from, 1)).ToString("P1", CultureInfo.InvariantCulture);
        foreach (ConvertedTensor tensor in tensors)
        {
            table.AddRow(
                Markup.Escape(tensor.From.Name), Markup.Escape(tensor.From.TypeName), tensor.Format.ToString(), Number(tensor.Bytes),
                Ratio(tensor.From.Bytes, tensor.Bytes));
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = 200;
        console.Write(table);
        foreach (IGrouping<WeightFormat, ConvertedTensor> group in tensors.GroupBy(tensor => tensor.Format).OrderBy(group => group.Key))
            Console.WriteLine($"{group.Key}: {group.Count()} tensors, {Number(group.Sum(tensor => tensor.Bytes))} bytes");
        long before = tensors.Sum(tensor => tensor.From.Bytes), after = tensors.Sum(tensor => tensor.Bytes);
        Console.WriteLine($"{target}: {tensors.Count} tensors, {Number(after)} bytes, {Ratio(before, after)} of {Number(before)}");
    }
}
