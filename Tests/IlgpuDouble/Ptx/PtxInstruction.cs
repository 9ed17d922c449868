using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ILGPU.Runtime.Cuda;

namespace ILGPU.Double;

/// <summary>One operand of inline PTX: where it lies (frames do not move) and how it may be used.</summary>
internal readonly unsafe struct PtxOperand(void* address, Type type)
{
    public static PtxOperand Of<T>(ref T operand) where T : struct => new(Unsafe.AsPointer(ref operand), typeof(T));

    public uint ReadWord => *(uint*)Checked(typeof(Input<>), typeof(Ref<>), 4);

    public long ReadLong => *(long*)Checked(typeof(Input<>), typeof(Ref<>), 8);

    public nint WrittenWord => (nint)Checked(typeof(Output<>), typeof(Ref<>), 4);

    void* Checked(Type one, Type other, int size)
    {
        Type kind = type.GetGenericTypeDefinition(), value = type.GetGenericArguments()[0];
        int bytes = value == typeof(long) || value == typeof(ulong) ? 8 : 4;
        if ((kind != one && kind != other) || bytes != size)
            throw Faults.Fault($"gives a {kind.Name[..^2]}<{value.Name}> to inline PTX as an operand of {size} bytes that is "
                + (one == typeof(Input<>) ? "read" : "written"));
        return address;
    }
}

/// <summary>
/// An instruction as its text says: a mnemonic, and operands in brackets and braces, of which the numbers count. Layouts of fragments are
/// those of the PTX ISA (Warp-level matrix instructions, for .m16n8k16 and ldmatrix).
/// </summary>
internal sealed partial class PtxInstruction
{
    static readonly ConcurrentDictionary<string, PtxInstruction> Known = new();

    readonly string asm;
    readonly string mnemonic;
    readonly int[] numbers;

    PtxInstruction(string asm)
    {
        this.asm = asm;
        Match match = Shape().Match(asm);
        mnemonic = match.Groups["name"].Value;
        numbers = [.. Numbers().Matches(match.Groups["operands"].Value)
            .Select(m => int.Parse(m.ValueSpan[1..], CultureInfo.InvariantCulture))];
        string form = Numbers().Replace(match.Groups["operands"].Value, "%").Replace(" ", "", StringComparison.Ordinal);
        if (!match.Success || !Forms.TryGetValue(mnemonic, out string? expected) || !Regex.IsMatch(form, $"^{expected}$"))
            throw new NotSupportedException($"The double does not know the PTX instruction '{asm}'");
    }

    /// <summary>The operands of each instruction that is known, without numbers and spaces.</summary>
    static Dictionary<string, string> Forms { get; } = new()
    {
        ["mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"] = @"\{%,%,%,%\},\{%,%,%,%\},\{%,%\},\{%,%,%,%\}",
        ["ldmatrix.sync.aligned.m8n8.x4.shared.b16"] = @"\{%,%,%,%\},\[%\]",
        ["ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16"] = @"\{%,%,%,%\},\[%\]",
        ["cp.async.cg.shared.global"] = @"\[%\],\[%\],16(,%)?",
        ["cp.async.commit_group"] = "",
        ["cp.async.wait_group"] = @"\d+",
        ["mov.u32"] = @"%,__shared_alloca\d+",
    };

    /// <summary>Executes an instruction, or joins the warp for it (true).</summary>
    public static bool Begin(string asm, ReadOnlySpan<PtxOperand> operands)
    {
        Lane lane = Lane.Running;
        if (lane.Group.Launch.WarpSize != Warp.Size) throw Faults.Fault("runs inline PTX on a device that is not CUDA");
        lane.Outputs.Clear();
        return Known.GetOrAdd(asm, static text => new(text)).Execute(lane, operands);
    }

    /// <summary>Hands out the results: the lane's first operands, in order.</summary>
    public static unsafe void End()
    {
        Lane lane = Lane.Running;
        for (int i = 0; i < lane.Outputs.Count; i++) *(uint*)lane.Outputs[i] = lane.Operands[i];
    }

    bool Execute(Lane lane, ReadOnlySpan<PtxOperand> operands)
    {
        if (numbers.Length > 0 && numbers.Max() >= operands.Length || numbers.Distinct().Count() != operands.Length)
            throw Faults.Fault($"gives {operands.Length} operands to '{asm}'");
        switch (mnemonic.Split('.')[0])
        {
            case "mma": return Multiply(lane, operands);
            case "ldmatrix": return LoadMatrices(lane, operands);
            case "mov":
                int allocation = int.Parse(asm.AsSpan(asm.LastIndexOf('a') + 1).TrimEnd(";").TrimEnd(), CultureInfo.InvariantCulture);
                lane.Operands[0] = lane.Group.Shared.Address(lane, allocation);
                lane.Outputs.Add(operands[numbers[0]].WrittenWord);
                return false;
            case "cp" when mnemonic == "cp.async.commit_group":
                lane.Copies.Commit();
                return false;
            case "cp" when mnemonic == "cp.async.wait_group":
                lane.Copies.Wait(lane, int.Parse(Numeral().Match(asm).ValueSpan, CultureInfo.InvariantCulture));
                return false;
            default:
                uint bytes = numbers.Length > 2 ? operands[numbers[2]].ReadWord : 16;
                lane.Copies.Begin(lane, operands[numbers[0]].ReadWord, operands[numbers[1]].ReadLong, bytes);
                return false;
        }
    }

    /// <summary>Operands for the warp: a0 to a3, b0, b1, c0 to c3.</summary>
    bool Multiply(Lane lane, ReadOnlySpan<PtxOperand> operands)
    {
        Span<uint> words = stackalloc uint[10];
        for (int i = 0; i < 10; i++) words[i] = operands[numbers[4 + i]].ReadWord;
        for (int i = 0; i < 4; i++) lane.Outputs.Add(operands[numbers[i]].WrittenWord);
        return lane.Join(MatrixMultiply.Instance, words);
    }

    /// <summary>Each lane reads one row of 16 bytes; the rows are then dealt out.</summary>
    unsafe bool LoadMatrices(Lane lane, ReadOnlySpan<PtxOperand> operands)
    {
        Span<uint> row = stackalloc uint[4];
        (Cells cells, long offset) = lane.Group.Shared.At(lane, operands[numbers[4]].ReadWord, 16, mnemonic);
        new ReadOnlySpan<uint>(cells.Touch(offset, 16), 4).CopyTo(row);
        for (int i = 0; i < 4; i++) lane.Outputs.Add(operands[numbers[i]].WrittenWord);
        return lane.Join(mnemonic.Contains(".trans", StringComparison.Ordinal) ? MatrixLoad.Transposed : MatrixLoad.Plain, row);
    }

    [GeneratedRegex(@"^\s*(?<name>[a-z0-9_.]+)\s*(?<operands>[^;]*);\s*$")]
    private static partial Regex Shape();

    [GeneratedRegex(@"%\d+")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numeral();
}

/// <summary>
/// C (16×8, f32) += A (16×16, bf16) · B (16×8, bf16). Products are exact; the sum is rounded once, which a device does not promise.
/// </summary>
internal sealed class MatrixMultiply() : Collective("mma.sync")
{
    public static MatrixMultiply Instance { get; } = new();

    public override void Run(ReadOnlySpan<Lane> warp)
    {
        var a = new float[16, 16];
        var b = new float[16, 8];
        for (int lane = 0; lane < warp.Length; lane++)
        {
            uint[] words = warp[lane].Operands;
            int g = lane / 4, q = lane % 4;
            for (int i = 0; i < 4; i++)
            {
                int row = g + i % 2 * 8, column = 2 * q + i / 2 * 8;
                a[row, column] = Low(words[i]);
                a[row, column + 1] = High(words[i]);
            }
            for (int i = 0; i < 2; i++)
            {
                b[2 * q + 8 * i, g] = Low(words[4 + i]);
                b[2 * q + 8 * i + 1, g] = High(words[4 + i]);
            }
        }
        for (int lane = 0; lane < warp.Length; lane++)
        {
            uint[] words = warp[lane].Operands;
            for (int i = 0; i < 4; i++)
            {
                int row = lane / 4 + i / 2 * 8, column = 2 * (lane % 4) + i % 2;
                double sum = BitConverter.UInt32BitsToSingle(words[6 + i]);
                for (int k = 0; k < 16; k++) sum += (double)a[row, k] * b[k, column];
                words[i] = BitConverter.SingleToUInt32Bits((float)sum);
            }
        }
    }

    static float Low(uint word) => BitConverter.UInt32BitsToSingle(word << 16);

    static float High(uint word) => BitConverter.UInt32BitsToSingle(word & 0xFFFF0000);
}

/// <summary>Four 8×8 matrices of 16 bits: lane l brought row l % 8 of matrix l / 8, and gets two neighbours of each matrix.</summary>
internal sealed class MatrixLoad(bool transposed) : Collective("ldmatrix.sync")
{
    public static MatrixLoad Plain { get; } = new(false);

    public static MatrixLoad Transposed { get; } = new(true);

    public override void Run(ReadOnlySpan<Lane> warp)
    {
        var rows = new uint[warp.Length][];
        for (int lane = 0; lane < warp.Length; lane++) rows[lane] = warp[lane].Operands[..4];
        for (int lane = 0; lane < warp.Length; lane++)
            for (int matrix = 0; matrix < 4; matrix++)
            {
                int g = lane / 4, q = lane % 4, first = 8 * matrix;
                warp[lane].Operands[matrix] = transposed
                    ? Half(rows[first + 2 * q], g) | Half(rows[first + 2 * q + 1], g) << 16
                    : rows[first + g][q];
            }
    }

    static uint Half(uint[] row, int column) => row[column / 2] >> (column % 2 * 16) & 0xFFFF;
}
