namespace Einsharp.Tests.Reference;

internal static class AttentionCases
{
    public static readonly ParityCase[] All =
    [
        new("GroupedFull", parity =>
        {
            var model = new GroupedFull(new GroupedFullSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("GroupedCausal", parity =>
        {
            var model = new GroupedCausal(new GroupedCausalSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            Tensor x = parity.Draw("x", 2, 7, 10);
            parity.Same("y", model.Forward(x, null));
            parity.Same("y", InTwo(x, 4, model.CreateCache(2, 7), model.Forward));
            var renamed = new GroupedRenamed(new GroupedRenamedSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(renamed.Parameters);
            parity.Same("y", renamed.Forward(x));
        }),
        new("GroupedCausalLong", parity =>
        {
            var model = new GroupedCausal(new GroupedCausalSizes { g = 1, r = 2, k = 4, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 1, 150, 10), null));
        }),
        new("GroupedFullLong", parity =>
        {
            var model = new GroupedFull(new GroupedFullSizes { g = 1, r = 2, k = 4, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 1, 150, 10), null));
        }),
        new("MultiQueryCausal", parity =>
        {
            var model = new GroupedCausal(new GroupedCausalSizes { g = 1, r = 4, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("OtherValueSize", parity =>
        {
            var model = new OtherValueSize(new OtherValueSizeSizes { g = 2, r = 3, k = 8, d = 10, w = 5 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("OtherScale", parity =>
        {
            var model = new OtherScale(new OtherScaleSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("SlidingWindow", parity =>
        {
            var model = new SlidingWindow(new SlidingWindowSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            Tensor x = parity.Draw("x", 2, 11, 10);
            parity.Same("y", model.Forward(x, null));
            parity.Same("y", InTwo(x, 6, model.CreateCache(2, 11), model.Forward));
            var setting = new SlidingWindowSetting(
                new SlidingWindowSettingSizes { g = 2, r = 3, k = 8, d = 10 },
                new SlidingWindowSettingSettings { Window = 4 }, parity.Device);
            parity.Fill(setting.Parameters);
            parity.Same("y", setting.Forward(x, null));
        }),
        new("SlidingWindowLong", parity =>
        {
            var model = new SlidingWindowSetting(
                new SlidingWindowSettingSizes { g = 1, r = 2, k = 4, d = 10 },
                new SlidingWindowSettingSettings { Window = 70 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 1, 150, 10), null));
        }),
        new("WindowOfOne", parity =>
        {
            var model = new SlidingWindowSetting(
                new SlidingWindowSettingSizes { g = 2, r = 3, k = 8, d = 10 },
                new SlidingWindowSettingSettings { Window = 1 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("LocalWindow", parity =>
        {
            var model = new LocalWindow(new LocalWindowSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 11, 10), null));
        }),
        new("MaskOfSequences", parity =>
        {
            var model = new MaskOfSequences(new MaskOfSequencesSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), parity.Seen("seen", 0.5f, 2, 7, 7), null));
        }),
        new("MaskOfHeads", parity =>
        {
            var model = new MaskOfHeads(new MaskOfHeadsSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), parity.Seen("seen", 0.5f, 2, 3, 7, 7), null));
        }),
        new("MaskAndCausal", parity =>
        {
            var model = new MaskAndCausal(new MaskAndCausalSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), parity.Seen("seen", 0.5f, 7, 7), null));
        }),
        new("KeyPaddingAndCausal", parity =>
        {
            var model = new KeyPaddingAndCausal(new KeyPaddingAndCausalSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), parity.Seen("keep", 0.6f, 2, 7), null));
        }),
        new("NothingSeen", parity =>
        {
            var model = new MaskOfSequences(new MaskOfSequencesSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            Tensor<bool> seen = parity.Seen("seen", 0.5f, 2, 7, 7);
            seen.Span.Slice(3 * 7, 7).Clear();
            seen.Span.Slice(7 * 7, 7).Clear();
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), seen, null));
        }),
        new("SoftCapCausal", parity =>
        {
            var model = new SoftCapCausal(new SoftCapCausalSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters, query: 4);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("SoftCapWindowAsGemma", parity =>
        {
            var model = new SoftCapWindowAsGemma(
                new SoftCapWindowAsGemmaSizes { g = 2, r = 3, k = 8, d = 10 },
                new SoftCapWindowAsGemmaSettings { AttnLogitSoftcapping = 3 }, parity.Device);
            parity.Fill(model.Parameters, query: 4);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 11, 10), null));
        }),
        new("AlibiCausal", parity =>
        {
            var model = new AlibiCausal(new AlibiCausalSizes { g = 4, r = 2, k = 4, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("AlibiOfSixHeads", parity =>
        {
            var model = new AlibiCausal(new AlibiCausalSizes { g = 2, r = 3, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("AlibiOfThreeHeads", parity =>
        {
            var model = new AlibiCausal(new AlibiCausalSizes { g = 3, r = 1, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("AlibiFull", parity =>
        {
            var model = new AlibiFull(new AlibiFullSizes { g = 2, r = 2, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("AlibiWindow", parity =>
        {
            var model = new AlibiWindow(new AlibiWindowSizes { g = 2, r = 2, k = 8, d = 10 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 11, 10), null));
        }),
        new("QkNorm", parity =>
        {
            var model = new QkNorm(
                new QkNormSizes { g = 2, r = 3, k = 8, d = 10 }, new QkNormSettings { Eps = 1e-5f, Rope = new Rope() }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 10), null));
        }),
        new("RotaryCausal", parity =>
        {
            foreach (RopeLayout layout in Enum.GetValues<RopeLayout>())
            {
                var settings = new RotaryCausalSettings { Rope = new Rope(layout: layout) };
                var model = new RotaryCausal(new RotaryCausalSizes { g = 2, r = 3, k = 8, d = 10 }, settings, parity.Device);
                parity.Fill(model.Parameters);
                parity.Same(layout == RopeLayout.Halves ? "halves" : "neighbours", model.Forward(parity.Draw("x", 2, 7, 10), null));
            }
        }),
    ];

    // The same sequences with a cache, some positions in a first call and the others in a second.
    private static Tensor InTwo(Tensor x, int first, KvCache cache, Func<Tensor, KvCache?, Tensor> forward)
    {
        using (cache)
        {
            Tensor begin = forward(Parity.Positions(x, 0, first), cache);
            begin = Tensor.From(begin.Span, begin.Shape); // a result is valid until the next call with the same cache
            return Parity.Joined(begin, forward(Parity.Positions(x, first, x.Shape[1] - first), cache));
        }
    }
}
