using System.CommandLine;
using System.Globalization;

namespace Einsharp.Samples.Commands;

/// <summary>Prints every logit of every position, for comparing with references.</summary>
internal sealed class LogitsCommand : Command
{
    private readonly Option<string> _model = Flags.Model(required: true);
    private readonly Option<int[]> _ids = new("--ids")
    {
        Description = "Token ids.",
        HelpName = "1,2,3",
        Required = true,
        CustomParser = result => ParseIds(result),
    };

    private readonly Option<string> _device = Flags.Device();
    private readonly Option<int?> _threads = Flags.Threads();
    private readonly Option<string?> _format = Flags.Format();

    public LogitsCommand()
        : base("logits", "Prints one line a position: all logits, to nine digits.")
    {
        foreach (Option option in (Option[])[_model, _ids, _device, _threads, _format])
            Add(option);
        SetAction(result => Program.Guard(_ => Run(result)));
    }

    private static int[] ParseIds(System.CommandLine.Parsing.ArgumentResult result)
    {
        var ids = new List<int>();
        foreach (string text in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                ids.Add(id);
            else
                result.AddError($"--ids has '{text}', which is no token id; give numbers like 1,2,3.");
        }

        return [.. ids];
    }

    private int Run(ParseResult result)
    {
        string directory = result.GetValue(_model)!;
        int[] ids = result.GetValue(_ids)!;
        LlamaConfig config = LlamaConfig.Read(directory);
        if (ids.Length > config.Positions)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{ids.Length} ids were given; the model's context is {config.Positions}."));
        }

        Device device = Flags.Open(result.GetValue(_device)!, result.GetValue(_threads));
        Llama model = Llama.Load(directory, config, Flags.Parse(result.GetValue(_format)), device);
        using KvCache cache = model.CreateCache(1, ids.Length);
        using var output = new StreamWriter(Console.OpenStandardOutput());
        foreach (int[] chunk in ids.Chunk(256))
        {
            Tensor logits = model.Forward(
                Tensor.From(chunk, 1, chunk.Length), Tensor.From([.. Enumerable.Range(0, chunk.Length)], 1, chunk.Length), cache);
            for (int position = 0; position < chunk.Length; position++)
                Write(output, logits.Span.Slice(position * model.VocabularySize, model.VocabularySize));
        }

        return 0;
    }

    private static void Write(StreamWriter output, ReadOnlySpan<float> row)
    {
        for (int i = 0; i < row.Length; i++)
        {
            output.Write(i == 0 ? "" : " ");
            output.Write(row[i].ToString("G9", CultureInfo.InvariantCulture));
        }

        output.WriteLine();
    }
}
