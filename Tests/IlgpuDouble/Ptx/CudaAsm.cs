using ILGPU.Double;

namespace ILGPU.Runtime.Cuda;

/// <summary>An operand of <see cref="CudaAsm.EmitRef{T0}"/>.</summary>
public interface ICudaAsmEmitParameter;

/// <summary>An operand that is read.</summary>
public struct Input<T> : ICudaAsmEmitParameter where T : struct
{
    /// <summary>The value.</summary>
    public T Value;

    /// <summary>Wraps a value.</summary>
    public static implicit operator Input<T>(T v) => new() { Value = v };
}

/// <summary>An operand that is written.</summary>
public struct Output<T> : ICudaAsmEmitParameter where T : struct
{
    /// <summary>The value.</summary>
    public T Value;
}

/// <summary>An operand that is read and written.</summary>
public struct Ref<T> : ICudaAsmEmitParameter where T : struct
{
    /// <summary>The value.</summary>
    public T Value;

    /// <summary>Wraps a value.</summary>
    public static implicit operator Ref<T>(T v) => new() { Value = v };
}

/// <summary>
/// Inline PTX, of which the double knows the instructions that our kernels use (<see cref="PtxInstruction"/>). Any other is a
/// <see cref="NotSupportedException"/>.
/// </summary>
public static unsafe class CudaAsm
{
    /// <summary>An instruction without operands.</summary>
    [SuspensionPoint(nameof(BeginEmit))]
    public static void Emit(string asm) => throw Faults.OutsideKernel("CudaAsm.Emit");

    /// <summary>An instruction with one operand.</summary>
    [SuspensionPoint(nameof(BeginEmitRef), nameof(EndEmitRef))]
    public static void EmitRef<T0>(string asm, ref T0 arg0) where T0 : struct, ICudaAsmEmitParameter =>
        throw Faults.OutsideKernel("CudaAsm.EmitRef");

    /// <summary>An instruction with three operands.</summary>
    [SuspensionPoint(nameof(BeginEmitRef), nameof(EndEmitRef))]
    public static void EmitRef<T0, T1, T2>(string asm, ref T0 arg0, ref T1 arg1, ref T2 arg2)
        where T0 : struct, ICudaAsmEmitParameter
        where T1 : struct, ICudaAsmEmitParameter
        where T2 : struct, ICudaAsmEmitParameter => throw Faults.OutsideKernel("CudaAsm.EmitRef");

    /// <summary>An instruction with five operands.</summary>
    [SuspensionPoint(nameof(BeginEmitRef), nameof(EndEmitRef))]
    public static void EmitRef<T0, T1, T2, T3, T4>(string asm, ref T0 arg0, ref T1 arg1, ref T2 arg2, ref T3 arg3, ref T4 arg4)
        where T0 : struct, ICudaAsmEmitParameter
        where T1 : struct, ICudaAsmEmitParameter
        where T2 : struct, ICudaAsmEmitParameter
        where T3 : struct, ICudaAsmEmitParameter
        where T4 : struct, ICudaAsmEmitParameter => throw Faults.OutsideKernel("CudaAsm.EmitRef");

    /// <summary>An instruction with ten operands.</summary>
    [SuspensionPoint(nameof(BeginEmitRef), nameof(EndEmitRef))]
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        string asm, ref T0 arg0, ref T1 arg1, ref T2 arg2, ref T3 arg3, ref T4 arg4, ref T5 arg5, ref T6 arg6, ref T7 arg7, ref T8 arg8,
            ref T9 arg9)
        where T0 : struct, ICudaAsmEmitParameter
        where T1 : struct, ICudaAsmEmitParameter
        where T2 : struct, ICudaAsmEmitParameter
        where T3 : struct, ICudaAsmEmitParameter
        where T4 : struct, ICudaAsmEmitParameter
        where T5 : struct, ICudaAsmEmitParameter
        where T6 : struct, ICudaAsmEmitParameter
        where T7 : struct, ICudaAsmEmitParameter
        where T8 : struct, ICudaAsmEmitParameter
        where T9 : struct, ICudaAsmEmitParameter => throw Faults.OutsideKernel("CudaAsm.EmitRef");

    internal static bool BeginEmit(string asm) => PtxInstruction.Begin(asm, []);

    internal static bool BeginEmitRef<T0>(string asm, ref T0 arg0) where T0 : struct =>
        PtxInstruction.Begin(asm, [PtxOperand.Of(ref arg0)]);

    internal static bool BeginEmitRef<T0, T1, T2>(string asm, ref T0 arg0, ref T1 arg1, ref T2 arg2) where T0 : struct where T1 : struct
        where T2 : struct =>
        PtxInstruction.Begin(asm, [PtxOperand.Of(ref arg0), PtxOperand.Of(ref arg1), PtxOperand.Of(ref arg2)]);

    internal static bool BeginEmitRef<T0, T1, T2, T3, T4>(string asm, ref T0 arg0, ref T1 arg1, ref T2 arg2, ref T3 arg3, ref T4 arg4)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct => PtxInstruction.Begin(
            asm, [PtxOperand.Of(ref arg0), PtxOperand.Of(ref arg1), PtxOperand.Of(ref arg2), PtxOperand.Of(ref arg3),
                PtxOperand.Of(ref arg4)]);

    internal static bool BeginEmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        string asm, ref T0 arg0, ref T1 arg1, ref T2 arg2, ref T3 arg3, ref T4 arg4, ref T5 arg5, ref T6 arg6, ref T7 arg7, ref T8 arg8,
            ref T9 arg9)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct
        where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct => PtxInstruction.Begin(
            asm,
            [
                PtxOperand.Of(ref arg0), PtxOperand.Of(ref arg1), PtxOperand.Of(ref arg2), PtxOperand.Of(ref arg3), PtxOperand.Of(ref arg4),
                PtxOperand.Of(ref arg5), PtxOperand.Of(ref arg6), PtxOperand.Of(ref arg7), PtxOperand.Of(ref arg8), PtxOperand.Of(ref arg9),
            ]);

    internal static void EndEmitRef() => PtxInstruction.End();
}
