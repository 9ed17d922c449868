using Einsharp.Weights;

namespace Einsharp.Samples;

/// <summary>What the declaration leaves to say: which size of a Hugging Face configuration is which axis.</summary>
public sealed partial class Llama : ILanguageModel
{
    /// <inheritdoc/>
    public int VocabularySize => Sizes.v;

    /// <summary>Makes a model of a configuration's sizes; its parameters have no values yet.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="device">Where it runs.</param>
    public static Llama Create(LlamaConfig config, Device? device = null)
    {
        var sizes = new LlamaSizes
        {
            v = config.VocabularySize,
            d = config.ModelSize,
            g = config.KeyValueHeads,
            r = config.HeadsPerGroup,
            k = config.HeadSize,
            f = config.FeedForwardSize,
            layers = config.Layers,
        };
        return new Llama(sizes, new LlamaSettings { RmsNormEps = config.Epsilon, Rope = config.Rope }, device);
    }

    /// <summary>Loads a Hugging Face folder, config.json and model.safetensors or its shards; or a GGUF file.</summary>
    /// <param name="directory">The folder or the file.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="format">How weights are kept in memory; null as they are stored.</param>
    /// <param name="device">Where it runs.</param>
    public static Llama Load(string directory, LlamaConfig config, WeightFormat? format = null, Device? device = null)
    {
        Llama model = Create(config, device);
        using Checkpoint checkpoint = Checkpoint.Open(directory);
        checkpoint.Load(model.Parameters, new LoadOptions { Format = format, Tied = config.IsTied });
        return model;
    }

    /// <summary>Bytes of weights that a decoded token reads: all but the rows of the embedding that are not looked up.</summary>
    public long WeightBytesPerToken => Parameters.Where(param => param != Embedding).Sum(param => param.Bytes);
}
