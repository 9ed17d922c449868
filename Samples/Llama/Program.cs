using System.Globalization;
using Einsharp;
using Einsharp.Samples;
using Einsharp.Weights;
var config = LlamaConfig.Read(Path.Combine(args[0], "config.json"));
var sizes = new LlamaSizes { v = config.VocabularySize, d = config.ModelSize, g = config.KeyValueHeads, r = config.Heads / config.KeyValueHeads, k = config.HeadSize, f = config.FeedForwardSize, layers = config.Layers };
var model = new Llama(sizes, new LlamaSettings { RmsNormEps = config.Epsilon, Rope = config.Rope });
Checkpoint.Open(args[0]).Load(model.Parameters);
int[] ids = [.. args[1].Split(',').Select(int.Parse)];
KvCache cache = model.CreateCache(1, ids.Length);
Tensor logits = model.Forward(Tensor.From(ids, 1, ids.Length), Tensor.From([.. Enumerable.Range(0, ids.Length)], 1, ids.Length), cache);
for (int i = 0; i < ids.Length; i++)
    Console.WriteLine(string.Join(' ', logits.Span.Slice(i * sizes.v, sizes.v).ToArray().Select(x => x.ToString("G9", CultureInfo.InvariantCulture))));
