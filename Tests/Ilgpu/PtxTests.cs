using ILGPU;
using ILGPU.Double;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Einsharp.Tests.Ilgpu;

/// <summary>Sixteen bytes.</summary>
public struct Words
{
    public uint X, Y, Z, W;
}

/// <summary>Arguments of the kernels below.</summary>
public struct PtxArgs
{
    public long A, B;
    public ArrayView<float> C;
    public int Variant;
}

/// <summary>A product of one tile by tensor cores, and the same with mistakes.</summary>
public static class PtxKernels
{
    public const int Right = 0, TransposedB = 1, NoWait = 2, NoBarrier = 3, Misaligned = 4, Unknown = 5, OutOfBounds = 6, Alone = 7;

    /// <summary>C = A · Bᵀ: A is 16×16 and B 8×16 (or 16×8, transposed), bf16, row by row. One warp.</summary>
    public static void Multiply(SpecializedValue<TestSizes> sizes, PtxArgs args)
    {
        ArrayView<Words> tile = SharedMemory.Allocate<Words>(48);
        if (tile.Length == 0) return;
        int lane = Group.IdxX;
        Output<uint> start = default;
        CudaAsm.EmitRef("mov.u32 %0, __shared_alloca0;", ref start);
        Load(start.Value + 16u * (uint)lane, args.A + 16 * lane + (args.Variant == OutOfBounds ? 16 : 0), 16);
        // B's 16 rows of 16 bytes, and zeroes for the last ones.
        Load(start.Value + 512u + 16u * (uint)(lane % 16), args.B + 16 * (lane % 16), lane < 16 ? 16u : 0u, lane < 16);
        CudaAsm.Emit("cp.async.commit_group;");
        if (args.Variant != NoWait) CudaAsm.Emit("cp.async.wait_group 0;");
        if (args.Variant != NoBarrier) DoubleKernels.Wait();

        if (args.Variant == Unknown) CudaAsm.Emit("membar.gl;");
        Output<uint> r0 = default, r1 = default, r2 = default, r3 = default;
        // A's quarters: rows 0-7 and 8-15 of columns 0-7, then of columns 8-15. A row of A is two units.
        int row = lane % 8 + lane / 8 % 2 * 8, half = lane / 16;
        Input<uint> at = start.Value + 16u * (uint)(2 * row + half) + (args.Variant == Misaligned ? 4u : 0u);
        if (args.Variant == Alone && lane == 5) return;
        CudaAsm.EmitRef("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];", ref r0, ref r1, ref r2, ref r3, ref at);
        Input<uint> a0 = r0.Value, a1 = r1.Value, a2 = r2.Value, a3 = r3.Value;
        if (args.Variant == TransposedB)
        {
            at = start.Value + 512u + 16u * (uint)(lane % 16);
            CudaAsm.EmitRef("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];", ref r0, ref r1, ref r2, ref r3,
                ref at);
        }
        else
        {
            at = start.Value + 512u + 16u * (uint)(2 * (lane % 8) + lane / 8 % 2);
            CudaAsm.EmitRef("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];", ref r0, ref r1, ref r2, ref r3, ref at);
        }
        Input<uint> b0 = r0.Value, b1 = r1.Value;
        Ref<float> c0 = 1f, c1 = 1f, c2 = 1f, c3 = 1f;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};",
            ref c0, ref c1, ref c2, ref c3, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1);
        int g = lane / 4, q = lane % 4;
        args.C[g * 8 + 2 * q] = c0.Value;
        args.C[g * 8 + 2 * q + 1] = c1.Value;
        args.C[(g + 8) * 8 + 2 * q] = c2.Value;
        args.C[(g + 8) * 8 + 2 * q + 1] = c3.Value;
    }

    static void Load(uint to, long from, uint bytes, bool wanted = true)
    {
        if (!wanted) return;
        Input<uint> shared = to, count = bytes;
        Input<long> global = from;
        CudaAsm.EmitRef("cp.async.cg.shared.global [%0], [%1], 16, %2;", ref shared, ref global, ref count);
    }
}

/// <summary>The double's inline PTX: tensor cores agree with a plain product, and mistakes are found.</summary>
public class PtxTests
{
    [Theory]
    [InlineData(PtxKernels.Right, 0)]
    [InlineData(PtxKernels.Right, 1)]
    [InlineData(PtxKernels.TransposedB, 2)]
    public void A_tile_is_multiplied(int variant, ulong seed)
    {
        float[] a = [.. Enumerable.Range(0, 256).Select(i => (float)(i * 5 % 17 - 8))],
            b = [.. Enumerable.Range(0, 128).Select(i => (float)(i * 3 % 11 - 5))];
        var expected = new float[128];
        for (int m = 0; m < 16; m++)
            for (int n = 0; n < 8; n++)
            {
                expected[m * 8 + n] = 1;
                for (int k = 0; k < 16; k++) expected[m * 8 + n] += a[m * 16 + k] * (
                    variant == PtxKernels.TransposedB ? b[k * 8 + n] : b[n * 16 + k]);
            }
        Assert.Equal(expected, Run(a, b, variant, seed));
    }

    [Theory]
    [InlineData(PtxKernels.NoWait, "which nobody wrote")]
    [InlineData(PtxKernels.NoBarrier, "shared Words[48]")]
    [InlineData(PtxKernels.Misaligned, "is no multiple of 16")]
    [InlineData(PtxKernels.OutOfBounds, "uses an address that lies in no buffer")]
    [InlineData(PtxKernels.Alone, "diverged")]
    public void A_mistake_is_found(int variant, string says)
    {
        var fault = Assert.Throws<KernelFaultException>(() => Run(new float[256], new float[128], variant, 1));
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_instruction_is_shown() => Assert.Contains(
        "'membar.gl;'", Assert.Throws<NotSupportedException>(() => Run(new float[256], new float[128], PtxKernels.Unknown, 1)).Message,
            StringComparison.Ordinal);

    static float[] Run(float[] a, float[] b, int variant, ulong seed)
    {
        using IDisposable scope = DoubleOptions.Use(new() { Seed = seed, Devices = [DoubleDevice.Cuda] });
        using Context context = Context.Create(builder => builder.Cuda());
        using Accelerator accelerator = context.Devices[0].CreateAccelerator(context);
        using MemoryBuffer1D<Words, Stride1D.Dense> left = Upload(accelerator, a), right = Upload(accelerator, b);
        using var product = accelerator.Allocate1D<float>(128);
        var launch = accelerator.LoadKernel<Action<AcceleratorStream, KernelConfig, SpecializedValue<TestSizes>, PtxArgs>>(
            typeof(PtxKernels).GetMethod(nameof(PtxKernels.Multiply))!);
        var args = new PtxArgs
        {
            A = ((ArrayView<Words>)left.View).LoadEffectiveAddressAsPtr(), B = ((ArrayView<Words>)right.View).LoadEffectiveAddressAsPtr(),
            C = product.View, Variant = variant,
        };
        launch(accelerator.DefaultStream, (1, 32), default, args);
        accelerator.Synchronize();
        return ((ArrayView<float>)product.View).GetAsArray(accelerator.DefaultStream);
    }

    static MemoryBuffer1D<Words, Stride1D.Dense> Upload(Accelerator accelerator, float[] values)
    {
        uint[] pairs = [.. values.Chunk(2).Select(pair => Bits(pair[0]) | Bits(pair[1]) << 16)];
        Words[] words = [.. pairs.Chunk(4).Select(four => new Words { X = four[0], Y = four[1], Z = four[2], W = four[3] })];
        var buffer = accelerator.Allocate1D<Words>(words.Length);
        ((ArrayView<Words>)buffer.View).CopyFromCPU(words);
        return buffer;
    }

    static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value) >> 16;
}
