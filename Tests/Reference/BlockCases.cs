using Einsharp.Samples;

namespace Einsharp.Tests.Reference;

internal static class BlockCases
{
    private const float Epsilon = 1e-5f;

    public static readonly ParityCase[] All =
    [
        new("PreNormBlock", parity =>
        {
            var model = new PreNormBlock(
                new PreNormBlockSizes { d = 12, g = 3, k = 4, f = 20 }, new PreNormBlockSettings { Eps = Epsilon }, parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 12)));
        }),
        new("PostNormBlock", parity =>
        {
            var model = new PostNormBlock(
                new PostNormBlockSizes { d = 12, g = 3, k = 4, f = 20 }, new PostNormBlockSettings { Eps = Epsilon }, parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 12), null));
        }),
        new("DecoderBlock", parity =>
        {
            var model = new DecoderBlock(
                new DecoderBlockSizes { d = 12, g = 3, k = 4, f = 20 }, new DecoderBlockSettings { Eps = Epsilon }, parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            parity.Same(
                "y", model.Forward(parity.Draw("x", 2, 7, 12), parity.Draw("memory", 2, 5, 12), parity.Seen("keep", 0.6f, 2, 5)));
        }),
        new("Gpt2", parity =>
        {
            var model = new Gpt2(
                new Gpt2Sizes { v = 17, p = 8, d = 12, g = 3, k = 4, f = 20, layers = 2 }, new Gpt2Settings { LayerNormEpsilon = Epsilon },
                parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            Tensor<int> ids = parity.Ints("ids", 17, 2, 6);
            parity.Same("logits", model.Forward(ids, null));
            using KvCache cache = model.CreateCache(2, 8);
            parity.Same("logits", model.Forward(ids, cache));

            // Token by token: positions are those of the cache, not indices of a call.
            cache.Clear();
            Tensor? logits = null;
            for (int s = 0; s < 6; s++)
            {
                Tensor next = model.Forward(Tensor.From([ids.Span[s], ids.Span[6 + s]], 2, 1), cache);
                logits = logits is null ? Tensor.From(next.Span, next.Shape) : Parity.Joined(logits, next);
            }

            parity.Same("logits", logits!);
        }),
        new("LlamaBlock", parity =>
        {
            var model = new LlamaBlock(
                new LlamaBlockSizes { d = 12, g = 2, r = 3, k = 4, f = 20 },
                new LlamaBlockSettings { RmsNormEps = Epsilon, Rope = new Rope() }, parity.Device);
            parity.Set(model.AttentionNorm, "attention_norm", 0.5f, 1.5f);
            parity.Set(model.Query, "query");
            parity.Set(model.Key, "key");
            parity.Set(model.Value, "value");
            parity.Set(model.Output, "output");
            parity.Set(model.FeedForwardNorm, "feed_forward_norm", 0.5f, 1.5f);
            parity.Set(model.Gate, "gate");
            parity.Set(model.Up, "up");
            parity.Set(model.Down, "down");
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 12), null));
        }),
        new("BatchNormPerceptron", parity =>
        {
            var model = new BatchNormPerceptron(
                new BatchNormPerceptronSizes { d = 12, f = 20, c = 5 },
                new BatchNormPerceptronSettings { Eps = Epsilon, Momentum = 0.25f }, parity.Device);
            parity.Fill(model.Parameters);
            model.Mean.Set(new float[20]);
            model.Variance.Set([.. Enumerable.Repeat(1f, 20)]);
            parity.Same("y1", model.Train(parity.Draw("x1", 9, 12)));
            parity.Same("y2", model.Train(parity.Draw("x2", 6, 12)));
            parity.Same("y3", model.Infer(parity.Draw("x3", 4, 12)));
            parity.Same("mean", model.Mean);
            parity.Same("variance", model.Variance);
        }),
    ];
}
