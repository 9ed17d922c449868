using System.Runtime.CompilerServices;

namespace Einsharp.Tests.Weights;

public sealed unsafe class ParamTests
{
    private static Param Query(Param? or = null) =>
        new("Query", "model.layers.0.self_attn.q_proj.weight", "g r k d", [4, 2, 8, 3], Initializer.Linear(3, 64)) { Or = or };

    private static Param Gain() => new("Norm", "model.norm.weight", "d", [5], Initializer.Ones);

    [Fact]
    public void Without_values_every_access_says_so()
    {
        Param query = Query();
        const string Message = "Query (model.layers.0.self_attn.q_proj.weight) has no values: call Initialise or Load first";
        Assert.False(query.IsLoaded);
        Assert.Equal(Message, Assert.Throws<InvalidOperationException>(() => query.Format).Message);
        Assert.Equal(Message, Assert.Throws<InvalidOperationException>(() => query.Bytes).Message);
        Assert.Equal(Message, Assert.Throws<InvalidOperationException>(() => (nint)query.Data).Message);
        Assert.Equal(Message, Assert.Throws<InvalidOperationException>(() => query.CopyTo(new float[192])).Message);
        Assert.Equal(Message, Assert.Throws<InvalidOperationException>(() => query.CopyRow(0, 3, new float[3])).Message);
        Assert.Throws<InvalidOperationException>(() => Gain().Floats.Length);
    }

    [Theory]
    [InlineData(WeightFormat.F32, 768)]
    [InlineData(WeightFormat.BF16, 384)]
    [InlineData(WeightFormat.F16, 384)]
    public void Values_are_stored_in_the_format_and_read_as_floats(WeightFormat format, long bytes)
    {
        Param query = Query();
        query.Allocate(format);
        Assert.True(query.IsLoaded);
        Assert.Equal(format, query.Format);
        Assert.Equal(bytes, query.Bytes);
        Assert.Equal(0, (nint)query.Data % 64);
        var values = new float[192];
        query.CopyTo(values);
        Assert.All(values, v => Assert.Equal(0, v));

        // Quarters up to 48 are exact in all three.
        for (int i = 0; i < values.Length; i++) values[i] = i * 0.25f;
        query.Set(values);
        var read = new float[192];
        query.CopyTo(read);
        Assert.Equal(values, read);
        var row = new float[4];
        query.CopyRow(63, 3, row);
        Assert.Equal([189 * 0.25f, 190 * 0.25f, 191 * 0.25f, 0], row);
        Assert.Throws<ArgumentOutOfRangeException>(() => query.CopyRow(64, 3, row));
        Assert.Throws<ArgumentOutOfRangeException>(() => query.CopyRow(-1, 3, row));
        Assert.ThrowsAny<ArgumentException>(() => query.CopyRow(0, 5, row));
        Assert.Throws<ArgumentException>(() => query.Set(new float[191]));
        Assert.Throws<ArgumentException>(() => query.CopyTo(new float[193]));
    }

    [Fact]
    public void Rank_one_is_always_F32()
    {
        Param gain = Gain();
        gain.Initialise(1, WeightFormat.BF16);
        Assert.Equal(WeightFormat.F32, gain.Format);
        Assert.Equal([1, 1, 1, 1, 1], gain.Floats.ToArray());
        Param query = Query();
        query.Allocate(WeightFormat.F32);
        Assert.Throws<InvalidOperationException>(() => query.Floats.Length);
    }

    [Fact]
    public void Sharing_is_the_same_memory_also_after_the_other_is_loaded_anew()
    {
        Param embedding = Query(), head = Query(or: embedding);
        head.ShareWith(embedding);
        Assert.True(head.IsShared);
        Assert.False(head.IsLoaded);
        embedding.Allocate(WeightFormat.BF16);
        Assert.True(head.IsLoaded);
        Assert.True(head.Data == embedding.Data);
        embedding.Allocate(WeightFormat.F32);
        Assert.True(head.Data == embedding.Data);
        Assert.Equal(WeightFormat.F32, head.Format);

        var values = new float[192];
        values[5] = 7;
        head.Set(values);
        var read = new float[192];
        embedding.CopyTo(read);
        Assert.Equal(values, read);

        Assert.Throws<ArgumentException>(() => embedding.ShareWith(head));
        Assert.Throws<ArgumentException>(() => head.ShareWith(Gain()));
        head.Initialise(1);
        Assert.False(head.IsShared);
        Assert.True(head.Data != embedding.Data);
    }

    [Fact]
    public void Bound_memory_is_kept_alive_and_never_written()
    {
        Param query = Query();
        WeakReference owner = Bind(query);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(owner.IsAlive);
        float* bound = (float*)query.Data;
        query.Set(new float[192]);
        Assert.True(bound != query.Data);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.False(owner.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Bind(Param query)
        {
            float[] memory = GC.AllocateArray<float>(192, pinned: true);
            memory.AsSpan().Fill(3);
            fixed (float* data = memory) query.Bind((byte*)data, WeightFormat.F32, memory);
            var read = new float[192];
            query.CopyTo(read);
            Assert.Equal(memory, read);
            return new WeakReference(memory);
        }
    }

    [Fact]
    public void Binding_refuses_what_kernels_could_not_read()
    {
        Assert.Throws<ArgumentException>(() => Query().Bind((byte*)0x1002, WeightFormat.F32, ""));
        Assert.Throws<ArgumentException>(() => Query().Bind((byte*)0x1001, WeightFormat.F16, ""));
        Assert.Throws<ArgumentException>(() => Gain().Bind((byte*)0x1000, WeightFormat.BF16, ""));
    }

    [Fact]
    public void Declarations_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Param("A", "a", "x y", [1], Initializer.Zeros));
        Assert.Throws<ArgumentException>(() => new Param("A", "a", "x", [-1], Initializer.Zeros));
        Assert.Throws<OverflowException>(() => new Param("A", "a", "x y z", [1 << 30, 1 << 30, 1 << 30], Initializer.Zeros));
        Assert.Equal(1, new Param("A", "a", "", [], Initializer.Zeros).Count);
    }
}
