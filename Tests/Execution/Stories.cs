using System.Globalization;
using System.Text.Json;
using Einsharp.Generation;
using Einsharp.Samples;

namespace Einsharp.Tests.Execution;

/// <summary>The public model of 260,000 parameters, and what others computed with it.</summary>
internal static class Stories
{
    /// <summary>Loads the model.</summary>
    public static Llama Load(string folder, Device device) => Llama.Load(folder, LlamaConfig.Read(folder), null, device);

    /// <summary>The prompt and what greedy choice goes on with.</summary>
    public static int[] Greedy(Llama model, KvCache cache, int[] prompt, int tokens, int prefillChunk)
    {
        var options = new GenerationOptions { Sampling = SamplerOptions.Greedy, MaxTokens = tokens, PrefillChunk = prefillChunk };
        var continuation = new Continuation(model, cache, prompt, options);
        while (continuation.Next(out _))
        {
        }

        return continuation.Tokens.ToArray();
    }

    /// <summary>
    /// Ids of a prompt, and the logits of each position by numpy in float64. A block of the file: a line <c>pos P token T</c>, then 512
    /// numbers on several lines.
    /// </summary>
    public static (int[] Ids, double[][] Logits) References(string folder)
    {
        var ids = new List<int>();
        var logits = new List<List<double>>();
        foreach (string line in File.ReadLines(Path.Combine(folder, "reference/once_logits_numpy_f64.txt")))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is ["pos", _, "token", var token])
            {
                ids.Add(int.Parse(token, CultureInfo.InvariantCulture));
                logits.Add([]);
            }
            else
            {
                logits[^1].AddRange(words.Select(word => double.Parse(word, CultureInfo.InvariantCulture)));
            }
        }

        Assert.Equal(12, ids.Count);
        Assert.All(logits, row => Assert.Equal(512, row.Count));
        return ([.. ids], [.. logits.Select(row => row.ToArray())]);
    }

    /// <summary>A prompt, and it with the greedy tokens after it.</summary>
    public static (int[] Prompt, int[] All) GreedyReference(string folder)
    {
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "reference/once_greedy_tokens.json")));
        int[] Ids(string name) => [.. reference.RootElement.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
        return (Ids("prompt_ids"), Ids("ids"));
    }
}
