using Einsharp.Generation;

namespace Einsharp.Tests.Generation;

public class ContinuationTests
{
    private static readonly GenerationOptions Greedy = new() { Sampling = SamplerOptions.Greedy };

    // The token after x at position p.
    private static int Rule(int id, int position) => ((7 * id) + position + 1) % 50;

    [Theory]
    [InlineData(1, 512)]
    [InlineData(10, 512)]
    [InlineData(10, 4)]
    [InlineData(12, 4)]
    [InlineData(10, 1)]
    public void A_prompt_is_run_in_chunks_and_continued_by_the_rule(int length, int chunk)
    {
        var model = new FakeModel(50, Rule);
        using KvCache cache = model.CreateCache(1, 100);
        int[] prompt = [.. Enumerable.Range(0, length).Select(static i => i * 3 % 50)];
        var continuation = new Continuation(model, cache, prompt, Greedy with { PrefillChunk = chunk, MaxTokens = 5 });
        List<int> expected = [.. prompt];
        for (int i = 0; i < 5; i++)
            expected.Add(Rule(expected[^1], expected.Count - 1));

        List<int> generated = [];
        while (continuation.Next(out int token))
            generated.Add(token);
        Assert.Equal(expected.Skip(length), generated);
        Assert.Equal(expected, continuation.Tokens.ToArray());
        Assert.Equal(generated, continuation.Generated.ToArray());
        Assert.Equal(StopReason.MaxTokens, continuation.Stop);

        // Logits for the last position alone; the last token is not run.
        int chunks = (length + chunk - 1) / chunk;
        Assert.Equal(chunks + 4, model.Calls.Count);
        Assert.Equal(expected.SkipLast(1), model.Calls.SelectMany(static call => call.Ids));
        Assert.All(model.Calls.Take(chunks - 1), call => Assert.Equal((chunk, 0), (call.Ids.Length, call.Rows.Length)));
        Assert.Equal([((length - 1) % chunk)], model.Calls[chunks - 1].Rows);
        Assert.All(model.Calls.Skip(chunks), static call => Assert.Equal((1, 0), (call.Ids.Length, call.Rows.Single())));
        Assert.Equal(length + 4, cache.Lengths[0]);
    }

    [Fact]
    public void Any_of_the_end_tokens_stops_it()
    {
        var model = new FakeModel(50, static (id, _) => id + 1);
        using KvCache cache = model.CreateCache(1, 100);
        var continuation = new Continuation(model, cache, [1], Greedy with { EndOfText = [40, 5] });
        List<int> generated = [];
        int token;
        while (continuation.Next(out token))
            generated.Add(token);
        Assert.Equal([2, 3, 4], generated);
        Assert.Equal(5, token);
        Assert.Equal(StopReason.EndOfText, continuation.Stop);
        Assert.False(continuation.Next(out token));
        Assert.Equal(-1, token);
        Assert.Equal(4, cache.Lengths[0]);
    }

    [Fact]
    public void It_stops_when_the_cache_is_full()
    {
        var model = new FakeModel(50, Rule);
        using KvCache cache = model.CreateCache(1, 8);
        var continuation = new Continuation(model, cache, [1, 2, 3, 4, 5], Greedy);
        int count = 0;
        while (continuation.Next(out _))
            count++;
        // Three more positions, and the token after the last of them.
        Assert.Equal(4, count);
        Assert.Equal(StopReason.CacheFull, continuation.Stop);
        Assert.Equal(8, cache.Lengths[0]);
    }

    [Fact]
    public void A_prompt_that_does_not_fit_is_said_before_anything_is_run()
    {
        var model = new FakeModel(50, Rule);
        using KvCache cache = model.CreateCache(1, 4);
        var e = Assert.Throws<ArgumentException>(() => new Continuation(model, cache, [1, 2, 3, 4, 5], Greedy));
        Assert.StartsWith("The prompt has 5 tokens; the cache holds 4 positions.", e.Message, StringComparison.Ordinal);
        cache.Commit([2]);
        e = Assert.Throws<ArgumentException>(() => new Continuation(model, cache, [1, 2, 3], Greedy));
        const string taken = "The prompt has 3 tokens; the cache holds 4 positions, 2 of which are taken.";
        Assert.StartsWith(taken, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Throws<ArgumentException>(() => new Continuation(model, cache, [], Greedy));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Continuation(model, cache, [50], Greedy));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Continuation(model, cache, [-1], Greedy));
        using KvCache two = model.CreateCache(2, 4);
        Assert.Throws<ArgumentException>(() => new Continuation(model, two, [1], Greedy));
        Assert.Empty(model.Calls);
    }

    [Fact]
    public void A_cancelled_prefill_leaves_the_cache_as_it_was_and_can_be_done_again()
    {
        var model = new FakeModel(50, Rule);
        using KvCache cache = model.CreateCache(1, 100);
        cache.Commit([7]);
        using var cancellation = new CancellationTokenSource();
        model.Before = call => { if (call == 2) cancellation.Cancel(); };
        var continuation = new Continuation(model, cache, new int[20], Greedy with { PrefillChunk = 4 });
        Assert.Throws<OperationCanceledException>(() => continuation.Prefill(cancellation.Token));
        Assert.Equal(3, model.Calls.Count);
        Assert.Equal(7, cache.Lengths[0]);

        Assert.True(continuation.Next(out int token));
        Assert.Equal(Rule(0, 26), token);
        Assert.Equal(27, cache.Lengths[0]);
    }

    [Fact]
    public void A_failed_prefill_leaves_the_cache_as_it_was()
    {
        var model = new FakeModel(50, Rule) { Before = static call => { if (call == 3) throw new InvalidOperationException("lost"); } };
        using KvCache cache = model.CreateCache(1, 100);
        cache.Commit([7]);
        var continuation = new Continuation(model, cache, new int[20], Greedy with { PrefillChunk = 4 });
        Assert.Throws<InvalidOperationException>(() => continuation.Next(out _));
        Assert.Equal(7, cache.Lengths[0]);
    }

    [Fact]
    public void A_cancellation_between_tokens_changes_nothing()
    {
        var model = new FakeModel(50, Rule);
        using KvCache cache = model.CreateCache(1, 100);
        var continuation = new Continuation(model, cache, [1, 2], Greedy);
        Assert.True(continuation.Next(out int first));
        Assert.Throws<OperationCanceledException>(() => continuation.Next(out _, new CancellationToken(canceled: true)));
        Assert.Equal(2, cache.Lengths[0]);
        Assert.True(continuation.Next(out int second));
        Assert.Equal(Rule(first, 2), second);
    }

    [Fact]
    public void Prefill_apart_changes_nothing()
    {
        var model = new FakeModel(50, Rule);
        using KvCache cache = model.CreateCache(1, 100);
        var continuation = new Continuation(model, cache, [1, 2, 3], Greedy);
        continuation.Prefill();
        continuation.Prefill();
        Assert.Single(model.Calls);
        Assert.True(continuation.Next(out int token));
        Assert.Equal(Rule(3, 2), token);
        continuation.Prefill();
        Assert.Single(model.Calls);
    }

    [Fact]
    public void Nothing_at_all_is_run_for_no_tokens()
    {
        var model = new FakeModel(50, Rule);
        using KvCache cache = model.CreateCache(1, 100);
        var continuation = new Continuation(model, cache, [1], Greedy with { MaxTokens = 0 });
        Assert.False(continuation.Next(out _));
        Assert.Equal(StopReason.MaxTokens, continuation.Stop);
        Assert.Empty(model.Calls);
    }

    [Fact]
    public void Logits_that_are_not_finite_are_said_with_their_position()
    {
        var model = new FakeModel(50, Rule) { Peak = float.NaN };
        using KvCache cache = model.CreateCache(1, 100);
        var continuation = new Continuation(model, cache, [1, 2, 3], Greedy);
        var e = Assert.Throws<InvalidDataException>(() => continuation.Next(out _));
        Assert.StartsWith("the logits of position 2 are not finite: token ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_repetition_penalty_is_for_the_prompt_and_what_was_generated()
    {
        // Nearly flat: 9 is likeliest and all others are equal, so what was there being banned, the rest comes in order of ids.
        var model = new FakeModel(10, static (_, _) => 9) { Background = 5 };
        using KvCache cache = model.CreateCache(1, 100);
        var sampling = new SamplerOptions { Temperature = 0, RepetitionPenalty = 1e9f };
        var continuation = new Continuation(model, cache, [4], new GenerationOptions { Sampling = sampling, MaxTokens = 6 });
        while (continuation.Next(out _))
        {
        }
        Assert.Equal([9, 0, 1, 2, 3, 5], continuation.Generated.ToArray());
    }

    [Fact]
    public void A_token_allocates_nothing()
    {
        var model = new FakeModel(50, Rule) { Records = false };
        using KvCache cache = model.CreateCache(1, 2_000);
        var continuation = new Continuation(model, cache, [1, 2, 3], new GenerationOptions
        {
            Sampling = new SamplerOptions { TopK = 5, TopP = 0.9f, RepetitionPenalty = 1.1f },
        });
        for (int i = 0; i < 10; i++)
            Assert.True(continuation.Next(out _));
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool more = true;
        for (int i = 0; i < 1_000; i++)
            more &= continuation.Next(out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(more);
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new GenerationOptions { MaxTokens = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GenerationOptions { PrefillChunk = 0 });
    }
}
