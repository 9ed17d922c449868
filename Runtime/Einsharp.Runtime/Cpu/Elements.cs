using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>Elements of an operand, through a stride and widened, as runs.</summary>
internal static unsafe class Elements<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T At(in ContractionOperand operand, nint index)
    {
        if (operand.Format == ElementFormat.Plain) return ((T*)operand.Data)[index];
        float value = StoredElements.At(operand, index);
        return *(T*)&value;
    }

    /// <summary>A run of elements: where it is, or as a copy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T* Run(in ContractionOperand operand, nint first, nint stride, int count, T* copy)
    {
        if (operand.Format == ElementFormat.Plain && stride == 1) return (T*)operand.Data + first;
        Gather(operand, first, stride, count, copy);
        return copy;
    }

    public static void Gather(in ContractionOperand operand, nint first, nint stride, int count, T* to)
    {
        if (operand.Format != ElementFormat.Plain)
        {
            if (stride == 1) StoredElements.Widen(operand, first, (float*)to, count);
            else for (int i = 0; i < count; i++) ((float*)to)[i] = StoredElements.At(operand, first + i * stride);
            return;
        }
        T* from = (T*)operand.Data + first;
        if (stride == 1) Unsafe.CopyBlockUnaligned(to, from, (uint)count * (uint)sizeof(T));
        else GatherStrided(from, stride, count, to);
    }

    public static void Scatter(T* from, T* to, nint stride, int count)
    {
        for (int i = 0; i < count; i++) to[i * stride] = from[i];
    }

    [MethodImpl(Kernels.ByItself)]
    private static void GatherStrided(T* from, nint stride, int count, T* to)
    {
        int i = 0;
        for (; i + 4 <= count; i += 4, from += 4 * stride)
        {
            to[i] = *from;
            to[i + 1] = from[stride];
            to[i + 2] = from[2 * stride];
            to[i + 3] = from[3 * stride];
        }
        for (; i < count; i++, from += stride) to[i] = *from;
    }
}

/// <summary>Elements of a parameter, as floats.</summary>
internal static unsafe class StoredElements
{
    public static float At(in ContractionOperand operand, nint index) => operand.Format switch
    {
        ElementFormat.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)operand.Data)[index] << 16),
        ElementFormat.F16 => (float)((Half*)operand.Data)[index],
        _ => ((float*)operand.Data)[index],
    };

    public static void Widen(in ContractionOperand operand, nint first, float* to, int count)
    {
        WeightFormat format = operand.Format == ElementFormat.BF16 ? WeightFormat.BF16 : WeightFormat.F16;
        WeightConversion.Widen(format, operand.Data + first * sizeof(ushort), new Span<float>(to, count));
    }
}
